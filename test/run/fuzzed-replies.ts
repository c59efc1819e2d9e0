import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { callTool, compileSoftErrors, judgeToolResult, textOfTool } from '../../src/mcp/operations/call-tool.ts';
import { probeTarget } from '../../src/run/probe-target.ts';
import { captureInto, compileJudge } from '../../src/scenario/checks.ts';
import { compileCapture } from '../../src/scenario/values.ts';
import { aPlan } from '../support/a-plan.ts';
import { httpReply } from '../support/raw-http.ts';
import { testContext } from '../support/run-context.ts';
import { type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';
import { CALLER, openSessionRig } from '../support/session-rig.ts';
import { goodReply, type OddReply, oddReplies } from './odd-replies.ts';

/** How long a request may take, and how long a whole session with all its requests may take on a busy machine. */
const TIMEOUTS = { total: '120ms', headers: '120ms', idle: '80ms' };
const MOST_SECONDS = 15;

const PLACE = { target: 'target', scenario: 'fuzz', operation: 'tools/call:look', step: 0 };
const CHECKS = [
  { contains: 'a' },
  { matches: '(a|b)+' },
  { pointer: '/structuredContent/id', equals: 'a1' },
  { schema: { type: 'object' } },
] as const;

/** A call with everything that a plan can do with a result. */
function fuzzedCall() {
  const softErrors = compileSoftErrors([{ pattern: '^no', outcome: 'TOOL_SOFT_ERROR' }]);
  const checked = compileJudge((result, tool) => judgeToolResult(result, softErrors, tool), textOfTool, CHECKS, PLACE);
  const captures = [
    compileCapture('id', { pointer: '/structuredContent' }, true),
    compileCapture('m', { matches: '(a+)' }, false),
  ];
  return callTool('look', captureInto(new Map(), checked, textOfTool, captures), true)('{"q":"x"}');
}

/** A server that sends one odd reply after the other, and valid ones after that. */
async function startOddServer(): Promise<{
  readonly server: ScriptedServer;
  play(script: readonly (OddReply | undefined)[]): void;
}> {
  let next: (OddReply | undefined)[] = [];
  const server = await startScriptedServer((socket, { head, body }) => {
    if (head.startsWith('DELETE')) return void socket.write(httpReply(200, [], ''));
    const rpc = JSON.parse(body === '' ? '{"method":"GET"}' : Buffer.from(body, 'latin1').toString('utf8')) as {
      method?: string;
      id?: unknown;
    };
    if (rpc.method === undefined || rpc.method.startsWith('notifications/'))
      return void socket.write(httpReply(202, [], ''));
    const odd = next.shift();
    if (odd === undefined && rpc.method === 'GET') return void socket.write(httpReply(405, [], ''));
    socket.write(Buffer.from((odd ?? goodReply)(rpc.method, rpc.id, false), 'latin1'));
  });
  return {
    server,
    play: (script) => {
      next = [...script];
    },
  };
}

/** The seed and the number of runs: those of FUZZ_SEED and FUZZ_RUNS, printed so that a failure can be repeated. */
function parametersOf(t: TestContext, runs: number): { readonly seed: number; readonly numRuns: number } {
  const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const numRuns = Number(process.env.FUZZ_RUNS ?? runs);
  t.diagnostic(`FUZZ_SEED=${seed} FUZZ_RUNS=${numRuns} repeats this`);
  return { seed, numRuns };
}

/** Opens sessions of both eras and calls a tool, whatever the server replies. */
export async function fuzzSessions(t: TestContext, runs: number): Promise<void> {
  const { server, play } = await startOddServer();
  t.after(() => server.close());
  const warned = t.mock.method(console, 'error', () => {});
  const outcomes = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(oddReplies, fc.boolean(), fc.boolean(), async (script, isModern, eventStream) => {
      play(script);
      const closing: (() => Promise<void>)[] = [];
      const owner = { after: (close: () => Promise<void>) => closing.push(close), passed: true };
      const started = performance.now();
      const target = {
        url: `${server.origin}/mcp`,
        timeouts: TIMEOUTS,
        eventStream,
        elicitation: 'defaults',
        maxReplyBytes: 300_000,
      };
      const rig = await openSessionRig(owner, target);
      const session = isModern ? rig.modern() : rig.legacy();
      const opened = await session.open(CALLER);
      if (!('failed' in opened)) await session.request(fuzzedCall(), CALLER);
      await session.close(CALLER);
      rig.ended.abort();
      await rig.close();
      for (const { outcome } of rig.exchanges) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      assert.ok(performance.now() - started < MOST_SECONDS * 1000, 'it took too long');
      assert.equal(warned.mock.callCount(), 0, String(warned.mock.calls[0]?.arguments[1]));
    }),
    { ...parametersOf(t, runs), interruptAfterTimeLimit: undefined } as never,
  );
  t.diagnostic(
    [...outcomes]
      .toSorted((a, b) => b[1] - a[1])
      .map(([outcome, count]) => `${count} ${outcome}`)
      .join(', '),
  );
}

/** Compares a plan with what a server says of itself, whatever that is. */
export async function fuzzPreflight(t: TestContext, runs: number): Promise<void> {
  const { server, play } = await startOddServer();
  t.after(() => server.close());
  t.mock.method(console, 'error', () => {});
  const plan = aPlan({
    target: { url: `${server.origin}/mcp`, timeouts: TIMEOUTS, maxReplyBytes: 300_000 },
    scenario: {
      steps: [
        { tool: 'look', arguments: { q: 'x', n: [1, { a: '{{$uuid}}' }] } },
        { prompt: 'brief', arguments: { x: 'y' } },
        { resource: 'a:b' },
        { complete: { resource: 'a:{b}', argument: { name: 'b', value: 'c' } } },
      ],
    },
  });
  await fc.assert(
    fc.asyncProperty(oddReplies, async (script) => {
      play(script);
      const started = performance.now();
      const { problems, warnings } = await probeTarget(testContext(), plan, 'web');
      for (const each of [...problems, ...warnings])
        assert.ok(JSON.stringify(each).length < 4000, JSON.stringify(each));
      assert.ok(performance.now() - started < MOST_SECONDS * 1000, 'it took too long');
    }),
    parametersOf(t, runs),
  );
}
