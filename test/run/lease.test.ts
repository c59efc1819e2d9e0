import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type LeaseResult, waitForLease } from '../../src/run/lease.ts';
import { memoryRunStore } from '../../src/store/memory-run-store.ts';
import type { RunStore } from '../../src/store/run-store.ts';
import { healthySlice } from '../support/healthy-slice.ts';
import { testContext } from '../support/run-context.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const RUN = '20261123-120000000-00000000';
const SLICE = 'w0000-l0000';
const BEGAN_MS = 1_000_000;

/** A slice in a store, and deliveries that want it. Times are in milliseconds after the beginning. */
function aSlice(store: RunStore = memoryRunStore()) {
  const clock = new VirtualClock(BEGAN_MS);
  const context = testContext({ clock, store });
  const untilMs = (ms: number) => clock.sleepUntil(BEGAN_MS + ms);
  return {
    clock,
    context,
    store,
    now: () => clock.now() - BEGAN_MS,
    untilMs,
    deliver: (holder: string, attempt = 0, { beginMs = 1e9, takeOverMs = 1e9 } = {}) =>
      waitForLease(context, {
        runId: RUN,
        sliceId: SLICE,
        attempt,
        holder,
        beginUntilMs: BEGAN_MS + beginMs,
        takeOverAfterMs: BEGAN_MS + takeOverMs,
      }),
    /** A holder's sign of life, at its own time. */
    async showLife(holder: string, ms: number) {
      await untilMs(ms);
      const row = { sliceId: SLICE, attemptId: holder, atMs: clock.now(), activeVus: 0, warmUpRequests: 0 };
      await store.putProgress(RUN, { ...row, operations: [], scenarios: [] });
    },
    async commit(holder: string, ms: number, mayContinue?: boolean) {
      await untilMs(ms);
      const early = { reason: 'no store', atMs: 0, mayContinue: true };
      const health = healthySlice(mayContinue === true ? { endedEarly: early } : {});
      await store.commitSlice(RUN, { sliceId: SLICE, attemptIds: [holder], health });
    },
  };
}

const holderOf = (result: LeaseResult) => ('lease' in result ? result.lease.holder : undefined);
const committedBy = (result: LeaseResult) => ('finished' in result ? result.finished.commit?.attemptIds : undefined);

it('gives the slice to the first delivery, and makes a duplicate wait for its commit', async () => {
  const { clock, store, now, deliver, showLife, commit } = aSlice();
  const first = await deliver('first');
  assert.deepEqual(first, { lease: { holder: 'first', takenMs: BEGAN_MS, earlier: [] } });
  const living = async () => {
    // Longer than a silent holder is waited for, but with signs of life.
    for (let second = 1; second <= 60; second++) await showLife('first', second * 1000);
    await commit('first', 60_000);
  };
  const [second] = await clock.run(Promise.all([deliver('second'), living()]));
  assert.deepEqual(committedBy(second), ['first']);
  assert.ok(now() >= 60_000);
  const { leases, duplicates } = await store.readAttempts(RUN, SLICE);
  assert.deepEqual(leases, [{ attempt: 0, holder: 'first' }]);
  assert.deepEqual(duplicates, [{ attempt: 0, holder: 'second' }]);
});

it('makes a later attempt wait as well, but does not call it a duplicate', async () => {
  const { clock, store, deliver, showLife, commit } = aSlice();
  await deliver('first');
  const living = async () => {
    for (let second = 1; second <= 40; second++) await showLife('first', second * 1000);
    await commit('first', 40_000);
  };
  const [later] = await clock.run(Promise.all([deliver('later', 1), living()]));
  assert.deepEqual(committedBy(later), ['first']);
  assert.deepEqual((await store.readAttempts(RUN, SLICE)).duplicates, []);
});

