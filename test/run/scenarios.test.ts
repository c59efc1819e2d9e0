import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderText } from '../../src/report/text/text.ts';
import { preflight } from '../../src/run/preflight.ts';
import { runSlice } from '../../src/run/run-slice.ts';
import { timingOf } from '../../src/run/timing.ts';
import { type Answer, jsonResult, legacyServer, openWithoutSession, startMcpServer } from '../support/mcp-server.ts';
import { testContext } from '../support/run-context.ts';
import { sliceRequest } from '../support/slice-request.ts';
import { createRunOf, runPlan } from './run-plan.ts';

const TOOLS: Record<string, Answer> = {
  'tools/list': () => ({ tools: [{ name: 'look' }, { name: 'hang' }] }),
  'tools/call': ({ params }) =>
    params.name === 'hang' ? undefined : { content: [{ type: 'text', text: 'seen' }], structuredContent: { id: 42 } },
};
const open = () => startMcpServer(legacyServer, TOOLS);
const LOOK = { steps: [{ tool: 'look' }] };
const ITERATIONS = { executor: 'per-vu-iterations', vus: 2, iterations: 3 };

describe('the sessions of a plan, as the server sees them', () => {
  // Preflight opens and closes one of its own.
  const count = (methods: string[], method: string) => methods.filter((one) => one === method).length;
  const plans: [name: string, scenario: object, opened: number, deleted: number, calls: number][] = [
    ['are one for each virtual user', { ...ITERATIONS, ...LOOK }, 2, 2, 6],
    ['are one for each iteration', { ...ITERATIONS, ...LOOK, sessions: { reuse: 'iteration' } }, 6, 6, 6],
    [
      'are one for each call',
      { ...ITERATIONS, ...LOOK, callsPerIteration: 2, sessions: { reuse: 'call' } },
      12,
      12,
      12,
    ],
    ['are abandoned', { ...ITERATIONS, ...LOOK, sessions: { reuse: 'iteration', close: 'abandon' } }, 6, 0, 6],
    ['are only opened and closed', { ...ITERATIONS, steps: [], sessions: { reuse: 'iteration' } }, 6, 6, 0],
    ['are held open', { executor: 'constant-vus', vus: 5, duration: '1s', steps: [] }, 5, 5, 0],
  ];
  for (const [name, scenario, opened, deleted, calls] of plans) {
    it(name, { timeout: 10_000 }, async (t) => {
      const server = await open();
      t.after(() => server.close());
      const { samples } = await runPlan(server.origin, { some: scenario });
      const methods = server.methods();
      assert.deepEqual(
        ['initialize', 'DELETE', 'tools/call'].map((method) => count(methods, method)),
        [opened + 1, deleted + 1, calls],
      );
      const sessions = samples.filter(({ kind }) => kind === 'session');
      assert.deepEqual([sessions.length, new Set(sessions.map(({ outcome }) => outcome))], [opened, new Set(['OK'])]);
      const requests = samples.filter(({ operation }) => operation === 'tools/call:look');
      assert.equal(requests.filter(({ first }) => first).length, calls === 0 ? 0 : opened);
      if (name === 'are held open')
        assert.ok(
          sessions.every(({ durationMs }) => durationMs > 700),
          JSON.stringify(sessions),
        );
    });
  }
});

it('counts no sessions that the server never saw, and says that it is stateless', async (t) => {
  const server = await startMcpServer(legacyServer, { ...TOOLS, initialize: openWithoutSession });
  t.after(() => server.close());
  const { samples, report } = await runPlan(server.origin, { some: { ...ITERATIONS, ...LOOK } });
  assert.equal(report.totals.iterations, 6);
  assert.deepEqual(
    samples.filter(({ kind }) => kind === 'session'),
    [],
  );
  assert.deepEqual(report.sessions, []);
  assert.match(renderText(report), /\nSessions\n {2}web is stateless: it keeps no sessions\.\n/);
});

