import assert from 'node:assert/strict';
import { it } from 'node:test';
import { runExecutor } from '../../src/traffic/run-scenario.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { beginningsOf, drive, onlyShare, RUN_START_MS } from './drive.ts';

const shareOf = (keys: Record<string, unknown> = {}) =>
  onlyShare({ executor: 'constant-vus', vus: 3, duration: '10s', ...keys });

it('calls and thinks in turn, each virtual user after its own offset, and begins nothing at its end', async () => {
  const driven = await drive(shareOf({ startTime: '1s' }), { callMs: 400, thinkMs: 600 });
  const every = (offsetMs: number) => Array.from({ length: 10 }, (_, n) => 1000 + offsetMs + n * 1000);
  assert.deepEqual(beginningsOf(driven), { 0: every(0), 1: every(20), 2: every(40) });
  assert.deepEqual(driven.counts, { planned: undefined, started: 30, dropped: 0, late: 0, maxLagMs: 0 });
  assert.deepEqual([driven.most, driven.left], [3, 0]);
  assert.deepEqual(
    driven.begun.filter(({ vu }) => vu === 1).map(({ number, ordinal }) => [number, ordinal]),
    Array.from({ length: 10 }, (_, n) => [n, n * 3 + 1]),
  );
});

it('cuts a pause at the end, and lets the call go on that is under way', async () => {
  const paused = await drive(shareOf({ vus: 1 }), { callMs: 100, thinkMs: 3_600_000 });
  assert.deepEqual(paused.ended, [{ vu: 0, atMs: 10_000 }]);
  const calling = await drive(shareOf({ vus: 1 }), { callMs: 25_000 });
  assert.deepEqual(calling.ended, [{ vu: 0, atMs: 25_000 }]);
  assert.deepEqual(calling.interrupted, []);
});

it('ends every pause at once when it is told to stop, and begins nothing more', async () => {
  const driven = await drive(shareOf(), { callMs: 100, thinkMs: 9000, stopMs: 2500 });
  assert.deepEqual(beginningsOf(driven), { 0: [0], 1: [20], 2: [40] });
  assert.deepEqual(
    driven.ended,
    [0, 1, 2].map((vu) => ({ vu, atMs: 2500 })),
  );
  assert.deepEqual([driven.left, driven.overMs], [0, 2500]);
});

it('makes no virtual user when it is told to stop before its start, or comes too late', async () => {
  const stopped = await drive(shareOf({ startTime: '5s' }), { stopMs: 100 });
  const late = await drive(shareOf(), { clockMs: 10_000 });
  for (const { made, begun, left } of [stopped, late]) assert.deepEqual([made, begun, left], [[], [], 0]);
  assert.equal(stopped.overMs, 100);
});

it('takes part from where it is when it comes late, as a second attempt does', async () => {
  const driven = await drive(shareOf({ vus: 1 }), { clockMs: 7000, callMs: 1000 });
  assert.deepEqual(beginningsOf(driven), { 0: [7000, 8000, 9000] });
});

it('asks once for a session to hold, and lets it go at the end or when it is told to stop', async () => {
  const holding = shareOf({ steps: [], sessions: { reuse: 'vu' } });
  const driven = await drive(holding, { callMs: 50 });
  assert.deepEqual(beginningsOf(driven), { 0: [0], 1: [20], 2: [40] });
  assert.deepEqual(
    driven.ended,
    [0, 1, 2].map((vu) => ({ vu, atMs: 10_000 })),
  );
  assert.equal((await drive(holding, { callMs: 50, stopMs: 3000 })).overMs, 3000);
});

it('does not spin when iterations take no time', async () => {
  const { counts } = await drive(shareOf({ vus: 1, duration: '1s' }));
  assert.equal(counts.started, 1000);
});

it('rejects when a virtual user breaks, which is a bug of ours', async () => {
  const clock = new VirtualClock(RUN_START_MS);
  const working = runExecutor({
    share: shareOf(),
    clock,
    stopping: new AbortController().signal,
    lateAfterMs: 10,
    onActive: () => undefined,
    onDropped: () => undefined,
    newVu: () => ({
      iterate: () => Promise.reject(new Error('a bug')),
      think: () => 0,
      interrupt: () => undefined,
      end: async () => undefined,
    }),
  });
  await assert.rejects(clock.run(working), /a bug/);
});