it('lets one of several waiting deliveries take over from a holder that has died', async () => {
  const { clock, store, now, deliver, commit } = aSlice();
  await store.takeLease(RUN, SLICE, 0, 'dead');
  const waiting = ['second', 'third'].map(async (holder, attempt) => {
    const result = await deliver(holder, attempt);
    const tookOver = holderOf(result);
    if (tookOver !== undefined) await commit(tookOver, now() + 5000);
    return tookOver;
  });
  const heirs = (await clock.run(Promise.all(waiting))).filter((holder) => holder !== undefined);
  assert.equal(heirs.length, 1);
  const { leases, supersededHolders } = await store.readAttempts(RUN, SLICE);
  assert.equal(leases[0]?.holder, heirs[0]);
  assert.deepEqual(supersededHolders, [{ attempt: 0, holder: 'dead' }]);
});

describe('the time that a silent holder is waited for', () => {
  const cases: readonly (readonly [string, readonly number[], number | undefined, number | undefined])[] = [
    ['counts from the look that saw the last sign of life', [400], undefined, 31_000],
    ['begins anew with a sign of life at any time', [400, 30_400], undefined, 61_000],
    ['counts from the first look if the holder has never shown any', [], undefined, 30_500],
    ['is not over 100 ms before its end', [600], 30_900, undefined],
  ];
  for (const [title, signsMs, commitMs, takeOverMs] of cases) {
    it(title, async () => {
      const { clock, store, now, deliver, showLife, commit } = aSlice();
      await store.takeLease(RUN, SLICE, 0, 'holder');
      const waiting = deliver('second').then((result) => [holderOf(result), now()]);
      const holder = async () => {
        for (const ms of signsMs) await showLife('holder', ms);
        if (commitMs !== undefined) await commit('holder', commitMs);
      };
      const [[heir, atMs]] = await clock.run(Promise.all([waiting as Promise<[string | undefined, number]>, holder()]));
      assert.deepEqual(
        takeOverMs === undefined ? [heir] : [heir, atMs],
        takeOverMs === undefined ? [undefined] : ['second', takeOverMs],
      );
    });
  }

  it('does not depend on the clock of the holder', async () => {
    const { clock, store, now, deliver } = aSlice();
    await store.takeLease(RUN, SLICE, 0, 'holder');
    const far = { sliceId: SLICE, attemptId: 'holder', atMs: 9e15, activeVus: 0, warmUpRequests: 0 };
    await store.putProgress(RUN, { ...far, operations: [], scenarios: [] });
    assert.equal(holderOf(await clock.run(deliver('second'))), 'second');
    assert.equal(now(), 30_500);
  });

  it('begins anew when the slice has another holder', async () => {
    const { clock, store, now, untilMs, deliver } = aSlice();
    await store.takeLease(RUN, SLICE, 0, 'dead');
    const takeOver = async () => {
      await untilMs(20_000);
      await store.takeOverLease(RUN, SLICE, 0, 'dead', 'other');
    };
    const [result] = await clock.run(Promise.all([deliver('second'), takeOver()]));
    assert.deepEqual('lease' in result && result.lease.earlier, ['dead', 'other']);
    assert.ok(now() > 50_000);
  });
});

it('takes over immediately from a holder that has released the slice, or has committed it unfinished', async () => {
  for (const end of ['released', 'unfinished'] as const) {
    const { clock, store, now, untilMs, deliver, commit } = aSlice();
    await store.takeLease(RUN, SLICE, 0, 'first');
    const first = async () => {
      if (end === 'unfinished') return commit('first', 10_000, true);
      await untilMs(10_000);
      return store.releaseLease(RUN, SLICE, 'first');
    };
    const [result] = await clock.run(Promise.all([deliver('second'), first()]));
    assert.deepEqual('lease' in result && result.lease.earlier, ['first'], end);
    assert.ok(now() <= 10_500, `${end}: ${now()} ms`);
  }
});

