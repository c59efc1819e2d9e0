import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nth } from '../support/a-segment-run.ts';
import { type Behaviour, CALL_MS, type Rig, rigOf, START_MS } from './fake-sessions.ts';

const OPENS: Behaviour = { opens: true };

async function iterate({ user, clock }: Rig, times: number): Promise<void> {
  for (let number = 0; number < times; number++) await clock.run(user.iterate(nth(number)));
}

const verbs = ({ log }: Rig) => log.map((line) => line.replace(/^tools\/call:look on (\d+).*/, 'call $1'));

describe('sessions of a scenario', () => {
  it('are opened anew for every call if reuse is call', async () => {
    const rig = rigOf([OPENS], { scenario: { sessions: { reuse: 'call' }, callsPerIteration: 2 } });
    await iterate(rig, 1);
    await rig.user.end();
    assert.deepEqual(verbs(rig), ['open 0', 'call 0', 'close 0', 'open 1', 'call 1', 'close 1']);
    assert.ok(rig.log.filter((line) => line.startsWith('tools')).every((line) => line.endsWith(' first')));
  });

  it('are reused within an iteration if reuse is iteration', async () => {
    const rig = rigOf([OPENS], { scenario: { sessions: { reuse: 'iteration' }, callsPerIteration: 2 } });
    await iterate(rig, 2);
    await rig.user.end();
    const twice = [0, 1].flatMap((number) => [`open ${number}`, `call ${number}`, `call ${number}`, `close ${number}`]);
    assert.deepEqual(verbs(rig), twice);
  });

  it('are closed even if their call failed or the run was stopped', async () => {
    for (const reuse of ['call', 'iteration']) {
      const rig = rigOf([{ opens: true, outcome: 'HTTP_500' }], {
        scenario: { sessions: { reuse }, thinkTimeBefore: { type: 'constant', duration: '3s' } },
      });
      const work = rig.user.iterate(nth(0));
      void rig.clock.sleepUntil(START_MS + 1000).then(() => rig.stopping.abort());
      await rig.clock.run(work);
      assert.deepEqual(verbs(rig), ['open 0', 'close 0']);
      const failed = rigOf([{ opens: true, outcome: 'HTTP_500' }], { scenario: { sessions: { reuse } } });
      await iterate(failed, 1);
      assert.deepEqual(verbs(failed), ['open 0', 'call 0', 'close 0']);
    }
  });
});

describe('the end of a session', () => {
  it('is not sent to the server where the plan abandons sessions', async () => {
    const rig = rigOf([OPENS], { scenario: { sessions: { close: 'abandon' } } });
    await iterate(rig, 1);
    await rig.user.end();
    assert.deepEqual(verbs(rig), ['open 0', 'call 0', 'leave 0']);
  });

  it('is left out for about the share that the plan says, the same for the same seed', async () => {
    const endings = async () => {
      const rig = rigOf([OPENS], { scenario: { sessions: { reuse: 'iteration', close: { abandon: 0.25 } } } });
      await iterate(rig, 400);
      return rig.log.filter((line) => /^(leave|close)/.test(line));
    };
    const first = await endings();
    const left = first.filter((line) => line.startsWith('leave')).length;
    assert.ok(Math.abs(left / 400 - 0.25) < 0.06, String(left));
    assert.deepEqual(await endings(), first);
  });

  it('is drawn when the session is opened', async () => {
    for (let number = 0; number < 20; number++) {
      const parts = { scenario: { sessions: { close: { abandon: 0.5 } } } };
      const [once, more] = [rigOf([OPENS], parts), rigOf([OPENS], parts)];
      await once.clock.run(once.user.iterate(nth(number)));
      for (let next = number; next < number + 3; next++) await more.clock.run(more.user.iterate(nth(next)));
      await once.user.end();
      await more.user.end();
      assert.equal(once.log.at(-1), more.log.at(-1));
    }
  });
});

