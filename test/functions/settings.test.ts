import assert from 'node:assert/strict';
import { it } from 'node:test';
import { limitsOf, policyOf, readSettings } from '../../src/functions/app-context.ts';
import { policyRefusals } from '../../src/plan/policy.ts';
import { aPlan } from '../support/a-plan.ts';

const TARGET_ID = '00000000-0000-0000-0000-0000000000AB';

it('allows no origin, address or loopback unless a setting does', () => {
  for (const env of [{}, { SURGE_ALLOWED_ORIGINS: '', SURGE_ALLOWED_ADDRESSES: '', SURGE_ALLOW_LOOPBACK: '' }]) {
    const settings = readSettings(env);
    assert.deepEqual(settings.SURGE_ALLOWED_ORIGINS, []);
    assert.deepEqual(settings.SURGE_ALLOWED_ADDRESSES, []);
    assert.equal(settings.SURGE_ALLOW_LOOPBACK, false);
  }
});

it('reads lists with commas and spaces between their items', () => {
  const settings = readSettings({
    SURGE_ALLOWED_ORIGINS: 'https://a.example, https://b.example:8443,',
    SURGE_ALLOWED_ADDRESSES: ' 10.1.0.0/16,fd00::/8 ,, 192.168.7.7',
  });
  assert.deepEqual(settings.SURGE_ALLOWED_ORIGINS, ['https://a.example', 'https://b.example:8443']);
  assert.deepEqual(settings.SURGE_ALLOWED_ADDRESSES, ['10.1.0.0/16', 'fd00::/8', '192.168.7.7']);
});

it('refuses text that is not an address or a range, and names the setting and the item', () => {
  for (const wrong of ['10.1.0.0/33', '10.1.2.3/16', 'mcp.example.com', '10.1.*', '10.1.0.0-10.1.0.9']) {
    assert.throws(
      () => readSettings({ SURGE_ALLOWED_ADDRESSES: `10.0.0.1,${wrong}` }),
      ({ message }: Error) => {
        assert.match(message, /^App settings are not valid:/);
        assert.ok(message.includes(`got "${wrong}"`), message);
        assert.match(message, /expected an IP address or a CIDR range .*\n.*at SURGE_ALLOWED_ADDRESSES\[1\]/);
        return true;
      },
    );
  }
});

it('says how to allow what a policy refuses, by a setting that exists', () => {
  const settings = readSettings({ SURGE_TARGET_CLIENT_ID: TARGET_ID });
  const sentences = Object.values(policyOf(settings).howToAllow);
  assert.equal(sentences.length, 10);
  for (const sentence of sentences) {
    const [named = ''] = sentence.match(/SURGE_\w+/) ?? [];
    assert.ok(Object.keys(settings).includes(named), sentence);
  }
});

it('says how to allow more than all runs together may have, by a setting that exists', () => {
  const settings = readSettings({});
  const { howToAllow, ...limits } = limitsOf(settings);
  assert.deepEqual(limits, { maxActiveRuns: 10, maxTotalVus: 1000, maxTotalRate: 4000, allowSharedTargets: false });
  for (const sentence of Object.values(howToAllow)) {
    const [named = ''] = sentence.match(/SURGE_\w+/) ?? [];
    assert.ok(Object.keys(settings).includes(named), sentence);
  }
});

it('reads days as milliseconds, and requires no roles and stops nothing unless a setting does', () => {
  const settings = readSettings({ SURGE_KEEP_DAYS: '0.5' });
  assert.deepEqual([settings.SURGE_KEEP_DAYS, settings.SURGE_KEEP_CANARY_DAYS], [43_200_000, 365 * 86_400_000]);
  assert.deepEqual([settings.SURGE_REQUIRE_ROLES, settings.SURGE_STOPPED], [false, false]);
  for (const days of ['0', '-1', 'for ever', '1e9']) {
    assert.throws(() => readSettings({ SURGE_KEEP_DAYS: days }), /SURGE_KEEP_DAYS/, days);
  }
});

it('limits virtual users, starts per second and duration to exactly the settings', () => {
  const policy = policyOf(
    readSettings({
      SURGE_ALLOW_LOOPBACK: 'true',
      SURGE_MAX_VUS: '20',
      SURGE_MAX_RATE: '10',
      SURGE_MAX_DURATION_SECONDS: '60',
    }),
  );
  const refused = (changes: object) => {
    const rate = { executor: 'constant-arrival-rate', vus: undefined, rate: 10, duration: '60s', preAllocatedVUs: 20 };
    return policyRefusals(aPlan({ scenario: { ...rate, ...changes } }), policy).map(({ code }) => code);
  };
  assert.deepEqual(refused({}), []);
  assert.deepEqual(refused({ preAllocatedVUs: 21 }), ['too-many-vus']);
  assert.deepEqual(refused({ rate: 10.001 }), ['rate-too-high']);
  assert.deepEqual(refused({ rate: 601, timeUnit: '1m' }), ['rate-too-high']);
  assert.deepEqual(refused({ duration: '60001ms' }), ['too-long']);
});

it('gives plans no Entra tokens unless an identity for targets is set, never that of the app', () => {
  assert.equal(policyOf(readSettings({ AZURE_CLIENT_ID: TARGET_ID })).entraIdentity, undefined);
  assert.equal(policyOf(readSettings({ SURGE_TARGET_CLIENT_ID: '' })).entraIdentity, undefined);
  const policy = policyOf(
    readSettings({ SURGE_TARGET_CLIENT_ID: TARGET_ID, SURGE_ALLOWED_SCOPES: 'api://a/.default, api://b/.default' }),
  );
  assert.deepEqual(policy.entraIdentity, { kind: 'managed', clientId: TARGET_ID });
  assert.deepEqual(policy.allowedScopes, ['api://a/.default', 'api://b/.default']);
  for (const name of ['AZURE_CLIENT_ID', 'AzureWebJobsStorage__clientId', 'AzureWebJobsStorage__CLIENTID']) {
    assert.throws(
      () => readSettings({ SURGE_TARGET_CLIENT_ID: TARGET_ID, [name]: TARGET_ID.toLowerCase() }),
      new RegExp(`SURGE_TARGET_CLIENT_ID: expected an identity of its own, got that of ${name}`),
    );
  }
  assert.throws(() => readSettings({ SURGE_TARGET_CLIENT_ID: 'mine' }), /a GUID\n.*at SURGE_TARGET_CLIENT_ID/);
  assert.throws(
    () => readSettings({ SURGE_ALLOWED_SCOPES: 'User.Read' }),
    /got "User\.Read"\n.*SURGE_ALLOWED_SCOPES\[0\]/,
  );
});

it('reads where secrets may go, and refuses an entry that is not a name and an exact origin', () => {
  const { secretOrigins } = policyOf(
    readSettings({ SURGE_SECRET_ORIGINS: 'a=https://a.example, b=https://b.example:8443, a=http://127.0.0.1:4801' }),
  );
  assert.deepEqual(
    [...secretOrigins],
    [
      ['a', ['https://a.example', 'http://127.0.0.1:4801']],
      ['b', ['https://b.example:8443']],
    ],
  );
  for (const wrong of [
    'a',
    'a=',
    '=https://a.example',
    'a=https://a.example/',
    'a=https://A.example',
    'a=b',
    'ä=https://b',
  ]) {
    assert.throws(() => readSettings({ SURGE_SECRET_ORIGINS: wrong }), /SURGE_SECRET_ORIGINS\[0\]/, wrong);
  }
});