it('takes over even from a holder that shows signs of life when the slice must have been over', async () => {
  const { clock, store, now, deliver, showLife } = aSlice();
  await store.takeLease(RUN, SLICE, 0, 'stuck');
  const living = async () => {
    for (let second = 1; second <= 40; second++) await showLife('stuck', second * 1000);
  };
  const waiting = deliver('second', 0, { takeOverMs: 20_000 }).then((result) => [holderOf(result), now()]);
  const [result] = await clock.run(Promise.all([waiting, living()]));
  assert.deepEqual(result, ['second', 20_500]);
});

describe('a store that fails', () => {
  /** A store whose calls fail while it is down; `lose` makes the next call to a method take effect and fail all the same. */
  function failingStore() {
    const memory = memoryRunStore();
    const state = { isDown: false, lose: new Set<string>() };
    const wrapped = Object.entries(memory).map(([name, method]) => [
      name,
      async (...args: unknown[]) => {
        if (state.isDown) throw new Error('the store is down');
        const result = await (method as (...args: unknown[]) => Promise<unknown>)(...args);
        if (state.lose.delete(name)) throw new Error('the response was lost');
        return result;
      },
    ]);
    return { memory, state, store: Object.fromEntries(wrapped) as RunStore };
  }

  it('makes a delivery wait, and fails none', async () => {
    const { memory, state, store } = failingStore();
    const { clock, now, untilMs, deliver } = aSlice(store);
    state.isDown = true;
    const recover = async () => {
      await untilMs(20_000);
      state.isDown = false;
    };
    const [result] = await clock.run(Promise.all([deliver('first'), recover()]));
    assert.equal(holderOf(result), 'first');
    assert.ok(now() >= 20_000 && now() <= 31_000, `${now()} ms`);
    assert.equal((await memory.readAttempts(RUN, SLICE)).leases[0]?.holder, 'first');
  });

  it('does not make a waiting duplicate fail', async () => {
    const { memory, state, store } = failingStore();
    const { clock, now, untilMs, deliver } = aSlice(store);
    await memory.takeLease(RUN, SLICE, 0, 'first');
    const outage = async () => {
      await untilMs(2000);
      state.isDown = true;
      await untilMs(10_000);
      state.isDown = false;
    };
    const [result] = await clock.run(Promise.all([deliver('second'), outage()]));
    assert.equal(holderOf(result), 'second');
    assert.ok(now() > 30_000, `took over after ${now()} ms`);
  });

  it('ends the waiting at the end of the slice, if it never answers', async () => {
    const { state, store } = failingStore();
    const { clock, now, deliver } = aSlice(store);
    state.isDown = true;
    const result = await clock.run(deliver('first', 0, { beginMs: 60_000 }));
    assert.match(String('unreachable' in result && result.unreachable), /the store is down/);
    assert.ok(now() >= 60_000 && now() <= 70_000, `${now()} ms`);
  });

  it('gives the slice to a delivery whose lease was stored although the call failed, from the moment of the call', async () => {
    const { state, store } = failingStore();
    const { clock, deliver } = aSlice(store);
    state.lose.add('takeLease');
    const result = await clock.run(deliver('first'));
    assert.deepEqual(result, { lease: { holder: 'first', takenMs: BEGAN_MS, earlier: [] } });
  });

  it('takes the slice under a new id if its lease was stored too long ago', async () => {
    const { memory, state, store } = failingStore();
    const { clock, untilMs, deliver } = aSlice(store);
    state.lose.add('takeLease');
    const outage = async () => {
      await untilMs(1);
      state.isDown = true;
      await untilMs(40_000);
      state.isDown = false;
    };
    const [result] = await clock.run(Promise.all([deliver('first'), outage()]));
    assert.ok('lease' in result);
    assert.equal(result.lease.holder, 'first.1');
    assert.deepEqual(result.lease.earlier, ['first']);
    assert.ok(result.lease.takenMs >= BEGAN_MS + 40_000);
    assert.deepEqual((await memory.readAttempts(RUN, SLICE)).supersededHolders, [{ attempt: 0, holder: 'first' }]);
  });
});