describe('the sample of a session', () => {
  it('lasts from its opening to its end', async () => {
    const rig = rigOf([OPENS]);
    await iterate(rig, 3);
    assert.deepEqual(rig.samples('session'), []);
    await rig.user.end();
    const [session, ...others] = rig.samples('session');
    assert.deepEqual(others, []);
    assert.deepEqual(session, {
      kind: 'session',
      operation: 'session',
      outcome: 'OK',
      startMs: START_MS,
      durationMs: 3 * CALL_MS,
      lagMs: 0,
      vu: 7,
      iteration: 2,
    });
  });

  it('shows how the session was lost', async () => {
    const rig = rigOf([{ opens: true, outcome: ['OK', 'SESS_EXPIRED'], diesAfter: 2 }, OPENS]);
    await iterate(rig, 2);
    await rig.user.end();
    assert.deepEqual(
      rig.samples('session').map(({ outcome, durationMs }) => [outcome, durationMs]),
      [
        ['SESS_EXPIRED', 2 * CALL_MS],
        ['OK', CALL_MS],
      ],
    );
  });

  it('is missing for a session that never opened', async () => {
    const rig = rigOf([{ opens: false, outcome: 'SESS_REFUSED' }]);
    await iterate(rig, 2);
    await rig.user.end();
    assert.deepEqual(rig.samples('session'), []);
  });
});

describe('a call', () => {
  it('is marked if its session was idle for long before, unless it is the first', async () => {
    const scenario = { sessions: { idleAfter: '10s' }, thinkTimeBefore: { type: 'constant', duration: '10s' } };
    const rig = rigOf([OPENS], { scenario });
    await iterate(rig, 2);
    await rig.clock.run(rig.clock.sleepUntil(rig.clock.now() + 1));
    assert.deepEqual(rig.log, ['open 0', 'tools/call:look on 0 first', 'tools/call:look on 0 after idle']);
    const brisk = rigOf([OPENS], { scenario: { ...scenario, sessions: { idleAfter: '10001ms' } } });
    await iterate(brisk, 2);
    assert.equal(brisk.log[2], 'tools/call:look on 0');
  });
});

describe('a scenario without steps', () => {
  it('opens sessions, keeps them for the time before a first call, and closes them', async () => {
    const scenario = {
      steps: [],
      sessions: { reuse: 'iteration' },
      thinkTimeBefore: { type: 'constant', duration: '2s' },
    };
    const rig = rigOf([OPENS, { opens: false, outcome: 'SESS_REFUSED' }, OPENS], { scenario });
    await iterate(rig, 3);
    assert.deepEqual(rig.log, ['open 0', 'close 0', 'open 1', 'open 2', 'close 2']);
    assert.deepEqual(
      rig.samples('iteration').map(({ outcome, durationMs }) => [outcome, durationMs]),
      [
        ['OK', 2000],
        ['SESS_REFUSED', 0],
        ['OK', 2000],
      ],
    );
    assert.equal(rig.samples('session').length, 2);
  });

  const hold = { scenario: { steps: [], sessions: { reuse: 'vu' } } };

  it('holds sessions open until the end', async () => {
    const rig = rigOf([OPENS], hold);
    await iterate(rig, 1);
    assert.equal(rig.clock.now(), START_MS);
    await rig.clock.run(rig.clock.sleepUntil(START_MS + 60_000));
    assert.deepEqual(rig.log, ['open 0']);
    await rig.user.end();
    assert.deepEqual(rig.log, ['open 0', 'close 0']);
    assert.equal(rig.samples('session')[0]?.durationMs, 60_000);
  });

  it('retries to open a session that it holds until the segment is over', async () => {
    const refused = { opens: false, outcome: 'SESS_REFUSED' } as const;
    const persevering = rigOf([refused, refused, OPENS], hold);
    await iterate(persevering, 1);
    assert.equal(persevering.clock.now(), START_MS + 2000);
    assert.deepEqual(
      persevering.samples('iteration').map(({ outcome }) => outcome),
      ['OK'],
    );
    const vain = rigOf([refused], hold, { toMs: START_MS + 4500 });
    await iterate(vain, 1);
    assert.deepEqual(vain.log, ['open 0', 'open 1', 'open 2', 'open 3', 'open 4']);
    assert.equal(vain.clock.now(), START_MS + 4000);
    assert.deepEqual(
      vain.samples('iteration').map(({ outcome }) => outcome),
      ['SESS_REFUSED'],
    );
  });
});
