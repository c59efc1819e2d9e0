import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Plan } from '../../src/plan/plan-schema.ts';
import { type Policy, policyRefusals, refusalSentence } from '../../src/plan/policy.ts';
import { aPlan } from '../support/a-plan.ts';

const OPEN: Policy = {
  allowedOrigins: ['https://mcp.example.com', 'https://login.example.com'],
  entraIdentity: { kind: 'managed', clientId: '00000000-0000-0000-0000-000000000002' },
  allowedScopes: ['api://target/.default'],
  secretOrigins: new Map(),
  allowLoopback: true,
  allowedAddresses: [],
  maxVus: 10,
  maxRate: 100_000,
  maxDurationMs: 60_000,
  howToAllow: {
    origin: 'to allow it, list it in ORIGINS',
    loopback: 'to allow it, set LOOPBACK',
    'special-address': 'to allow it, list it in ADDRESSES',
    'cloud-service': 'to allow it, list it in ADDRESSES as a single address',
    'no-identity': 'to allow it, set IDENTITY',
    scope: 'to allow it, list it in SCOPES',
    'secret-origin': 'to allow it, list it in SECRETS',
    'too-many-vus': 'to allow more, raise MAX_VUS',
    'rate-too-high': 'to allow more, raise MAX_RATE',
    'too-long': 'to allow more, raise MAX_DURATION',
  },
};
const CLOSED: Policy = { ...OPEN, allowedOrigins: [], allowLoopback: false };

function problems(target: Record<string, unknown>, policy: Policy = OPEN): string[] {
  return policyProblems(aPlan({ target }), policy);
}

function policyProblems(plan: Plan, policy: Policy): string[] {
  return policyRefusals(plan, policy).map((refusal) => refusalSentence(refusal, policy));
}

it('allows a plan that keeps all rules', () => {
  assert.deepEqual(problems({ url: 'https://mcp.example.com/mcp', permission: true }), []);
  assert.deepEqual(problems({ url: 'https://MCP.Example.com:443/other?x=1', permission: true }), []);
  assert.deepEqual(problems({ url: 'http://127.0.0.1:4801/mcp' }), []);
});

it('recognises this machine by every notation of its address', () => {
  for (const host of [
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    '127.255.255.254',
    '[::1]',
    '[0:0::1]',
    'localhost',
    'LOCALHOST:80',
  ]) {
    assert.deepEqual(problems({ url: `http://${host}/` }), [], host);
    const [problem, ...others] = problems({ url: `http://${host}/` }, CLOSED);
    assert.deepEqual(others, []);
    assert.match(problem ?? '', /^targets\.web\.url: \S+ is this machine, .*set LOOPBACK/, host);
  }
});

it('refuses plain http to every other host', () => {
  for (const host of [
    'mcp.example.com',
    '127.0.0.1.example.com',
    'localhost.example.com',
    '1.1.1.1',
    '[::ffff:127.0.0.1]',
    'localhost.',
  ]) {
    const said = problems({ url: `http://${host}/`, permission: true });
    assert.equal(said.length, 1, host);
    assert.match(said[0] ?? '', /must be https/, host);
  }
});

