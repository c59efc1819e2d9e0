import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it, type TestContext } from 'node:test';
import { policyOf, readSettings } from '../../src/functions/app-context.ts';
import type { Auth } from '../../src/plan/auth-schema.ts';
import type { Plan } from '../../src/plan/plan-schema.ts';
import { policyRefusals, type RefusalCode, refusalSentence } from '../../src/plan/policy.ts';
import { problemText } from '../../src/plan/problem.ts';
import { createRun } from '../../src/run/create-run.ts';
import { preflight } from '../../src/run/preflight.ts';
import type { RunContext } from '../../src/run/run-context.ts';
import { writePlan } from '../../src/run/run-documents.ts';
import { runSlice } from '../../src/run/run-slice.ts';
import { aPlan, planText } from '../support/a-plan.ts';
import { listenDuring, type Owner } from '../support/loopback-server.ts';
import { legacyServer, type McpServer, startMcpServer } from '../support/mcp-server.ts';
import { runMcpSurge } from '../support/run-command.ts';
import { testContext } from '../support/run-context.ts';
import { createdRun, endedRun, reportOfRun } from '../support/whole-run.ts';

const APP_ID = '00000000-0000-0000-0000-00000000aaaa';
const TARGET_ID = '00000000-0000-0000-0000-00000000bbbb';
const SCOPE = 'api://target/.default';
const VAULT = 'https://vault.azure.net/.default';

type IdentityEndpoint = {
  /** Requests so far, as `client id or none, resource`. */
  readonly asked: string[];
  /** The environment in which the Azure library uses it. */
  readonly env: Readonly<Record<string, string>>;
};

/** An identity endpoint like App Service's. Its tokens name who asked for what, but those for `api://alias` open a vault. */
async function startIdentityEndpoint(t: Owner): Promise<IdentityEndpoint> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://localhost');
    const [resource, client = 'none'] = [searchParams.get('resource'), searchParams.get('client_id') ?? undefined];
    asked.push(`${client}, ${resource}`);
    const payload = Buffer.from(
      JSON.stringify({ aud: resource === 'api://alias' ? VAULT : resource, sub: client }),
    ).toString('base64url');
    const token = { access_token: `e30.${payload}.x`, token_type: 'Bearer', resource, client_id: client };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ...token, expires_on: `${Math.floor(Date.now() / 1000) + 3600}` }));
  });
  const { port } = await listenDuring(t, server);
  const env = { IDENTITY_ENDPOINT: `http://127.0.0.1:${port}/msi/token`, IDENTITY_HEADER: 'x', NO_PROXY: '127.0.0.1' };
  return { asked, env };
}

async function startTarget(t: TestContext): Promise<McpServer> {
  const target = await startMcpServer(legacyServer);
  t.after(() => target.close());
  return target;
}

/** The subjects and audiences of the tokens that a target got. */
function tokensAt(target: McpServer): string[] {
  const tokens = target.incoming.flatMap(({ headers: { authorization } }) => authorization ?? []);
  return [...new Set(tokens)].map((token) => {
    const { sub, aud } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
      string,
      string
    >;
    return `${sub}, ${aud}`;
  });
}

function planFor(target: McpServer, auth: object): string {
  return planText({
    target: { url: `${target.origin}/mcp`, protocol: '2025-11-25', allowWrites: ['look'], auth },
    scenario: { executor: 'per-vu-iterations', vus: 1, iterations: 1, duration: undefined },
    plan: { generator: { maxEventLoopDelay: '10s', maxStartDelay: '30s' } },
  });
}

function aPlanWith(target: McpServer, auth: Auth): Plan {
  const plan = aPlan({ target: { url: `${target.origin}/mcp`, protocol: '2025-11-25', allowWrites: ['look'] } });
  return { ...plan, targets: { web: { ...(plan.targets.web ?? assert.fail()), auth } } };
}

/** A run that another process has created, and perhaps preflighted, with these credentials in its stored plan. */
async function storedRun(target: McpServer, auth: Auth, { preflighted }: { readonly preflighted: boolean }) {
  const open = testContext();
  const runId = await createdRun(open, planFor(target, { type: 'none' }));
  if (preflighted) assert.ok('schedule' in (await preflight(open, runId, 'open')));
  await writePlan(open.store, runId, aPlanWith(target, auth));
  return { store: open.store, runId };
}

const SETTING_FOR: Readonly<Record<string, string>> = {
  'no-identity': 'SURGE_TARGET_CLIENT_ID',
  scope: 'SURGE_ALLOWED_SCOPES',
};

/** What the app allows with these settings, in addition to this machine. */
function appPolicy(settings: Record<string, string>): RunContext['policy'] {
  return policyOf(readSettings({ SURGE_ALLOW_LOOPBACK: 'true', AZURE_CLIENT_ID: APP_ID, ...settings }));
}

const ALLOWED = { SURGE_TARGET_CLIENT_ID: TARGET_ID, SURGE_ALLOWED_SCOPES: `${SCOPE},${VAULT}` };

