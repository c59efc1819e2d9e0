import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import * as z from 'zod';
import { readSettings } from '../../src/functions/app-context.ts';
import { BICEP, type Prediction, predict } from './predict.ts';

const PERSON = '11111111-1111-1111-1111-111111111111';
const APPLICATION = '22222222-2222-2222-2222-222222222222';

// Settings that Flex Consumption refuses or ignores: functionAppConfig took their place.
const FORBIDDEN = [
  'FUNCTIONS_WORKER_RUNTIME',
  'FUNCTIONS_WORKER_RUNTIME_VERSION',
  'FUNCTIONS_EXTENSION_VERSION',
  'FUNCTIONS_WORKER_PROCESS_COUNT',
  'WEBSITE_RUN_FROM_PACKAGE',
  'WEBSITE_NODE_DEFAULT_VERSION',
  'WEBSITE_CONTENTAZUREFILECONNECTIONSTRING',
  'WEBSITE_CONTENTSHARE',
  'WEBSITE_TIME_ZONE',
  'SCM_DO_BUILD_DURING_DEPLOYMENT',
  'ENABLE_ORYX_BUILD',
  'TZ',
  'AzureWebJobsStorage',
];

const site = z.object({
  httpsOnly: z.boolean(),
  functionAppConfig: z.object({
    runtime: z.object({ name: z.string(), version: z.string() }),
    deployment: z.object({
      storage: z.object({ type: z.string(), authentication: z.object({ type: z.string() }) }),
    }),
    scaleAndConcurrency: z.object({
      instanceMemoryMB: z.number(),
      maximumInstanceCount: z.number(),
      alwaysReady: z.array(z.object({ name: z.string(), instanceCount: z.number() })),
    }),
  }),
  siteConfig: z.object({
    ftpsState: z.string(),
    minTlsVersion: z.string(),
    appSettings: z.array(z.object({ name: z.string(), value: z.string() })),
  }),
});

const only = (prediction: Prediction, type: string) => {
  const found = prediction.predictedResources.filter((resource) => resource.type === type);
  assert.equal(found.length, 1, `one ${type}`);
  return found[0]!;
};

const siteOf = (prediction: Prediction) => site.parse(only(prediction, 'Microsoft.Web/sites').properties);

const settingsOf = (prediction: Prediction) =>
  new Map(siteOf(prediction).siteConfig.appSettings.map(({ name, value }) => [name, value]));

