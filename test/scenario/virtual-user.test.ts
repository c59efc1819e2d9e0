import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nth } from '../support/a-segment-run.ts';
import { CALL_MS, rigOf, START_MS } from './fake-sessions.ts';

const OPENS = { opens: true } as const;

describe('a virtual user', () => {
  it('keeps a session as long as it is alive, then opens another, and closes it at the end', async () => {
    const { user, clock, log } = rigOf([{ opens: true, diesAfter: 2 }, OPENS]);
    for (let number = 0; number < 3; number++) await clock.run(user.iterate(nth(number)));
    await user.end();
    assert.deepEqual(log, [
      'open 0',
      'tools/call:look on 0 first',
      'tools/call:look on 0',
      'open 1',
      'tools/call:look on 1 first',
      'close 1',
    ]);
  });

  it('counts no vain wait for the headers of an event stream in its iterations', async () => {
    const { user, clock, samples } = rigOf([{ opens: true, waitedMs: 2000 }]);
    for (let number = 0; number < 2; number++) await clock.run(user.iterate(nth(number)));
    assert.equal(clock.now(), START_MS + 2000 + 2 * CALL_MS);
    assert.deepEqual(
      samples('iteration').map(({ startMs, durationMs }) => [startMs, durationMs]),
      [
        [START_MS, CALL_MS],
        [START_MS + 2000 + CALL_MS, CALL_MS],
      ],
    );
  });

  it('records every iteration with its time and outcome', async () => {
    const { user, clock, samples } = rigOf([{ opens: true, outcome: 'TOOL_ERROR' }]);
    await clock.run(user.iterate(nth(0)));
    await clock.run(user.iterate(nth(1)));
    const iteration = { kind: 'iteration', operation: 'calls', outcome: 'TOOL_ERROR', lagMs: 0, vu: 7 };
    assert.deepEqual(samples(), [
      { ...iteration, startMs: START_MS, durationMs: CALL_MS, iteration: 0 },
      { ...iteration, startMs: START_MS + CALL_MS, durationMs: CALL_MS, iteration: 1 },
    ]);
  });

  it('reads a list to its last page in one iteration', async () => {
    const pages = [{ opens: true, result: { tools: [], nextCursor: 'more' } }];
    const { user, clock, log, samples } = rigOf(pages, { scenario: { steps: [{ list: 'tools' }] } });
    await clock.run(user.iterate(nth(0)));
    assert.deepEqual(log, ['open 0', 'tools/list on 0 first', 'tools/list on 0 next page']);
    assert.equal(samples().length, 1);
  });
});

describe('a session that cannot be opened', () => {
  it('ends the iteration with its failure, and is retried after a second', async () => {
    const { user, clock, log, samples } = rigOf([{ opens: false, outcome: 'HTTP_500' }, OPENS]);
    await clock.run(user.iterate(nth(0)));
    assert.equal(clock.now(), 2000);
    assert.deepEqual(
      samples().map(({ kind, operation, outcome, durationMs }) => [kind, operation, outcome, durationMs]),
      [
        ['blockedCall', 'tools/call:look', 'HTTP_500', 0],
        ['iteration', 'calls', 'HTTP_500', 0],
      ],
    );
    await clock.run(user.iterate(nth(1)));
    await user.end();
    assert.deepEqual(log, ['open 0', 'open 1', 'tools/call:look on 1 first', 'close 1']);
  });

  it('blocks no call when a stop ended its opening, or nothing could be sent', async () => {
    for (const outcome of ['CLIENT_ABORT', 'CLIENT_LIMIT'] as const) {
      const { user, clock, samples } = rigOf([{ opens: false, outcome }]);
      await clock.run(user.iterate(nth(0)));
      assert.deepEqual(samples('blockedCall'), []);
    }
  });

  it('blocks no call of a scenario without steps', async () => {
    const { user, clock, samples } = rigOf([{ opens: false, outcome: 'HTTP_500' }], {
      scenario: { steps: [], sessions: { reuse: 'iteration' } },
    });
    await clock.run(user.iterate(nth(0)));
    assert.deepEqual(
      samples().map(({ kind }) => kind),
      ['iteration'],
    );
  });

  it('is not waited for when the run is stopped', async () => {
    const { user, clock, stopping } = rigOf([{ opens: false }]);
    stopping.abort();
    await user.iterate(nth(0));
    assert.equal(clock.now(), START_MS);
    await user.end();
  });

  it('delays no start that comes at a rate', async () => {
    const { user, clock } = rigOf([{ opens: false, outcome: 'NET_REFUSED' }]);
    await clock.run(user.iterate({ ...nth(0), intendedMs: START_MS }));
    assert.equal(clock.now(), START_MS);
  });

  it('is retried after the time that the server asks for, at least a second', async () => {
    for (const [retryAfter, pausedMs] of [
      ['5', 5000],
      ['0', 1000],
    ] as const) {
      const { user, clock, samples } = rigOf([{ opens: false, outcome: 'SESS_REFUSED', retryAfter }]);
      await clock.run(user.iterate(nth(0)));
      assert.equal(clock.now(), START_MS + pausedMs);
      assert.equal(samples('pause').length, retryAfter === '0' ? 0 : 1);
    }
  });
});

