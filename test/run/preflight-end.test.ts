import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import { problemText } from '../../src/plan/problem.ts';
import { preflight } from '../../src/run/preflight.ts';
import { readRun } from '../../src/run/run-documents.ts';
import { DEFAULT_DEAD_AFTER_MS, timingOf } from '../../src/run/timing.ts';
import { environmentSecrets } from '../../src/secrets/open-secrets.ts';
import { planText } from '../support/a-plan.ts';
import { listenDuring, type Owner } from '../support/loopback-server.ts';
import { type Answer, jsonResult, legacyServer, startMcpServer } from '../support/mcp-server.ts';
import { testContext } from '../support/run-context.ts';
import { createdRun, endedRun } from '../support/whole-run.ts';

const silent: Answer = () => undefined;
const slowPage: Answer = ({ id, socket }) => {
  setTimeout(() => socket.writable && socket.write(jsonResult(id, { tools: [], nextCursor: `${id}` })), 30);
  return undefined;
};
/** A target that does not go on at some point of a preflight, with what is then waited for. */
const STALLS: readonly (readonly [what: string, answers: Record<string, Answer>, operation: string])[] = [
  ['never answers', { 'server/discover': silent }, 'server/discover'],
  ['does not answer initialize', { initialize: silent }, 'initialize'],
  ['does not answer the list of its tools', { 'tools/list': silent }, 'tools/list'],
  ['lists many pages of tools slowly', { 'tools/list': slowPage }, 'tools/list'],
];

/** A context whose preflights may take this long. */
function contextWith(preflightMs: number) {
  const timing = { ...timingOf(DEFAULT_DEAD_AFTER_MS), preflightMs, pollMs: 20 };
  return testContext({ timing, secrets: environmentSecrets({ SURGE_SECRET_OURS: 'secret' }) });
}

async function planFor(owner: Owner, answers: Record<string, Answer>, target: object = {}): Promise<string> {
  const server = await startMcpServer({ 'server/discover': () => '', ...legacyServer, ...answers });
  owner.after(() => server.close());
  const protocol = 'server/discover' in answers ? 'auto' : '2025-11-25';
  return planText({ target: { url: `${server.origin}/mcp`, protocol, allowWrites: ['look'], ...target } });
}

describe('a preflight whose target', () => {
  for (const [what, answers, operation] of STALLS) {
    it(`${what} ends at its limit, and says what it waited for`, { timeout: 10_000 }, async (t) => {
      const { problems } = await endedRun(contextWith(300), await planFor(t, answers));
      assert.equal(problems.length, 1, problems.join('\n'));
      const expected = new RegExp(
        `^targets\\.web: preflight took longer than 0\\.3 s in all, and was waiting for ${operation} at http://127`,
      );
      assert.match(problems[0] ?? '', expected);
    });

    it(`${what} ends at once when the run is stopped, as a stopped run`, { timeout: 10_000 }, async (t) => {
      const context = contextWith(60_000);
      const runId = await createdRun(context, await planFor(t, answers));
      const startMs = performance.now();
      const found = preflight(context, runId, 'us');
      setTimeout(() => void context.store.updateRun(runId, { stopRequested: true }), 100);
      const result = await found;
      assert.ok(performance.now() - startMs < 2000, `${performance.now() - startMs} ms`);
      assert.ok('schedule' in result && result.stopRequested, JSON.stringify(result));
    });
  }

  it('waits for a token that never comes ends at its limit', { timeout: 10_000 }, async (t) => {
    const { port } = await listenDuring(t, createServer());
    const auth = {
      type: 'client-credentials',
      clientId: 'us',
      clientSecret: 'ours',
      tokenUrl: `http://127.0.0.1:${port}/`,
    };
    const { problems } = await endedRun(contextWith(300), await planFor(t, {}, { auth }));
    assert.match(
      problems.join('\n'),
      /preflight took longer than 0\.3 s in all, and was waiting for an access token\. Find out/,
    );
  });

  it('never answers DELETE waits for it for two seconds only', { timeout: 10_000 }, async (t) => {
    const context = contextWith(60_000);
    const runId = await createdRun(context, await planFor(t, { DELETE: silent }));
    const startMs = performance.now();
    const result = await preflight(context, runId, 'us');
    const tookMs = performance.now() - startMs;
    assert.ok(tookMs > 1900 && tookMs < 4000, `${tookMs} ms`);
    assert.ok('schedule' in result, JSON.stringify(result));
  });

  it('never answers also ends when the run has failed meanwhile', { timeout: 10_000 }, async (t) => {
    const context = contextWith(60_000);
    const runId = await createdRun(context, await planFor(t, { initialize: silent }));
    const problems = [{ path: '', message: 'it was terminated' }];
    setTimeout(() => void context.store.updateRun(runId, { state: 'failed', problems }), 100);
    const result = await preflight(context, runId, 'us');
    assert.ok('problems' in result);
    assert.deepEqual(result.problems.map(problemText), ['it was terminated']);
    assert.equal((await readRun(context.store, runId)).state, 'failed');
  });
});