describe('tokens of Microsoft Entra for a target', () => {
  // One for all tests: the library remembers where the identity endpoint of the process is.
  const closing: (() => Promise<void>)[] = [];
  const environment = { ...process.env };
  let identity: IdentityEndpoint;
  before(async () => {
    identity = await startIdentityEndpoint({ after: (close) => closing.push(close) });
    Object.assign(process.env, identity.env, { AZURE_CLIENT_ID: APP_ID });
  });
  beforeEach(() => identity.asked.splice(0));
  after(async () => {
    process.env = environment;
    for (const close of closing) await close();
  });

  it('come from the identity for targets, for a scope that the operator lists', async (t) => {
    const target = await startTarget(t);
    const context = testContext({ policy: appPolicy(ALLOWED) });
    const report = await reportOfRun(context, planFor(target, { type: 'entra', scope: SCOPE }));
    assert.equal(report.totals.useful, 1);
    assert.deepEqual(identity.asked, [`${TARGET_ID}, api://target`]);
    assert.deepEqual(tokensAt(target), [`${TARGET_ID}, api://target`]);
  });

  for (const { name, settings, scope, codes } of [
    { name: 'no setting', settings: {}, scope: SCOPE, codes: ['no-identity', 'scope'] },
    { name: 'no scope', settings: { SURGE_TARGET_CLIENT_ID: TARGET_ID }, scope: SCOPE, codes: ['scope'] },
    { name: 'no identity', settings: { SURGE_ALLOWED_SCOPES: SCOPE }, scope: SCOPE, codes: ['no-identity'] },
    { name: 'the scope of the key vault', settings: ALLOWED, scope: VAULT, codes: ['forbidden-scope'] },
  ]) {
    it(`are refused with ${name} when the run is created, in its preflight and in its slices`, async (t) => {
      const target = await startTarget(t);
      const policy = appPolicy(settings);
      const auth = { type: 'entra', scope } as const;
      const created = await createRun(testContext({ policy }), { text: planFor(target, auth), trigger: 'http' });
      // The scope of a vault is not even valid in a plan; a plan that was stored by an older version may have it.
      if (scope === VAULT) assert.equal(created.outcome, 'invalid');
      else assert.deepEqual(created.outcome === 'not-allowed' && created.refusals.map(({ code }) => code), codes);

      const sentences = policyRefusals(aPlanWith(target, auth), policy).map((each) => refusalSentence(each, policy));
      const fresh = await storedRun(target, auth, { preflighted: false });
      const found = await preflight(testContext({ policy, store: fresh.store }), fresh.runId, 'a');
      assert.deepEqual('problems' in found && found.problems.map(problemText), sentences);
      const ready = await storedRun(target, auth, { preflighted: true });
      const context = testContext({ policy, store: ready.store });
      await assert.rejects(
        runSlice(context, {
          runId: ready.runId,
          lane: 0,
          window: 0,
          attempt: 0,
          holder: 'a',
          endAtMs: Date.now() + 10_000,
        }),
        {
          message: `The policy of this process refuses run ${ready.runId}: ${sentences.join(' ')}`,
        },
      );
      assert.deepEqual(
        codes.map((code) => policy.howToAllow[code as RefusalCode]?.match(/SURGE_\w+/)?.[0]).join(),
        codes.map((code) => SETTING_FOR[code]).join(),
      );
      assert.deepEqual(identity.asked, []);
      assert.deepEqual(tokensAt(target), []);
    });
  }

  it('are not sent when their audience is a service of Azure, whatever the scope was', async (t) => {
    const target = await startTarget(t);
    const policy = appPolicy({ ...ALLOWED, SURGE_ALLOWED_SCOPES: 'api://alias/.default' });
    const auth = { type: 'entra', scope: 'api://alias/.default' };
    const { problems } = await endedRun(testContext({ policy }), planFor(target, auth));
    assert.match(
      problems.join(),
      /issued a token for https:\/\/vault\.azure\.net\/\.default although the scope is api:\/\/alias/,
    );
    assert.deepEqual(identity.asked, [`${TARGET_ID}, api://alias`]);
    assert.deepEqual(tokensAt(target), []);
  });
});

describe('tokens of Microsoft Entra on the command line', () => {
  const folder = async (t: TestContext) => {
    const cwd = await mkdtemp(join(tmpdir(), 'mcp-surge-entra-'));
    t.after(() => rm(cwd, { recursive: true, force: true }));
    return cwd;
  };

  for (const { name, args = [], env = {}, code, says = /./, tokens = [] } of [
    { name: 'no option', code: 104, says: /pass --entra-login.*\n.*pass --allow-scope SCOPE/ },
    { name: 'a scope alone', args: ['--allow-scope', SCOPE], code: 104, says: /web\.auth\.type: .*pass --entra-login/ },
    { name: 'the login alone', args: ['--entra-login'], code: 104, says: /web\.auth\.scope: .*which is empty/ },
    {
      name: 'both options',
      args: ['--allow-scope', SCOPE, '--entra-login'],
      code: 0,
      tokens: ['none, api://target'],
    },
    {
      name: 'a managed identity',
      args: ['--allow-scope', SCOPE],
      env: { SURGE_TARGET_CLIENT_ID: TARGET_ID },
      code: 0,
      tokens: [`${TARGET_ID}, api://target`],
    },
    {
      name: 'the identity of the app itself',
      args: ['--allow-scope', SCOPE],
      env: { SURGE_TARGET_CLIENT_ID: TARGET_ID, AZURE_CLIENT_ID: TARGET_ID },
      code: 2,
      says: /SURGE_TARGET_CLIENT_ID: expected an identity of its own/,
    },
  ] as const) {
    it(`are ${code === 0 ? 'sent' : 'refused'} with ${name}`, async (t) => {
      const [identity, target, cwd] = [await startIdentityEndpoint(t), await startTarget(t), await folder(t)];
      await writeFile(join(cwd, 'plan.json'), planFor(target, { type: 'entra', scope: SCOPE }));
      const result = await runMcpSurge(['run', 'plan.json', '--out', 'out', ...args], {
        cwd,
        env: { ...identity.env, ...env },
      });
      assert.equal(result.code, code, result.stderr);
      assert.match(`${result.stderr}${result.stdout}`, says);
      assert.deepEqual(tokensAt(target), tokens);
      assert.deepEqual(identity.asked, tokens);
    });
  }
});