it('refuses a non-public address in every notation, even if its origin is on the allowlist', () => {
  for (const [host, address] of [
    ['10.0.0.1', '10.0.0.1'],
    ['167772161', '10.0.0.1'],
    ['0xa.1', '10.0.0.1'],
    ['012.0.0.1', '10.0.0.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['169.254.169.254', '169.254.169.254'],
    ['[fd00:ec2::254]', 'fd00:ec2::254'],
    ['[::ffff:10.0.0.1]', '::ffff:a00:1'],
    ['[64:ff9b::10.0.0.1]', '64:ff9b::a00:1'],
  ] as const) {
    for (const scheme of ['http', 'https']) {
      const url = `${scheme}://${host}/`;
      const said = problems({ url, permission: true }, { ...OPEN, allowedOrigins: [new URL(url).origin] });
      assert.equal(said.length, 1, host);
      assert.ok(said[0]?.startsWith(`targets.web.url: ${address} `), said[0]);
      assert.match(said[0] ?? '', /not allowed here \(to allow it, list it in ADDRESSES.*\)\.$/);
    }
  }
  const network = { ...OPEN, allowedOrigins: ['https://10.0.0.1'], allowedAddresses: ['10.0.0.0/24'] };
  assert.deepEqual(problems({ url: 'https://10.0.0.1/', permission: true }, network), []);
  assert.match(problems({ url: 'https://10.0.0.2/', permission: true }, network)[0] ?? '', /not on the allowlist/);
  assert.match(problems({ url: 'http://10.0.0.1/', permission: true }, network)[0] ?? '', /must be https/);
  assert.match(problems({ url: 'https://[::ffff:127.0.0.1]/', permission: true }, CLOSED)[0] ?? '', /set LOOPBACK/);
});

it('compares whole origins with the allowlist', () => {
  for (const url of [
    'https://mcp.example.com:8443/',
    'https://evil.mcp.example.com/',
    'https://mcp.example.com.evil.org/',
    'https://example.com/',
  ]) {
    const said = problems({ url, permission: true });
    assert.equal(said.length, 1, url);
    assert.match(said[0] ?? '', /not on the allowlist, which has https:\/\/mcp\.example\.com, .*list it in ORIGINS/);
  }
  assert.match(
    problems({ url: 'https://x.org/', permission: true }, CLOSED)[0] ?? '',
    /not on the allowlist, which is empty \(to allow it, list it in ORIGINS\)\.$/,
  );
});

it('requires permission for every target except this machine', () => {
  assert.deepEqual(problems({ url: 'https://mcp.example.com/' }), [
    'targets.web.permission: https://mcp.example.com is not on this machine; set permission: true once its owner has agreed to the load.',
  ]);
});

it('checks the token URL against the same allowlist', () => {
  const auth = (tokenUrl: string) => ({ type: 'client-credentials', tokenUrl, clientId: 'a', clientSecret: 'b' });
  const target = (tokenUrl: string) => ({ url: 'https://mcp.example.com/', permission: true, auth: auth(tokenUrl) });
  assert.deepEqual(problems(target('https://login.example.com/token')), []);
  assert.match(
    problems(target('https://evil.example.com/token'))[0] ?? '',
    /^targets\.web\.auth\.tokenUrl: .*allowlist/,
  );
  assert.match(problems(target('http://login.example.com/token'))[0] ?? '', /must be https/);
  assert.match(
    problems(target('http://127.0.0.1/token'), { ...OPEN, allowLoopback: false })[0] ?? '',
    /is this machine/,
  );
});

it('refuses Entra tokens unless the operator has named an identity and the scope', () => {
  const target = { url: 'https://mcp.example.com/', permission: true };
  const entra = (scope: string) => ({ ...target, auth: { type: 'entra', scope } });
  assert.deepEqual(problems(entra('api://target/.default')), []);
  assert.deepEqual(problems(entra('api://target/.default'), { ...OPEN, entraIdentity: undefined }), [
    'targets.web.auth.type: no identity requests Microsoft Entra tokens for targets here (to allow it, set IDENTITY).',
  ]);
  for (const scope of ['api://target//.default', 'api://Target/.default', 'api://target', 'api://target/.default/x']) {
    const [problem = '', ...others] = problems(entra(scope));
    assert.deepEqual(others, []);
    assert.ok(problem.startsWith(`targets.web.auth.scope: ${scope} is not on the list of scopes`), problem);
    assert.match(problem, /which has api:\/\/target\/\.default \(to allow it, list it in SCOPES\)\.$/);
  }
  assert.match(
    problems(entra('api://target/.default'), { ...OPEN, allowedScopes: [] })[0] ?? '',
    /which is empty \(to/,
  );
});

it('refuses the scopes of Azure even if the operator lists them and the plan was stored by an older version', () => {
  const scope = 'https://vault.azure.net/.default';
  const plan = aPlan({ target: { auth: { type: 'entra', scope: 'api://target/.default' } } });
  const stored = JSON.parse(JSON.stringify(plan).replace('api://target/.default', scope)) as Plan;
  assert.deepEqual(policyProblems(stored, { ...OPEN, allowedScopes: [scope] }), [
    "targets.web.auth.scope: expected the scope of the target's own API; tokens for services of Azure and Microsoft 365 " +
      'are sent to those services only.',
  ]);
});

const OTHER = 'https://login.example.com';
const LISTED: Policy = { ...OPEN, secretOrigins: new Map([['a', ['https://mcp.example.com']]]) };
const client = { type: 'client-credentials', clientId: 'me', clientSecret: 'a' };
const identityProvider = { tokenUrl: `${OTHER}/token`, clientId: 'me' };

for (const { name, auth, path } of [
  { name: 'the token endpoint', auth: { ...client, tokenUrl: `${OTHER}/token` }, path: 'clientSecret' },
  {
    name: 'the token endpoint, as an assertion',
    auth: { type: 'jwt-bearer', assertion: 'a', tokenUrl: `${OTHER}/t` },
    path: 'assertion',
  },
  {
    name: 'the identity provider',
    auth: { type: 'enterprise-managed', clientId: 'me', idToken: 'a', identityProvider },
    path: 'idToken',
  },
  {
    name: 'the identity provider, as its client secret',
    auth: {
      type: 'enterprise-managed',
      clientId: 'me',
      idToken: 'b',
      identityProvider: { ...identityProvider, clientSecret: 'a' },
    },
    path: 'identityProvider.clientSecret',
  },
]) {
  it(`refuses a secret that would go to ${name} although the operator lists another origin for it`, () => {
    const target = { url: 'https://mcp.example.com/', permission: true, auth };
    assert.deepEqual(problems(target), []);
    assert.deepEqual(problems(target, LISTED), [
      `targets.web.auth.${path}: the secret "a" may go to https://mcp.example.com, not to ${OTHER} (to allow it, list it in SECRETS).`,
    ]);
    assert.deepEqual(problems(target, { ...OPEN, secretOrigins: new Map([['a', ['https://x.example', OTHER]]]) }), []);
  });
}

it('refuses a secret that would go to the target although the operator lists another origin for it', () => {
  const target = { url: 'https://mcp.example.com/', permission: true, auth: { type: 'bearer', secret: 'a' } };
  assert.deepEqual(problems(target, LISTED), []);
  const elsewhere = { ...OPEN, secretOrigins: new Map([['a', [OTHER]]]) };
  assert.match(
    problems(target, elsewhere)[0] ?? '',
    /^targets\.web\.auth\.secret: .* may go to https:\/\/login\.example/,
  );
});

/** The problems of a plan with two targets, each with its own credentials. */
function problemsOfTwo(first: object, second: object, policy = OPEN): string[] {
  const targets = {
    web: { url: 'https://mcp.example.com/a', permission: true, auth: first },
    other: { url: 'https://login.example.com/b', permission: true, auth: second },
  };
  return policyProblems(aPlan({ plan: { targets }, idle: ['other'] }), policy);
}

it('refuses one secret for two origins unless the operator lists both', () => {
  const bearer = { type: 'bearer', secret: 'a' };
  const said = problemsOfTwo(bearer, { type: 'header', name: 'X-Key', secret: 'a' });
  assert.deepEqual(said, [
    'targets.other.auth.secret: the secret "a" goes to https://mcp.example.com (targets.web.auth.secret), so it must ' +
      'not go to https://login.example.com too (to allow it, list it in SECRETS).',
  ]);
  const both = { ...OPEN, secretOrigins: new Map([['a', ['https://mcp.example.com', OTHER]]]) };
  assert.deepEqual(problemsOfTwo(bearer, bearer, both), []);
  assert.deepEqual(problemsOfTwo(bearer, { ...bearer, secret: 'b' }), []);
});

it('compares the origins that secrets go to, not those of their targets', () => {
  const named = { ...client, tokenUrl: `${OTHER}/token` };
  assert.deepEqual(problemsOfTwo(named, named), []);
  assert.deepEqual(problemsOfTwo(named, { ...client, issuer: `${OTHER}/realm` }), []);
  assert.deepEqual(problemsOfTwo(named, { type: 'bearer', secret: 'a' }), []);
  assert.match(problemsOfTwo(named, { ...client, tokenUrl: 'https://mcp.example.com/t' })[0] ?? '', /must not go to/);
  // Each target may name another authorization server.
  assert.match(
    problemsOfTwo(client, client)[0] ?? '',
    /goes to the authorization server that https:\/\/mcp\.example\.com names .* too/,
  );
});

it('checks the issuer against the same allowlist', () => {
  const auth = { ...client, issuer: 'https://evil.example.com' };
  const said = problems({ url: 'https://mcp.example.com/', permission: true, auth });
  assert.match(said[0] ?? '', /^targets\.web\.auth\.issuer: https:\/\/evil\.example\.com is not on the allowlist/);
});

it('limits virtual users and duration over all scenarios', () => {
  const scenario = { target: 'web', executor: 'constant-vus', steps: [{ tool: 'look' }] };
  const plan = (vus: number, startTime: string) =>
    aPlan({
      plan: {
        scenarios: { a: { ...scenario, vus: 5, duration: '60s' }, b: { ...scenario, vus, startTime, duration: '30s' } },
      },
    });
  assert.deepEqual(policyProblems(plan(5, '30s'), OPEN), []);
  assert.match(
    policyProblems(plan(6, '0s'), OPEN)[0] ?? '',
    /^scenarios: .* 11 virtual users together; 10 are allowed here .*raise MAX_VUS/,
  );
  assert.match(
    policyProblems(plan(1, '31s'), OPEN)[0] ?? '',
    /^scenarios: .* 61 s; 60 s are allowed here .*raise MAX_DURATION/,
  );
  assert.equal(policyProblems(plan(6, '31s'), CLOSED).length, 3);
});

it('limits the starts per second over all scenarios', () => {
  const scenario = { target: 'web', executor: 'constant-arrival-rate', duration: '1s', preAllocatedVUs: 1 };
  const plan = (rate: number) => {
    const at = (each: number) => ({ ...scenario, rate: each, steps: [{ tool: 'look' }] });
    return aPlan({ plan: { scenarios: { a: at(6), b: at(rate) } } });
  };
  assert.deepEqual(policyProblems(plan(4), { ...OPEN, maxRate: 10 }), []);
  assert.deepEqual(policyProblems(plan(5), { ...OPEN, maxRate: 10 }), [
    'scenarios: the scenarios start 11 iterations a second; 10 are allowed here (to allow more, raise MAX_RATE).',
  ]);
});