describe('a session that the server has lost', () => {
  it('has its call sent again in a new session', async () => {
    for (const outcome of ['SESS_EXPIRED', 'SESS_LOST'] as const) {
      const { user, clock, log, samples } = rigOf([{ opens: true, outcome, diesAfter: 1 }, OPENS]);
      await clock.run(user.iterate(nth(0)));
      assert.deepEqual(log, ['open 0', 'tools/call:look on 0 first', 'open 1', 'tools/call:look on 1 first again']);
      const [iteration, ...others] = samples('iteration');
      assert.deepEqual([iteration?.outcome, iteration?.durationMs, others], ['OK', 2 * CALL_MS, []]);
    }
  });

  it('has its call sent again only once', async () => {
    const { user, clock, log, samples } = rigOf([{ opens: true, outcome: 'SESS_LOST', diesAfter: 1 }]);
    await clock.run(user.iterate(nth(0)));
    assert.deepEqual(log, ['open 0', 'tools/call:look on 0 first', 'open 1', 'tools/call:look on 1 first again']);
    assert.deepEqual(
      samples('iteration').map(({ outcome }) => outcome),
      ['SESS_LOST'],
    );
  });

  it('is not replaced when the run has been stopped', async () => {
    const { user, clock, log, stopping } = rigOf([{ opens: true, outcome: 'SESS_LOST', diesAfter: 1 }, OPENS]);
    const work = user.iterate(nth(0));
    void clock.sleepUntil(START_MS + CALL_MS - 1).then(() => stopping.abort());
    await clock.run(work);
    assert.deepEqual(log, ['open 0', 'tools/call:look on 0 first']);
  });

  it('leaves the call failed when no new session can be opened', async () => {
    const lost = { opens: true, outcome: 'SESS_EXPIRED', diesAfter: 1 } as const;
    const { user, clock, log, samples } = rigOf([lost, { opens: false, outcome: 'HTTP_500' }]);
    await clock.run(user.iterate(nth(0)));
    assert.deepEqual(log, ['open 0', 'tools/call:look on 0 first', 'open 1']);
    assert.deepEqual(
      samples('iteration').map(({ outcome }) => outcome),
      ['SESS_EXPIRED'],
    );
    assert.equal(clock.now(), START_MS + CALL_MS + 1000);
  });
});

describe('a reply with 429', () => {
  it('causes a pause of the time that it asks for, which is recorded', async () => {
    const { user, clock, samples } = rigOf([{ opens: true, outcome: 'HTTP_429', retryAfter: '3' }]);
    await clock.run(user.iterate(nth(0)));
    assert.equal(clock.now(), 4250);
    assert.deepEqual(
      samples().map(({ kind, operation, outcome, durationMs }) => [kind, operation, outcome, durationMs]),
      [
        ['iteration', 'calls', 'HTTP_429', CALL_MS],
        ['pause', 'tools/call:look', 'HTTP_429', 3000],
      ],
    );
  });

  it('causes no longer pause than the plan allows, and none if it asks for none', async () => {
    const greedy = rigOf([{ opens: true, outcome: 'HTTP_429', retryAfter: '3600' }]);
    await greedy.clock.run(greedy.user.iterate(nth(0)));
    assert.equal(greedy.clock.now(), 11_250);
    for (const retryAfter of ['', 'soon', '0']) {
      const { user, clock, samples } = rigOf([{ opens: true, outcome: 'HTTP_429', retryAfter }]);
      await clock.run(user.iterate(nth(0)));
      assert.equal(clock.now(), START_MS + CALL_MS);
      assert.equal(samples().length, 1);
    }
  });

  it('causes a pause before the next call of the iteration as well', async () => {
    const outcome = ['HTTP_429', 'OK'] as const;
    const scenario = { callsPerIteration: 2 };
    const { user, clock, calls } = rigOf([{ opens: true, outcome, retryAfter: '3' }], { scenario });
    await clock.run(user.iterate(nth(0)));
    assert.deepEqual(
      calls.map(({ atMs }) => atMs),
      [START_MS, START_MS + CALL_MS + 3000],
    );
  });
});