describe('a scenario', () => {
  it('uses a value of one reply in the next call; a reply without it ends in TOOL_CAPTURE', async (t) => {
    const server = await open();
    t.after(() => server.close());
    const using = (pointer: string) => [
      { tool: 'look', capture: { id: { pointer } } },
      { tool: 'look', arguments: { id: '{{id}}', text: 'no. {{id}}' } },
    ];
    const { samples, report } = await runPlan(server.origin, {
      found: { ...ITERATIONS, vus: 1, order: 'fixed', steps: using('/structuredContent/id') },
      missing: { ...ITERATIONS, vus: 1, order: 'fixed', steps: using('/structuredContent/nope') },
    });
    const used = server.of('tools/call').flatMap(({ params }) => {
      const args = params.arguments as Record<string, unknown>;
      return Object.keys(args).length === 0 ? [] : [args];
    });
    assert.deepEqual(
      used,
      Array.from({ length: 3 }, () => ({ id: 42, text: 'no. 42' })),
    );
    assert.deepEqual(
      report.failures.map(({ outcome, count }) => [outcome, count]),
      [['TOOL_CAPTURE', 3]],
    );
    const iterations = samples.filter(({ kind }) => kind === 'iteration');
    assert.deepEqual(
      ['found', 'missing'].map((name) =>
        iterations.filter(({ operation }) => operation === name).map(({ outcome }) => outcome),
      ),
      [
        ['OK', 'OK', 'OK'],
        ['TOOL_CAPTURE', 'TOOL_CAPTURE', 'TOOL_CAPTURE'],
      ],
    );
  });

  it('ends with its own graceful stop, and not with that of others', { timeout: 15_000 }, async (t) => {
    const server = await open();
    t.after(() => server.close());
    const { samples, report } = await runPlan(server.origin, {
      stuck: { executor: 'constant-vus', vus: 2, duration: '1s', gracefulStop: '0s', steps: [{ tool: 'hang' }] },
      fine: {
        executor: 'constant-vus',
        vus: 2,
        duration: '2500ms',
        thinkTime: { type: 'constant', duration: '10ms' },
        ...LOOK,
      },
    });
    const stuck = samples.filter(({ operation }) => operation === 'tools/call:hang');
    assert.deepEqual(
      stuck.map(({ outcome }) => outcome),
      ['TMO_GRACEFUL_STOP', 'TMO_GRACEFUL_STOP'],
    );
    for (const { durationMs } of stuck) assert.ok(durationMs < 1200, `${durationMs} ms`);
    const looks = samples.filter(({ operation }) => operation === 'tools/call:look');
    assert.deepEqual(new Set(looks.map(({ outcome }) => outcome)), new Set(['OK']));
    const lastEndMs = Math.max(...looks.map(({ startMs }) => startMs));
    assert.ok(lastEndMs - (stuck[0]?.startMs ?? 0) > 2000);
    assert.ok(report.durationSeconds < 4);
  });

  it('aborts only its own requests when its graceful stop is over', { timeout: 15_000 }, async (t) => {
    // Calls of `look` are answered only after the graceful stop of the other scenario has aborted its call of `hang`.
    const held: (() => void)[] = [];
    let hangsAborted = 0;
    const server = await startMcpServer(legacyServer, {
      ...TOOLS,
      'tools/call': ({ id, params, socket }) => {
        if (params.name === 'hang') {
          socket.once('close', () => {
            if (++hangsAborted === 2) for (const answer of held) answer();
          });
        } else held.push(() => socket.write(jsonResult(id, { content: [{ type: 'text', text: 'seen' }] })));
        return undefined;
      },
    });
    t.after(() => server.close());
    const calls = { executor: 'per-vu-iterations', vus: 2, iterations: 1, gracefulStop: '10s' };
    const { samples } = await runPlan(server.origin, {
      before: { ...calls, ...LOOK },
      stuck: { executor: 'constant-vus', vus: 2, duration: '1s', gracefulStop: '0s', steps: [{ tool: 'hang' }] },
      after: { ...calls, ...LOOK },
    });
    const outcomes = (tool: string) =>
      samples.filter(({ operation }) => operation === `tools/call:${tool}`).map(({ outcome }) => outcome);
    assert.deepEqual(outcomes('hang'), ['TMO_GRACEFUL_STOP', 'TMO_GRACEFUL_STOP']);
    assert.deepEqual(outcomes('look'), ['OK', 'OK', 'OK', 'OK']);
  });

  it('aborts the request of a virtual user that is taken away, and no other', async (t) => {
    const server = await open();
    t.after(() => server.close());
    const stages = [
      { duration: '1s', target: 2 },
      { duration: '0s', target: 1 },
      { duration: '1s', target: 1 },
    ];
    const ramp = { executor: 'ramping-vus', startVUs: 2, stages, gracefulRampDown: '0s', gracefulStop: '0s' };
    const { samples } = await runPlan(server.origin, { ramp: { ...ramp, steps: [{ tool: 'hang' }] } });
    const stuck = samples.filter(({ operation }) => operation === 'tools/call:hang');
    assert.deepEqual(new Set(stuck.map(({ outcome }) => outcome)), new Set(['TMO_GRACEFUL_STOP']));
    const [kept, taken, ...more] = stuck.toSorted((a, b) => a.vu - b.vu);
    assert.deepEqual([kept?.vu, taken?.vu, more], [0, 1, []]);
    assert.ok(Math.abs((taken?.durationMs ?? 0) - 1000) < 300, `${taken?.durationMs} ms`);
    assert.ok(Math.abs((kept?.durationMs ?? 0) - 2000) < 300, `${kept?.durationMs} ms`);
    // Sessions are closed even if their requests were aborted.
    assert.equal(server.of('DELETE').length, 3);
  });

  it('records the lag of starts at a rate with their first requests, and dropped starts as samples', async (t) => {
    const server = await open();
    t.after(() => server.close());
    const scenario = {
      executor: 'constant-arrival-rate',
      rate: 20,
      duration: '1s',
      preAllocatedVUs: 2,
      gracefulStop: '0s',
    };
    const { samples, report } = await runPlan(server.origin, { stuck: { ...scenario, steps: [{ tool: 'hang' }] } });
    const of = (kind: string) => samples.filter((sample) => sample.kind === kind);
    assert.equal(of('droppedIteration').length, 18, 'both virtual users are busy to the end');
    assert.equal(report.totals.droppedIterations, 18);
    const iterations = of('iteration');
    assert.equal(iterations.length, 2);
    for (const { iteration, lagMs } of iterations) {
      const requests = of('request').filter(
        (request) => request.iteration === iteration && request.operation !== 'DELETE',
      );
      const lagging = requests.filter((request) => request.lagMs > 0).map(({ operation }) => operation);
      assert.deepEqual(
        lagging.filter((operation) => operation !== 'initialize'),
        [],
      );
      const opening = requests.find(({ operation }) => operation === 'initialize');
      assert.ok(Math.abs((opening?.lagMs ?? -1) - lagMs) < 5);
    }
  });
});

