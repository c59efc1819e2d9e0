import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { SAMPLE_KIND } from '../../src/sample/block.ts';
import { Recorder } from '../../src/sample/recorder.ts';
import { systemClock } from '../../src/traffic/clock.ts';
import { runScenario } from '../../src/traffic/run-scenario.ts';
import { aPlan } from '../support/a-plan.ts';
import { aSegmentRun, nth } from '../support/a-segment-run.ts';
import { listenOnLoopback } from '../support/loopback-server.ts';
import { openSessionRig } from '../support/session-rig.ts';
import { type Behaviour, CALL_MS, rigOf } from './fake-sessions.ts';

const REFUSED = 'NET_REFUSED' as const;
const open = (...outcome: NonNullable<Exclude<Behaviour['outcome'], string>>): Behaviour => ({ opens: true, outcome });

describe('a virtual user after a failed connection', () => {
  it('pauses for 100 ms, then for twice as long each time, up to a second', async () => {
    const { user, clock, samples } = rigOf([open(REFUSED)]);
    for (let number = 0; number < 6; number++) await clock.run(user.iterate(nth(number)));
    assert.deepEqual(
      samples('connectionPause').map(({ operation, outcome, durationMs }) => [operation, outcome, durationMs]),
      [100, 200, 400, 800, 1000, 1000].map((ms) => ['tools/call:look', REFUSED, ms]),
    );
    assert.deepEqual(samples('pause'), [], 'no target asked for these');
    assert.ok(samples('iteration').every(({ durationMs }) => durationMs === CALL_MS));
  });

  it('begins with 100 ms again when a request had a connection in between', async () => {
    for (const between of ['OK', 'HTTP_500', 'TMO_TOTAL'] as const) {
      const { user, clock, samples } = rigOf([open(REFUSED, REFUSED, between, REFUSED)]);
      for (let number = 0; number < 4; number++) await clock.run(user.iterate(nth(number)));
      assert.deepEqual(
        samples('connectionPause').map(({ durationMs }) => durationMs),
        [100, 200, 100],
      );
    }
  });

  it('pauses before the next call of the same iteration as well', async () => {
    const scenario = { order: 'fixed', steps: [{ tool: 'look' }, { tool: 'look' }] };
    const { user, clock, calls } = rigOf([open(REFUSED)], { scenario });
    await clock.run(user.iterate(nth(0)));
    const [first, second] = calls.map(({ atMs }) => atMs);
    assert.equal((second ?? 0) - (first ?? 0), CALL_MS + 100);
  });

  it('pauses as long before it tries to open a session again', async () => {
    const { user, clock, samples } = rigOf([{ opens: false, outcome: REFUSED }]);
    const from = clock.now();
    for (let number = 0; number < 3; number++) await clock.run(user.iterate(nth(number)));
    assert.equal(clock.now() - from, 100 + 200 + 400);
    assert.equal(samples('connectionPause').length, 3);
  });

  it('delays no start that comes at a rate', async () => {
    const { user, clock, samples } = rigOf([open(REFUSED)]);
    const from = clock.now();
    for (let number = 0; number < 3; number++) {
      await clock.run(user.iterate({ ...nth(number), intendedMs: clock.now() }));
    }
    assert.equal(clock.now() - from, 3 * CALL_MS);
    assert.deepEqual(samples('connectionPause'), []);
  });

  it('ends its pause when the run is stopped', async () => {
    const { user, clock, stopping } = rigOf([open(REFUSED)]);
    const work = user.iterate(nth(0));
    void clock.sleepUntil(clock.now() + CALL_MS + 10).then(() => stopping.abort());
    const from = clock.now();
    await clock.run(work);
    assert.equal(clock.now() - from, CALL_MS + 10);
  });
});

describe('a target that is down', () => {
  const VUS = 5;
  const RUN_MS = 1500;
  /** Pauses of 100, 200, 400 and 800 ms begin in the run's 1.5 s, with an attempt before each. */
  const MOST = 4 * VUS;

  /** Runs virtual users against a port. @returns how many requests and pauses were recorded */
  async function load(test: TestContext, port: number, protocol: string) {
    const target = { url: `http://127.0.0.1:${port}/mcp`, protocol };
    const rig = await openSessionRig(test, target);
    const plan = aPlan({ target, scenario: { vus: VUS, duration: `${RUN_MS}ms` } });
    const recorder = new Recorder(
      systemClock.now(),
      () => assert.fail('more samples than one block holds'),
      (text) => text,
    );
    const startMs = systemClock.now();
    const segment = { scenarioStartMs: startMs, fromMs: startMs, toMs: startMs + RUN_MS };
    const client = {
      ...rig.client,
      openSession: (ended: AbortSignal) => (protocol === '2026-07-28' ? rig.modern() : rig.legacy(ended)),
      connection: rig.connection,
      rejected: rig.client.rejected,
      ended: rig.client.ended,
    };
    await runScenario(aSegmentRun(plan, { client, clock: systemClock, recorder, segment }));
    const kinds = [...(recorder.drain()?.columns.kind ?? [])];
    return {
      outcomes: [...new Set(rig.exchanges.map(({ outcome }) => outcome))],
      requests: rig.exchanges.length,
      pauses: kinds.filter((kind) => kind === SAMPLE_KIND.connectionPause).length,
    };
  }

  for (const protocol of ['2025-11-25', '2026-07-28']) {
    it(`is not hammered when its port refuses connections (${protocol})`, async (t) => {
      const server = await listenOnLoopback(createServer());
      await server.close();
      const { outcomes, requests, pauses } = await load(t, server.port, protocol);
      assert.deepEqual(outcomes, ['NET_REFUSED']);
      assert.ok(requests >= VUS && requests <= MOST, `${requests} attempts`);
      assert.equal(pauses, requests);
    });
  }

  it('is not hammered when it closes each connection without a reply', async (t) => {
    const server = await listenOnLoopback(createServer((socket) => socket.on('error', () => {}).resetAndDestroy()));
    t.after(() => server.close());
    const { outcomes, requests } = await load(t, server.port, '2025-11-25');
    assert.deepEqual(outcomes, ['NET_RESET_PRE']);
    assert.ok(requests <= MOST, `${requests} attempts`);
    assert.ok(server.connections <= MOST, `${server.connections} connections`);
  });
});
