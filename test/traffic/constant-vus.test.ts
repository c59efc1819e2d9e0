import assert from 'node:assert/strict';
import { it } from 'node:test';
import { runConstantVus, type VirtualUser } from '../../src/traffic/constant-vus.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const FROM_MS = 1000;
const TO_MS = 11_000;

type Log = { readonly starts: number[]; readonly iterations: number[]; endedMs: number | undefined };

/** Virtual users that call for `callMs` and think for `thinkMs`, and the log of each. */
function vusOf(
  clock: VirtualClock,
  count: number,
  callMs: number,
  thinkMs: number,
): { vus: VirtualUser[]; logs: Log[] } {
  const logs: Log[] = Array.from({ length: count }, () => ({ starts: [], iterations: [], endedMs: undefined }));
  const vus = logs.map(
    (log): VirtualUser => ({
      startOffsetMs: 0,
      async iterate(iteration) {
        log.starts.push(clock.now());
        log.iterations.push(iteration);
        await clock.sleepUntil(clock.now() + callMs);
      },
      think: () => thinkMs,
      async end() {
        log.endedMs = clock.now();
      },
    }),
  );
  return { vus, logs };
}

function runWith(clock: VirtualClock, vus: readonly VirtualUser[], stopping = new AbortController().signal) {
  const active = { now: 0, most: 0 };
  const onActive = (change: 1 | -1) => {
    active.now += change;
    active.most = Math.max(active.most, active.now);
  };
  const done = clock.run(runConstantVus({ vus, fromMs: FROM_MS, toMs: TO_MS, clock, stopping, onActive }));
  return { done, active };
}

it('begins at its start, calls and thinks in turn, and begins nothing at its end or after', async () => {
  const clock = new VirtualClock(0);
  const { vus, logs } = vusOf(clock, 3, 400, 600);
  const { done, active } = runWith(clock, vus);
  await done;
  for (const { starts, iterations } of logs) {
    assert.deepEqual(starts, [1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000]);
    assert.deepEqual(iterations, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  }
  assert.deepEqual(active, { now: 0, most: 3 });
});

it('lets every virtual user begin after its own offset, and none after the end', async () => {
  const clock = new VirtualClock(0);
  const { vus, logs } = vusOf(clock, 3, 100, 3_600_000);
  const offsets = [0, 700, 3_600_000];
  const spread = vus.map((vu, index) => ({ ...vu, startOffsetMs: offsets[index] as number }));
  await runWith(clock, spread).done;
  assert.deepEqual(
    logs.map(({ starts }) => starts),
    [[1000], [1700], []],
  );
  assert.equal(logs[2]?.endedMs, TO_MS);
});

it('cuts a pause at the end', async () => {
  const clock = new VirtualClock(0);
  const { vus, logs } = vusOf(clock, 1, 100, 3_600_000);
  await runWith(clock, vus).done;
  assert.deepEqual(logs[0], { starts: [1000], iterations: [0], endedMs: TO_MS });
});

it('lets the call go on that is under way at the end', async () => {
  const clock = new VirtualClock(0);
  const { vus, logs } = vusOf(clock, 1, 25_000, 0);
  await runWith(clock, vus).done;
  assert.deepEqual(logs[0], { starts: [1000], iterations: [0], endedMs: 26_000 });
});

it('ends every pause at once when it is told to stop, and begins nothing more', async () => {
  const clock = new VirtualClock(0);
  const stopping = new AbortController();
  const { vus, logs } = vusOf(clock, 4, 100, 9000);
  const { done, active } = runWith(clock, vus, stopping.signal);
  void clock.sleepUntil(2500).then(() => stopping.abort());
  await done;
  for (const log of logs) assert.deepEqual(log, { starts: [1000], iterations: [0], endedMs: 2500 });
  assert.equal(active.now, 0);
});

it('begins nothing when it is told to stop before its start, or comes too late', async () => {
  const early = new VirtualClock(0);
  const stopped = vusOf(early, 2, 100, 0);
  await runWith(early, stopped.vus, AbortSignal.abort()).done;
  const late = new VirtualClock(TO_MS);
  const missed = vusOf(late, 2, 100, 0);
  await runWith(late, missed.vus).done;
  for (const { starts, endedMs } of [...stopped.logs, ...missed.logs]) {
    assert.deepEqual(starts, []);
    assert.notEqual(endedMs, undefined, 'a virtual user is ended all the same');
  }
});

it('rejects when a virtual user breaks, which is a bug of ours', async () => {
  const clock = new VirtualClock(0);
  const { vus } = vusOf(clock, 1, 100, 0);
  const broken: VirtualUser = { ...(vus[0] as VirtualUser), iterate: () => Promise.reject(new Error('a bug')) };
  await assert.rejects(runWith(clock, [broken, ...vus]).done, /a bug/);
});