describe('a second attempt at a slice', () => {
  const scenarios = {
    counted: { ...ITERATIONS, ...LOOK },
    timed: {
      executor: 'constant-vus',
      vus: 1,
      duration: '1s',
      thinkTime: { type: 'constant', duration: '50ms' },
      ...LOOK,
    },
  };
  for (const takeover of [false, true]) {
    it(
      takeover ? 'leaves out iterations if another began them' : 'runs the iterations if no other began them',
      async (t) => {
        const server = await open();
        t.after(() => server.close());
        const context = testContext({ timing: timingOf(300) });
        const { store } = context;
        const runId = await createRunOf(context, server.origin, scenarios);
        await preflight(context, runId, 'p');
        if (takeover) await store.takeLease(runId, 'w0000-l0000', 0, 'lost');
        await runSlice(context, sliceRequest(runId, 'second', 1));
        const { commit } = await store.readAttempts(runId, 'w0000-l0000');
        const starts = commit?.health.starts.map(({ scenario, planned, started }) => [scenario, planned, started > 0]);
        const timed = ['timed', undefined, true];
        assert.deepEqual(starts, takeover ? [timed] : [['counted', 6, true], timed]);
        // The other is taken for dead after 0.3 s of the second that the scenario lasts.
        assert.ok((commit?.health.wallSeconds ?? 0) > (takeover ? 0.4 : 0.9));
      },
    );
  }
});
