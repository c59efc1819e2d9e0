import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EXIT_CODE } from '../../src/cli/command-context.ts';
import { renderText } from '../../src/report/text/text.ts';
import { type Answer, legacyServer, startMcpServer } from '../support/mcp-server.ts';
import { chunkOf, httpReply, openStream } from '../support/raw-http.ts';
import { runPlan } from './run-plan.ts';

/** The generator's rules do not matter here, and a busy machine would break them. */
const LENIENT = {
  generator: { maxEventLoopDelay: '5s', maxStartDelay: '10s', maxCpu: 8, maxMissedStarts: 1, maxLateStarts: 1 },
};
const THRESHOLDS = {
  useful_rate: ['rate>0.75'],
  mcp_failures: ['rate<0.25'],
  mcp_request_duration: ['p(95)<1000'],
};
const LOOK = { steps: [{ tool: 'look' }], gracefulStop: '300ms' };
const CONSTANT = { executor: 'constant-vus', vus: 3, duration: '1s', ...LOOK };
const seen = { content: [{ type: 'text', text: 'seen' }] };

/** Opens the stream of the answer and keeps it alive, without the answer. */
const pings: Answer = ({ socket }) => {
  const timer = setInterval(() => socket.write(chunkOf(': ping\n\n')), 50);
  socket.once('close', () => clearInterval(timer));
  return openStream(': ping\n\n');
};

type LyingServer = {
  readonly call: Answer;
  readonly scenario: object;
  /** The first line of the text report. */
  readonly first: RegExp;
  /** Thresholds that are not met. */
  readonly broken: readonly string[];
};

const ALL = Object.keys(THRESHOLDS);
const SERVERS: Readonly<Record<string, LyingServer>> = {
  'never answers a call': {
    call: () => undefined,
    scenario: CONSTANT,
    first: /^✗ FAILED: tools\/call:look of web: none of 3 calls was answered \(longest wait 1\.\d s\)\.$/,
    broken: ALL,
  },
  'keeps the streams of its answers alive and never answers': {
    call: pings,
    scenario: CONSTANT,
    first: /^✗ FAILED: tools\/call:look of web: none of 3 calls was answered \(longest wait 1\.\d s\)\.$/,
    broken: ALL,
  },
  'never answers calls that come at a rate': {
    call: () => undefined,
    scenario: { executor: 'constant-arrival-rate', rate: 10, duration: '1s', preAllocatedVUs: 10, ...LOOK },
    first: /^✗ FAILED: tools\/call:look of web: none of 10 calls was answered \(longest wait 1\.\d s\)\.$/,
    broken: ALL,
  },
  'fails every call, between handshakes that work': {
    call: () => httpReply(500, [], 'boom'),
    scenario: { ...CONSTANT, sessions: { reuse: 'call' }, thinkTime: { type: 'constant', duration: '50ms' } },
    first: /^✗ FAILED: tools\/call:look of web: none of \d+ calls was useful \(\d+ HTTP_500\)\.$/,
    broken: [...ALL],
  },
};

describe('a server that', () => {
  for (const [name, { call, scenario, first, broken }] of Object.entries(SERVERS)) {
    it(`${name} fails the run, whose first line names the operation`, { timeout: 20_000 }, async (t) => {
      const server = await startMcpServer(legacyServer, { 'tools/call': call });
      t.after(() => server.close());
      const { report } = await runPlan(server.origin, { calls: scenario }, { ...LENIENT, thresholds: THRESHOLDS });
      const [line = ''] = renderText(report, { width: 200 }).split('\n');
      assert.match(line, first);
      assert.equal(EXIT_CODE[report.verdict.status], 99);
      assert.deepEqual(
        report.thresholds.filter(({ ok }) => !ok).map(({ metric }) => metric),
        broken,
      );
      const look = report.operations[0] ?? assert.fail();
      assert.deepEqual([look.operation, look.kind, look.useful], ['tools/call:look', 'step', 0]);
      assert.equal(look.count, server.of('tools/call').length, 'as the server counted');
      assert.deepEqual([report.totals.requests, report.totals.failures], [look.count, look.count]);
      assert.ok(report.protocol.requests > 0 && report.protocol.failures === 0, JSON.stringify(report.protocol));
    });
  }

  it('answers half of its sessions and hangs in the others is shown with the waits of those', async (t) => {
    let calls = 0;
    const hanging = new Set<unknown>();
    const server = await startMcpServer(legacyServer, {
      'tools/call': ({ socket }) => {
        if (calls++ % 2 === 1) hanging.add(socket);
        return hanging.has(socket) ? undefined : seen;
      },
    });
    t.after(() => server.close());
    const scenario = { executor: 'per-vu-iterations', vus: 20, iterations: 1, maxDuration: '1s', ...LOOK };
    const { report } = await runPlan(server.origin, { calls: scenario }, { ...LENIENT, thresholds: THRESHOLDS });
    const look = report.operations[0] ?? assert.fail();
    assert.deepEqual([look.count, look.useful, look.failures, look.withoutAnswer], [20, 10, 10, 10]);
    assert.ok((look.longestWaitMs ?? 0) > 800, `${look.longestWaitMs} ms`);
    assert.ok((look.latencyMs?.p95 ?? 0) > 800 && look.latencyMs?.atLeast?.includes('p95'));
    assert.deepEqual(
      report.thresholds.map(({ ok }) => ok),
      [false, false, false],
    );
    assert.equal(report.verdict.status, 'fail');
    assert.deepEqual(
      report.failures.map(({ outcome, count }) => [outcome, count]),
      [['TMO_GRACEFUL_STOP', 10]],
    );
  });
});

it('a server that opens no more sessions after some fails the thresholds of the steps', async (t) => {
  let opened = 0;
  const server = await startMcpServer(legacyServer, {
    initialize: () => {
      // Preflight opens one of its own.
      if (opened++ > 5) return httpReply(503, [], 'full');
      return { protocolVersion: '2025-11-25', capabilities: { tools: {} } };
    },
  });
  t.after(() => server.close());
  const scenario = { executor: 'constant-arrival-rate', rate: 20, duration: '1s', preAllocatedVUs: 20, ...LOOK };
  const sessions = { reuse: 'call' };
  const plan = { ...LENIENT, thresholds: { useful_rate: ['rate>0.75'], mcp_failures: ['rate<0.25'] } };
  const { report } = await runPlan(server.origin, { calls: { ...scenario, sessions } }, plan);
  const { totals, verdict, thresholds } = report;
  assert.deepEqual([totals.requests, totals.useful, totals.failures], [5, 5, 0]);
  assert.ok((totals.blocked ?? 0) > 5 && report.protocol.failures === totals.blocked, `${totals.blocked} blocked`);
  assert.equal(verdict.status, 'fail');
  assert.deepEqual(
    thresholds.map(({ ok }) => ok),
    [false, false],
  );
});

it('a run without thresholds is unjudged, with the share of useful requests', async (t) => {
  let calls = 0;
  const server = await startMcpServer(legacyServer, {
    'tools/call': () => (calls++ === 0 ? seen : httpReply(500, [], 'boom')),
  });
  t.after(() => server.close());
  const scenario = { executor: 'shared-iterations', vus: 1, iterations: 10, ...LOOK };
  const { report } = await runPlan(server.origin, { calls: scenario }, LENIENT);
  assert.deepEqual(report.verdict, {
    status: 'unjudged',
    reasons: [
      'The plan has no thresholds: 10 % of 10 requests were useful; the worst operation was tools/call:look of web with 10 %.',
    ],
  });
  assert.equal(EXIT_CODE[report.verdict.status], 0);
});
