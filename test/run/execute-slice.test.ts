import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { problemText } from '../../src/plan/problem.ts';
import { layoutOf, sliceOf } from '../../src/plan/slices.ts';
import { type ExecutedSlice, executeSlice } from '../../src/run/execute-slice.ts';
import { LoadEnd } from '../../src/run/load-end.ts';
import { probeTarget } from '../../src/run/probe-target.ts';
import type { RunContext } from '../../src/run/run-context.ts';
import { SentRequests } from '../../src/run/sent-requests.ts';
import { SliceWriter } from '../../src/run/slice-writer.ts';
import { environmentSecrets } from '../../src/secrets/open-secrets.ts';
import { Fence } from '../../src/traffic/fence.ts';
import { issued, startAuthRig } from '../mcp/auth/auth-rig.ts';
import { aPlan, type PlanParts } from '../support/a-plan.ts';
import { legacyServer, startMcpServer } from '../support/mcp-server.ts';
import { testContext } from '../support/run-context.ts';

const RUN_ID = '20261123-120000000-00000000';

/** Runs a plan's only slice now, as if preflight had found nothing. */
async function runSlice(context: RunContext, parts: PlanParts): Promise<ExecutedSlice['figures']> {
  const plan = aPlan(parts);
  const slice = sliceOf(layoutOf(plan, context.sizing), context.clock.now(), 0, 0);
  const writer = new SliceWriter(context, { runId: RUN_ID, sliceId: slice.sliceId, attemptId: 'a' });
  const end = new LoadEnd(context.clock, new Fence(context.clock.now(), 60_000, 'no proof'));
  const load = { plan, slice, targets: [], takeover: false, isLate: false, writer, end, sent: new SentRequests() };
  const { figures, recorder } = await executeSlice(context, load);
  await writer.close(recorder, context.clock.now());
  return figures;
}

const cpuSecondsOf = ({ user, system } = process.cpuUsage()) => (user + system) / 1e6;

/** Keeps the processor and the event loop busy. @returns for how long, and the CPU time that it took, milliseconds */
function block(ms: number): { readonly wallMs: number; readonly cpuMs: number } {
  const [fromMs, cpuBefore] = [performance.now(), cpuSecondsOf()];
  while (performance.now() - fromMs < ms);
  return { wallMs: performance.now() - fromMs, cpuMs: (cpuSecondsOf() - cpuBefore) * 1000 };
}

describe('the health of a slice', () => {
  it('shows a blocked event loop as the largest delay, and CPU time of the load and of the process before', async (t) => {
    let blocked = { wallMs: 0, cpuMs: 0 };
    const server = await startMcpServer(legacyServer, {
      'tools/call': () => {
        // The server is in this process, so it blocks the slice as well.
        if (blocked.wallMs === 0) blocked = block(300);
        return { content: [] };
      },
    });
    t.after(() => server.close());
    const scenario = { duration: '2s', thinkTime: { type: 'constant', duration: '20ms' } };
    const target = { url: `${server.origin}/mcp`, protocol: '2025-11-25', allowWrites: ['look'] };
    const [cpuBefore, fromMs] = [cpuSecondsOf(), performance.now()];
    const health = await runSlice(testContext(), { target, scenario });
    const [cpuAfter, wallMs] = [cpuSecondsOf(), performance.now() - fromMs];

    const { p99, max } = health.eventLoopDelayMs;
    assert.ok(p99 !== null && max !== null);
    // The monitor ticks every 10 ms, and the block can begin right before a tick.
    assert.ok(max > blocked.wallMs - 15 && max < wallMs, `${max} ms, blocked for ${blocked.wallMs} of ${wallMs} ms`);
    assert.ok(p99 >= 0 && p99 <= max, `p99 ${p99} ms, max ${max} ms`);
    const { cpuSeconds, cpuFromSeconds, wallSeconds } = health;
    assert.ok(cpuSeconds * 1000 >= blocked.cpuMs, `${cpuSeconds} s, of which the block took ${blocked.cpuMs} ms`);
    assert.ok(cpuSeconds <= cpuAfter - cpuBefore, `${cpuSeconds} s of ${cpuAfter - cpuBefore} s`);
    assert.ok(cpuFromSeconds >= cpuBefore, `from ${cpuFromSeconds} s, the process had used ${cpuBefore} s`);
    assert.ok(cpuFromSeconds + cpuSeconds <= cpuAfter, `${cpuFromSeconds} s and ${cpuSeconds} s of ${cpuAfter} s`);
    const loadMs = wallSeconds * 1000;
    assert.ok(loadMs >= blocked.wallMs && loadMs <= wallMs, `${loadMs} ms of ${wallMs} ms`);
  });
});

describe('an access token that a target echoes', () => {
  const TOKEN = 'issued-token-of-this-run';

  /** A target that refuses every request, and shows the token that came with it. */
  async function startEchoingTarget(t: TestContext) {
    const rig = await startAuthRig(({ path, headers }) =>
      path === '/token' ? issued(TOKEN) : { status: 500, body: `no ${headers.authorization}` },
    );
    t.after(() => rig.close());
    const auth = {
      type: 'client-credentials',
      tokenUrl: `${rig.origin}/token`,
      clientId: 'me',
      clientSecret: 'secret',
    };
    const context = testContext({ secrets: environmentSecrets({ SURGE_SECRET_SECRET: 'client-secret' }) });
    return { context, target: { url: `${rig.origin}/mcp`, protocol: '2025-11-25', auth } };
  }

  it('is redacted from the messages of samples', async (t) => {
    const { context, target } = await startEchoingTarget(t);
    const scenario = { executor: 'per-vu-iterations', duration: undefined, iterations: 1 };
    await runSlice(context, { target, scenario });
    const messages: string[] = [];
    for await (const { examples } of context.store.readBlocks(RUN_ID, 'w0000-l0000', 'a')) {
      messages.push(...examples.map(({ message }) => message));
    }
    assert.ok(messages.length > 0);
    for (const message of messages) {
      assert.match(message, /no Bearer \[redacted\]/);
      assert.ok(!message.includes(TOKEN), message);
    }
  });

  it('is redacted from the problems that preflight finds', async (t) => {
    const { context, target } = await startEchoingTarget(t);
    const { problems } = await probeTarget(context, aPlan({ target }), 'web');
    const text = problems.map(problemText).join();
    assert.match(text, /no Bearer \[redacted\]/);
    assert.ok(!text.includes(TOKEN), text);
  });
});
