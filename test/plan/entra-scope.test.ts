import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { isMicrosoftAudience, scopeProblem } from '../../src/plan/entra-scope.ts';
import { aPlan, problemsOf } from '../support/a-plan.ts';

const TARGET = 'https://mcp.example.com/mcp';

const AUDIENCES = [
  // The same services in the public cloud, US Government, China, the former German cloud and the secret clouds.
  ...['https://vault.azure.net', 'https://vault.usgovcloudapi.net', 'https://vault.azure.cn'],
  ...['https://vault.microsoftazure.de', 'https://managedhsm.azure.net', 'https://mine.vault.azure.net'],
  ...['https://storage.azure.com', 'https://mine.blob.core.windows.net', 'https://mine.blob.core.chinacloudapi.cn'],
  ...['https://management.azure.com', 'https://management.core.windows.net', 'https://management.usgovcloudapi.net'],
  ...[
    'https://management.chinacloudapi.cn',
    'https://management.core.cloudapi.de',
    'https://management.microsoft.scloud',
  ],
  ...['https://graph.microsoft.com', 'https://graph.microsoft.us', 'https://microsoftgraph.chinacloudapi.cn'],
  ...['https://graph.windows.net', 'https://database.windows.net', 'https://database.usgovcloudapi.net'],
  ...['https://ossrdbms-aad.database.windows.net', 'https://cosmos.azure.com', 'https://mine.documents.azure.com'],
  ...['https://servicebus.azure.net', 'https://eventhubs.azure.net', 'https://mine.servicebus.windows.net'],
  ...['https://monitor.azure.com', 'https://api.loganalytics.io', 'https://cognitiveservices.azure.com'],
  ...['https://containerregistry.azure.net', 'https://azconfig.io', 'https://batch.core.windows.net'],
  ...['https://kusto.kusto.windows.net', 'https://dev.azuresynapse.net', 'https://redis.azure.com'],
  ...['https://outlook.office365.com', 'https://contoso.sharepoint.com', 'https://contoso.crm4.dynamics.com'],
  ...['https://app.vssps.visualstudio.com', 'https://mcp.svc.cloud.microsoft'],
  // As application ids: Key Vault, Key Vault of US Government, Storage, Resource Manager, Graph, SharePoint, SQL.
  ...['cfa8b339-82a2-471a-a3c9-0fc0be7a4093', '7e7c393b-45d0-48b1-a35e-2905ddf8183c'],
  ...['e406a681-f3d4-42a8-90b6-c2b029497af1', '797f4846-ba00-4fd7-ba43-dac1f8f63013'],
  ...['00000003-0000-0000-c000-000000000000', '00000003-0000-0ff1-ce00-000000000000'],
  'api://022907d3-0f1b-48f7-badc-1ba6abab6d66',
];