describe('an iteration of several calls', () => {
  const scenario = { callsPerIteration: 3, thinkTime: { type: 'constant', duration: '2s' } };

  it('pauses between its calls, and before the first as the plan says', async () => {
    const before = { ...scenario, thinkTimeBefore: { type: 'constant', duration: '5s' } };
    const { user, clock, calls, samples } = rigOf([OPENS], { scenario: before });
    await clock.run(user.iterate(nth(0)));
    assert.deepEqual(
      calls.map(({ atMs }) => atMs - START_MS),
      [5000, 7250, 9500],
    );
    assert.deepEqual(
      samples('iteration').map(({ durationMs }) => durationMs),
      [9750],
    );
    assert.equal(user.think(), 2000);
  });

  it('ends with its first failure, or else its first warning', async () => {
    const cases = [
      [['OK', 'OK', 'OK'], 'OK'],
      [['OK', 'TOOL_EMPTY', 'PROTO_ID_TYPE'], 'TOOL_EMPTY'],
      [['TOOL_EMPTY', 'HTTP_500', 'TOOL_ERROR'], 'HTTP_500'],
    ] as const;
    for (const [outcome, ended] of cases) {
      const { user, clock, samples } = rigOf([{ opens: true, outcome }], { scenario });
      await clock.run(user.iterate(nth(0)));
      assert.deepEqual(
        samples('iteration').map((sample) => sample.outcome),
        [ended],
      );
    }
  });

  it('makes as many calls as are drawn', async () => {
    const counts = new Set<number>();
    const parts = { scenario: { callsPerIteration: { min: 2, max: 4 } } };
    for (let number = 0; number < 40; number++) {
      const { user, clock, calls } = rigOf([OPENS], parts);
      await clock.run(user.iterate(nth(number)));
      counts.add(calls.length);
    }
    assert.deepEqual([...counts].toSorted(), [2, 3, 4]);
  });

  it('makes no further call when the run is stopped, and counts neither as passed nor as failed', async () => {
    const { user, clock, calls, samples, stopping } = rigOf([OPENS], { scenario });
    const work = user.iterate(nth(0));
    void clock.sleepUntil(START_MS + 1000).then(() => stopping.abort());
    await clock.run(work);
    assert.equal(clock.now(), START_MS + 1000, 'the pause ends immediately');
    assert.equal(calls.length, 1);
    assert.equal(samples('iteration')[0]?.outcome, 'CLIENT_ABORT');
  });

  for (const outcome of ['TMO_GRACEFUL_STOP', 'CLIENT_ABORT'] as const) {
    it(`ends immediately when it is interrupted, and so does its call, in ${outcome}`, async () => {
      const { user, clock, calls, log, samples } = rigOf([OPENS], { scenario });
      const work = user.iterate(nth(0));
      void clock.sleepUntil(START_MS + 100).then(() => user.interrupt(outcome));
      await clock.run(work);
      assert.equal(clock.now(), START_MS + 100);
      assert.equal(calls.length, 1);
      assert.equal(samples('iteration')[0]?.outcome, outcome);
      await user.end();
      assert.equal(log.at(-1), 'close 0', 'its session is closed all the same');
    });
  }

  it('records an iteration that was cut short after a failure as cut short', async () => {
    const { user, clock, samples } = rigOf([{ opens: true, outcome: ['HTTP_500', 'OK'] }], { scenario });
    const work = user.iterate(nth(0));
    const inSecondCallMs = START_MS + CALL_MS + 2000 + 100;
    void clock.sleepUntil(inSecondCallMs).then(() => user.interrupt('TMO_GRACEFUL_STOP'));
    await clock.run(work);
    assert.equal(samples('iteration')[0]?.outcome, 'TMO_GRACEFUL_STOP');
  });

  it('ends its pause when the whole segment is over', async () => {
    const { user, clock, ended } = rigOf([OPENS], { scenario });
    const work = user.iterate(nth(0));
    void clock.sleepUntil(START_MS + 1000).then(() => ended.abort());
    await clock.run(work);
    assert.equal(clock.now(), START_MS + 1000);
  });
});

describe('a start at a rate', () => {
  const late = { ...nth(0), intendedMs: START_MS - 40 };

  it('gives its lag to the iteration and the first request alone; with a new session that is the request that opens it', async () => {
    const { user, clock, log, samples } = rigOf([OPENS], { scenario: { callsPerIteration: 2 } });
    await clock.run(user.iterate(late));
    assert.deepEqual(log, ['open 0 40 ms late', 'tools/call:look on 0 first', 'tools/call:look on 0']);
    assert.deepEqual(
      samples('iteration').map(({ lagMs, startMs }) => [lagMs, startMs]),
      [[40, START_MS]],
    );
    await clock.run(user.iterate({ ...nth(1), intendedMs: clock.now() - 7 }));
    assert.deepEqual(log.slice(3), ['tools/call:look on 0 7 ms late', 'tools/call:look on 0']);
  });

  it('does not count the pause before the first call as lag', async () => {
    const scenario = { thinkTimeBefore: { type: 'constant', duration: '3s' } };
    const { user, clock, calls } = rigOf([OPENS], { scenario });
    await clock.run(user.iterate(nth(0)));
    await clock.run(user.iterate({ ...nth(1), intendedMs: clock.now() - 40 }));
    assert.equal(calls[1]?.lagMs, 40);
  });
});
