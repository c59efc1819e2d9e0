import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { afterEach, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { entraTokens } from '../../../src/mcp/auth/entra.ts';
import { type Answer, type AuthRig, SILENT, startAuthRig } from './auth-rig.ts';

const SCOPE = 'api://target/.default';
const CLIENT_ID = '00000000-0000-0000-0000-000000000001';
const HEADER = 'the-identity-header';
const script = fileURLToPath(new URL('entra-client.ts', import.meta.url));

let rig: AuthRig;

afterEach(() => rig.close());

/** An identity endpoint like App Service's. Its tokens are numbered and have this lifetime. */
async function start(lifeSeconds: number, fault?: Answer): Promise<void> {
  let issued = 0;
  rig = await startAuthRig(({ path }) => {
    if (fault !== undefined) return fault;
    const expires = Math.floor(Date.now() / 1000) + lifeSeconds;
    const token = { access_token: `token-${++issued}`, expires_on: `${expires}`, resource: 'api://target' };
    return path.startsWith('/msi/token?') ? { json: { ...token, token_type: 'Bearer', client_id: 'x' } } : undefined;
  });
}

function restoreEnvironment(before: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

type Line = { readonly value?: string; readonly expiresAtMs?: number; readonly message?: string };

/** The real client, in its own process with the environment of App Service. */
async function ask(clientId: string, times = 1): Promise<Line[]> {
  const env = {
    PATH: process.env.PATH,
    IDENTITY_ENDPOINT: `${rig.origin}/msi/token`,
    IDENTITY_HEADER: HEADER,
    // A proxy of the developer's machine must not matter.
    NO_PROXY: '127.0.0.1',
  };
  const run = promisify(execFile)(process.execPath, [script, SCOPE, clientId, `${times}`], { env, timeout: 60_000 });
  return (await run).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

it('entraTokens requests the resource from the identity endpoint, as the named identity', async () => {
  await start(3600);
  const before = Date.now();
  const [line] = await ask(CLIENT_ID);
  assert.equal(line?.value, 'token-1');
  const lifeMs = (line?.expiresAtMs ?? 0) - before;
  assert.ok(lifeMs > 3_590_000 && lifeMs < 3_660_000, `${lifeMs}`);
  assert.equal(rig.seen.length, 1);
  const [seen] = rig.seen;
  const url = new URL(seen?.path ?? '', rig.origin);
  assert.equal(seen?.method, 'GET');
  assert.equal(url.pathname, '/msi/token');
  assert.deepEqual(Object.fromEntries(url.searchParams), {
    'api-version': '2019-08-01',
    resource: 'api://target',
    client_id: CLIENT_ID,
  });
  assert.equal(seen?.headers['x-identity-header'], HEADER);
});

it('entraTokens requests a token as whoever is signed in when the operator says so, once while the token is valid', async () => {
  await start(3600);
  const lines = await ask('', 3);
  assert.deepEqual(
    lines.map(({ value }) => value),
    ['token-1', 'token-1', 'token-1'],
  );
  assert.equal(rig.seen.length, 1);
  assert.ok(!rig.seen[0]?.path.includes('client_id'), rig.seen[0]?.path);
});

it('entraTokens requests a new token in the last five minutes of the old one, which is when a source renews it', async () => {
  await start(299);
  const lines = await ask(CLIENT_ID, 2);
  assert.deepEqual(
    lines.map(({ value }) => value),
    ['token-1', 'token-2'],
  );
});

it('entraTokens reports the error of the identity endpoint, not those of other credentials', async () => {
  await start(3600, { status: 400, json: { statusCode: 400, message: 'No managed identity was found.' } });
  const [line] = await ask(CLIENT_ID);
  assert.match(
    line?.message ?? '',
    /^Microsoft Entra did not issue a token for api:\/\/target\/\.default to the managed identity 0+(-0000){3}-0+1: .*No managed identity was/,
  );
  assert.match(line?.message ?? '', /ManagedIdentityCredential/);
  assert.doesNotMatch(line?.message ?? '', /AzureCli|EnvironmentCredential|PowerShell/);
  assert.ok(!line?.message?.includes(HEADER));
});

it('entraTokens waits 30 seconds and no longer for an identity endpoint that does not answer', async (t) => {
  await start(3600, SILENT);
  const { IDENTITY_ENDPOINT, IDENTITY_HEADER: header } = process.env;
  t.after(() => restoreEnvironment({ IDENTITY_ENDPOINT, IDENTITY_HEADER: header }));
  Object.assign(process.env, { IDENTITY_ENDPOINT: `${rig.origin}/msi/token`, IDENTITY_HEADER: HEADER });
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let error: unknown;
  entraTokens(SCOPE, { kind: 'managed', clientId: CLIENT_ID })().catch((caught: unknown) => {
    error = caught;
  });
  while (rig.seen.length === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  t.mock.timers.tick(29_999);
  await new Promise<void>((resolve) => setImmediate(resolve));
  assert.equal(error, undefined);
  t.mock.timers.tick(1);
  await new Promise<void>((resolve) => setImmediate(resolve));
  assert.match(String(error), /did not issue a token .* no answer within 30 s/);
});