/** Notations of an audience that Entra, or somebody on the way to it, may read as the audience itself. */
const EVASIONS: Readonly<Record<string, (audience: string) => string>> = {
  unchanged: (audience) => audience,
  'in upper case': (audience) => audience.toUpperCase(),
  'with a slash': (audience) => `${audience}/`,
  'with two slashes': (audience) => `${audience}//`,
  'with a port': (audience) => audience.replace(/(\/\/[^/]+)/, '$1:443'),
  'with a dot at the end of the host': (audience) => audience.replace(/(\/\/[^/]+)/, '$1.'),
  'with a path': (audience) => `${audience}/some/path`,
  'with a user': (audience) => audience.replace('://', '://me@'),
  'with backslashes': (audience) => audience.replaceAll('/', '\\'),
  'by http': (audience) => audience.replace('https:', 'http:'),
  'without a scheme': (audience) => audience.replace(/^\w+:\/\//, ''),
  'as a name of a service principal': (audience) => `spn:${audience}`,
  'as an application id URI': (audience) => `api://${audience.replace(/^\w+:\/\//, '')}`,
  'behind another API': (audience) => `https://mcp.example.com/${audience}`,
  'behind another scope': (audience) => `api://mine/.default ${audience}`,
  'URL-encoded': (audience) => encodeURIComponent(audience),
  'URL-encoded twice': (audience) => encodeURIComponent(encodeURIComponent(audience.replaceAll('a', '%61'))),
  'with encoded dots': (audience) => audience.replaceAll('.', '%2e'),
  'in wide letters': (audience) => audience.replace('vault', 'ｖａｕｌｔ').replace('azure', 'ａｚｕｒｅ'),
  'without dashes': (audience) => audience.replaceAll('-', ''),
  'in braces': (audience) => `{${audience}}`,
  'with white space': (audience) => ` ${audience}\t`,
};

for (const [how, change] of Object.entries(EVASIONS)) {
  it(`refuses the scopes of Azure and Microsoft 365 ${how}`, () => {
    for (const audience of AUDIENCES) {
      for (const end of ['', '/.default', '//.default', '/user_impersonation']) {
        const scope = change(audience) + end;
        assert.notEqual(scopeProblem(scope, TARGET), undefined, scope);
      }
    }
  });
}

it('refuses every mixture of these notations', () => {
  const changes = fc.array(fc.constantFrom(...Object.values(EVASIONS)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.constantFrom(...AUDIENCES), changes, (audience, evasions) => {
      const scope = `${evasions.reduce((text, change) => change(text), audience)}/.default`;
      assert.notEqual(scopeProblem(scope, TARGET), undefined, scope);
    }),
    { numRuns: 1000 },
  );
});

it('refuses text that is not one scope with its API', () => {
  for (const scope of [
    ...['', '.default', '/.default', 'User.Read', 'openid profile', 'api://a/.default api://b/.default'],
    ...['mcp.example.com/.default', 'http://mcp.example.com/.default', 'https://mcp.example.com/%2edefault', 'api://'],
    ...['https://mcp.example.com/.default\n', 'file:///etc/passwd', 'api://ä/.default', 'https://a.example/?b'],
  ]) {
    assert.match(scopeProblem(scope, TARGET) ?? '', /^expected one scope with its API/, JSON.stringify(scope));
  }
});

it('allows the operator to list the scopes of other APIs', () => {
  for (const scope of [
    'api://target/.default',
    'api://11111111-2222-3333-4444-555555555555/.default',
    '11111111-2222-3333-4444-555555555555/.default',
    'https://mcp.example.com/.default',
    'https://contoso.onmicrosoft.com/search/.default',
    'https://search.azurewebsites.net/.default',
    'https://search.contoso-azure.com/Tools.Read',
  ]) {
    assert.equal(scopeProblem(scope, TARGET), undefined, scope);
  }
});

it('allows a service of Azure only as the target itself, by https and under its own name', () => {
  const scope = 'https://mcp.dev.azure.com/.default';
  assert.equal(scopeProblem(scope, 'https://mcp.dev.azure.com/my-org'), undefined);
  for (const target of [
    'http://mcp.dev.azure.com/my-org',
    'https://mcp.dev.azure.com.evil.example/',
    'https://evil.example/mcp.dev.azure.com',
    'https://dev.azure.com/',
    'not a URL',
  ]) {
    assert.match(scopeProblem(scope, target) ?? '', /services of Azure/, target);
  }
  for (const other of [
    'https://vault.azure.net/.default',
    'https://mcp.dev.azure.com/https://vault.azure.net/.default',
  ]) {
    assert.match(scopeProblem(other, 'https://mcp.dev.azure.com/my-org') ?? '', /services of Azure/, other);
  }
});

it('refuses such a scope when the plan is parsed, so that it is not valid anywhere', () => {
  const auth = { type: 'entra', scope: 'https://vault.azure.net//.default' };
  const [problem = '', ...others] = problemsOf({ target: { auth } });
  assert.match(
    problem,
    /^targets\.web\.auth\.scope: expected the scope of the target's own API; tokens for services of/,
  );
  assert.deepEqual(others, []);
  assert.equal(aPlan({ target: { auth: { ...auth, scope: 'api://mine/.default' } } }).targets.web?.auth.type, 'entra');
});

it('recognises the audiences of tokens', () => {
  for (const audience of AUDIENCES) assert.ok(isMicrosoftAudience(audience), audience);
  for (const audience of ['api://target', 'https://mcp.example.com', '11111111-2222-3333-4444-555555555555', '']) {
    assert.ok(!isMicrosoftAudience(audience), audience);
  }
});