// "Microsoft.Storage/storageAccounts <role>" for a role on one resource, which is an extension of it: its id starts with
// the resource's, or is an expression when a part of its name is known only in Azure. Anything else stays whole.
const rolesOf = (prediction: Prediction, principalType: string) =>
  prediction.predictedResources
    .filter(({ type }) => type === 'Microsoft.Authorization/roleAssignments')
    .filter(({ properties }) => properties.principalType === principalType)
    .map(({ id, properties }) => {
      const scope =
        /^(?:\[extensionResourceId\(')?\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/([^/']+\/[^/']+)\/[^/']+['/]/;
      return `${scope.exec(id)?.[1] ?? id} ${String(properties.roleDefinitionId).split('/').at(-1)}`;
    })
    .sort();

describe('infra/main.bicep', {
  skip: existsSync(BICEP) || process.env.CI ? false : 'no Bicep CLI yet: run .ci/infra once',
}, () => {
  let plain: Prediction;
  let filled: Prediction;

  before(async () => {
    [plain, filled] = await Promise.all([
      predict(),
      predict({
        AZURE_PRINCIPAL_ID: PERSON,
        SURGE_ALLOWED_ORIGINS: 'https://a.example, https://b.example:8443',
        SURGE_ALLOWED_ADDRESSES: '10.1.0.0/16, 10.2.0.4',
        SURGE_ALLOWED_SCOPES: 'api://a/.default, api://b/.default',
        SURGE_SECRET_ORIGINS: 'a=https://a.example, b=https://b.example:8443',
        SURGE_AUTH_CLIENT_ID: APPLICATION,
        SURGE_STOPPED: 'true',
        SURGE_ALLOW_SHARED_TARGETS: 'true',
        SURGE_ALWAYS_READY: '1',
        SURGE_INSTANCE_MEMORY_MB: '4096',
      }),
    ]);
  });

  it('turns shared keys and public blobs off', () => {
    const { properties } = only(plain, 'Microsoft.Storage/storageAccounts');
    assert.equal(properties.allowSharedKeyAccess, false);
    assert.equal(properties.allowBlobPublicAccess, false);
    assert.equal(properties.minimumTlsVersion, 'TLS1_2');
    assert.equal(properties.supportsHttpsTrafficOnly, true);
  });

  it('gives the app exactly its five roles, each on one resource', () => {
    assert.deepEqual(rolesOf(plain, 'ServicePrincipal'), [
      'Microsoft.Insights/components 3913510d-42f4-4e42-8a64-420c390055eb',
      'Microsoft.KeyVault/vaults 4633458b-17de-408a-b874-0445c86b69e6',
      'Microsoft.Storage/storageAccounts 0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3',
      'Microsoft.Storage/storageAccounts 974c5e8b-45b9-4653-ba55-5f855dd0fb88',
      'Microsoft.Storage/storageAccounts b7e6dc6d-f1e8-4753-8033-0f276bb0955b',
    ]);
  });

  it('gives the identity for targets no role, and the app both identities', () => {
    const identities = plain.predictedResources.filter(
      ({ type }) => type === 'Microsoft.ManagedIdentity/userAssignedIdentities',
    );
    assert.deepEqual(identities.map(({ id }) => /\/(id-(?:target-)?)[^/]+$/.exec(id)?.[1]).sort(), [
      'id-',
      'id-target-',
    ]);
    // Ids are known only in Azure; until then, they are expressions that name the module.
    const roles = plain.predictedResources.filter(({ type }) => type === 'Microsoft.Authorization/roleAssignments');
    assert.ok(roles.length > 0);
    for (const { properties } of roles) assert.match(String(properties.principalId), /'identity-\{0\}'/);
    const used = Object.keys(only(plain, 'Microsoft.Web/sites').identity?.userAssignedIdentities ?? {});
    assert.deepEqual(used.map((id) => /'(\w+)-\{0\}'/.exec(id)?.[1]).sort(), ['identity', 'targetIdentity']);
    const settings = settingsOf(plain);
    assert.match(settings.get('SURGE_TARGET_CLIENT_ID') ?? '', /'targetIdentity-\{0\}'.*outputs\.clientId/);
    assert.match(settings.get('AZURE_CLIENT_ID') ?? '', /'identity-\{0\}'.*outputs\.clientId/);
  });

  it('allows no scope and ties no secret by default, and exactly what is listed otherwise', () => {
    assert.equal(settingsOf(plain).get('SURGE_ALLOWED_SCOPES'), '');
    assert.equal(settingsOf(plain).get('SURGE_SECRET_ORIGINS'), '');
    assert.equal(settingsOf(filled).get('SURGE_ALLOWED_SCOPES'), 'api://a/.default,api://b/.default');
    assert.equal(settingsOf(filled).get('SURGE_SECRET_ORIGINS'), 'a=https://a.example,b=https://b.example:8443');
  });

  it('gives a person roles only when one is named', () => {
    assert.deepEqual(rolesOf(plain, 'User'), []);
    assert.deepEqual(rolesOf(filled, 'User'), [
      'Microsoft.KeyVault/vaults b86a8fe4-44ce-4948-aee5-eccb2c155cd7',
      'Microsoft.Storage/storageAccounts 76199698-9eea-4c19-bc75-cec21354c6b6',
    ]);
  });

  it('protects the vault and refuses keys for telemetry', () => {
    const vault = only(plain, 'Microsoft.KeyVault/vaults').properties;
    assert.equal(vault.enableRbacAuthorization, true);
    assert.equal(vault.enablePurgeProtection, true);
    assert.equal(vault.enableSoftDelete, true);
    assert.equal(only(plain, 'Microsoft.Insights/components').properties.DisableLocalAuth, true);
  });

  it('runs Node 24 on Flex Consumption from a blob read with the identity', () => {
    assert.deepEqual(only(plain, 'Microsoft.Web/serverfarms').sku, { name: 'FC1', tier: 'FlexConsumption' });
    assert.equal(only(plain, 'Microsoft.Web/sites').tags?.['azd-service-name'], 'api');
    const { httpsOnly, siteConfig, functionAppConfig } = siteOf(plain);
    assert.equal(httpsOnly, true);
    assert.equal(siteConfig.ftpsState, 'Disabled');
    assert.deepEqual(functionAppConfig.runtime, { name: 'node', version: '24' });
    assert.equal(functionAppConfig.deployment.storage.type, 'blobContainer');
    assert.equal(functionAppConfig.deployment.storage.authentication.type, 'UserAssignedIdentity');
  });

  it('keeps no instance ready by default', () => {
    assert.deepEqual(siteOf(plain).functionAppConfig.scaleAndConcurrency, {
      instanceMemoryMB: 2048,
      maximumInstanceCount: 40,
      alwaysReady: [],
    });
    assert.deepEqual(siteOf(filled).functionAppConfig.scaleAndConcurrency, {
      instanceMemoryMB: 4096,
      maximumInstanceCount: 40,
      alwaysReady: [{ name: 'durable', instanceCount: 1 }],
    });
  });

  it('has no setting that Flex Consumption forbids and none with a key in it', () => {
    const settings = settingsOf(plain);
    assert.deepEqual(
      FORBIDDEN.filter((name) => settings.has(name)),
      [],
    );
    assert.equal(settings.get('AzureWebJobsStorage__credential'), 'managedidentity');
    assert.doesNotMatch(JSON.stringify(plain), /listKeys|AccountKey|SharedAccess/i);
  });

  it('allows no target by default and exactly the listed origins otherwise', () => {
    assert.equal(settingsOf(plain).get('SURGE_ALLOWED_ORIGINS'), '');
    assert.equal(settingsOf(filled).get('SURGE_ALLOWED_ORIGINS'), 'https://a.example,https://b.example:8443');
  });

  it('opens no address by default and exactly the listed ones otherwise', () => {
    assert.equal(settingsOf(plain).get('SURGE_ALLOWED_ADDRESSES'), '');
    assert.equal(settingsOf(filled).get('SURGE_ALLOWED_ADDRESSES'), '10.1.0.0/16,10.2.0.4');
  });

  it('requires roles only with authentication in front of the app, which checks tokens for one application', () => {
    const authentication = (prediction: Prediction) =>
      prediction.predictedResources.filter(({ type }) => type === 'Microsoft.Web/sites/config');
    assert.deepEqual(authentication(plain), []);
    assert.equal(settingsOf(plain).get('SURGE_REQUIRE_ROLES'), 'False');
    const [only, ...more] = authentication(filled);
    assert.deepEqual(more, []);
    assert.match(only?.id ?? '', /authsettingsV2/);
    const { globalValidation, identityProviders } = only?.properties ?? {};
    assert.deepEqual(globalValidation, { requireAuthentication: true, unauthenticatedClientAction: 'Return401' });
    assert.ok(JSON.stringify(identityProviders).includes(`"clientId":"${APPLICATION}"`));
    assert.equal(settingsOf(filled).get('SURGE_REQUIRE_ROLES'), 'True');
  });

  it('passes switches on in a form that the app reads', () => {
    const { SURGE_STOPPED, SURGE_ALLOW_SHARED_TARGETS, SURGE_REQUIRE_ROLES } = readSettings(
      Object.fromEntries([...settingsOf(filled)].filter(([name]) => /STOPPED|SHARED|ROLES/.test(name))),
    );
    assert.deepEqual([SURGE_STOPPED, SURGE_ALLOW_SHARED_TARGETS, SURGE_REQUIRE_ROLES], [true, true, true]);
  });

  it('refuses an origin that is not exact, naming it', async () => {
    const refusal = (origin: string) =>
      assert.rejects(predict({ SURGE_ALLOWED_ORIGINS: origin }), (error: Error) => {
        assert.ok(error.message.includes(`"${origin}" is not an exact https origin`), error.message);
        return true;
      });
    await Promise.all(['https://a.example/mcp', 'http://a.example', 'https://*.example'].map(refusal));
  });

  it('passes the documented limits to the app, with slices shorter than the function timeout of the host', async () => {
    const settings = settingsOf(plain);
    assert.deepEqual(
      [...settings].filter(([name]) => /^SURGE_(MAX|ALLOW_SHARED|STOPPED|KEEP|VUS|RATE|WINDOW|START|DEAD)/.test(name)),
      [
        ['SURGE_MAX_VUS', '500'],
        ['SURGE_MAX_RATE', '2000'],
        ['SURGE_MAX_DURATION_SECONDS', '3600'],
        ['SURGE_MAX_ACTIVE_RUNS', '10'],
        ['SURGE_MAX_TOTAL_VUS', '1000'],
        ['SURGE_MAX_TOTAL_RATE', '4000'],
        ['SURGE_ALLOW_SHARED_TARGETS', 'False'],
        ['SURGE_STOPPED', 'False'],
        ['SURGE_KEEP_DAYS', '30'],
        ['SURGE_KEEP_CANARY_DAYS', '365'],
        ['SURGE_VUS_PER_LANE', '100'],
        ['SURGE_RATE_PER_LANE', '500'],
        ['SURGE_WINDOW_SECONDS', '300'],
        ['SURGE_START_DELAY_SECONDS', '60'],
        ['SURGE_DEAD_AFTER_SECONDS', '30'],
        ['SURGE_MAX_WAITING_MB', '64'],
      ],
    );
    const hostFile = await readFile(join(import.meta.dirname, '../../host.json'), 'utf8');
    const { functionTimeout } = z.object({ functionTimeout: z.string() }).parse(JSON.parse(hostFile));
    const [hours, minutes, seconds] = functionTimeout.split(':').map(Number) as [number, number, number];
    assert.ok(Number(settings.get('SURGE_WINDOW_SECONDS')) < hours * 3600 + minutes * 60 + seconds);
  });
});
