import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  looksStuck,
  type OrchestrationHub,
  type OrchestrationStatus,
  type Reconciliation,
  reconcile,
  reconciliationOf,
} from '../../src/run/reconcile.ts';
import { readRun } from '../../src/run/run-documents.ts';
import { DEFAULT_DEAD_AFTER_MS, timingOf } from '../../src/run/timing.ts';
import type { RunRecord } from '../../src/store/run-store.ts';
import { testContext } from '../support/run-context.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const RUN = '20261123-120000000-00000000';
const CREATED_MS = Date.parse('2026-11-23T12:00:00Z');
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const schedule = {
  startAtMs: CREATED_MS + MINUTE,
  endAtMs: CREATED_MS + 11 * MINUTE,
  lanes: 2,
  windows: 2,
  windowMs: 5 * MINUTE,
};

function run(changes: Partial<RunRecord> = {}): RunRecord {
  return {
    runId: RUN,
    planName: 'small',
    planHash: 'x',
    trigger: 'http',
    createdAt: new Date(CREATED_MS).toISOString(),
    state: 'queued',
    stopRequested: false,
    ...changes,
  };
}

const running = run({ state: 'running', schedule });
const status = (state: OrchestrationStatus['state'], detail = ''): OrchestrationStatus => ({ state, detail });

/** What is done so long after the creation. */
function decided(record: RunRecord, state: OrchestrationStatus['state'], afterMs: number): Reconciliation['what'] {
  return reconciliationOf(record, status(state), CREATED_MS + afterMs, timingOf(DEFAULT_DEAD_AFTER_MS)).what;
}

describe('the reconciler', () => {
  const cases: readonly [string, RunRecord, OrchestrationStatus['state'], number, Reconciliation['what']][] = [
    ['leaves a new run to its starter', run(), 'absent', 29 * SECOND, 'nothing'],
    ['starts a run whose starter died', run(), 'absent', 30 * SECOND, 'start'],
    ['starts it within ten minutes', run(), 'absent', 10 * MINUTE - 1, 'start'],
    ['ends a run that nobody started in ten minutes', run(), 'absent', 10 * MINUTE, 'fail'],
    ['leaves a started run alone', run(), 'active', 20 * MINUTE, 'nothing'],
    ['ends a run that has waited in the hub for half an hour', run(), 'active', 30 * MINUTE, 'fail'],
    ['starts a run whose orchestration failed before its preflight', run(), 'failed', 5 * SECOND, 'start'],
    [
      'starts a run whose orchestration failed in its preflight',
      run({ state: 'preflight' }),
      'failed',
      MINUTE,
      'start',
    ],
    ['ends such a run after ten minutes', run({ state: 'preflight' }), 'failed', 10 * MINUTE, 'fail'],
    ['starts no run that was terminated', run(), 'terminated', 5 * SECOND, 'fail'],
    ['leaves a preflight alone', run({ state: 'preflight' }), 'active', 20 * MINUTE, 'nothing'],
    ['ends a preflight that was terminated', run({ state: 'preflight' }), 'terminated', 5 * SECOND, 'fail'],
    ['ends a preflight whose hub is gone', run({ state: 'preflight' }), 'absent', 5 * SECOND, 'fail'],
    ['leaves a running run alone', running, 'active', 11 * MINUTE, 'nothing'],
    ['leaves it alone for a while after its planned end', running, 'active', 26 * MINUTE - 1, 'nothing'],
    ['concludes it a quarter of an hour after its planned end', running, 'active', 26 * MINUTE, 'conclude'],
    ['concludes a run that was terminated', running, 'terminated', 2 * MINUTE, 'conclude'],
    ['concludes a run whose orchestration failed', running, 'failed', 2 * MINUTE, 'conclude'],
    ['concludes a run whose hub is gone', running, 'absent', 2 * MINUTE, 'conclude'],
    ['concludes a run that its orchestration left', running, 'completed', 12 * MINUTE, 'conclude'],
    ['leaves a conclusion alone', { ...running, state: 'concluding' }, 'active', 40 * MINUTE, 'nothing'],
    [
      'repeats a conclusion that takes too long',
      { ...running, state: 'concluding' },
      'active',
      41 * MINUTE,
      'conclude',
    ],
    ['repeats a conclusion that was lost', { ...running, state: 'concluding' }, 'failed', 12 * MINUTE, 'conclude'],
  ];
  for (const [title, record, state, afterMs, expected] of cases) {
    it(title, () => assert.equal(decided(record, state, afterMs), expected));
  }

  for (const state of ['done', 'failed', 'refused'] as const) {
    it(`ends an orchestration that outlives a run that is ${state}, and nothing else`, () => {
      const ended = { ...running, state, endedAt: new Date(CREATED_MS + 11 * MINUTE).toISOString() };
      assert.equal(decided(ended, 'active', 11 * MINUTE + 59 * SECOND), 'nothing');
      assert.equal(decided(ended, 'active', 12 * MINUTE), 'end');
      for (const over of ['completed', 'failed', 'terminated', 'absent'] as const) {
        assert.equal(decided(ended, over, 12 * MINUTE), 'nothing');
      }
    });
  }

  it('shortens all its times with the dead-after time', () => {
    const timing = timingOf(3000);
    const at = (record: RunRecord, state: OrchestrationStatus['state'], ms: number) =>
      reconciliationOf(record, status(state), ms, timing).what;
    assert.equal(at(run(), 'absent', CREATED_MS + 3000), 'start');
    assert.equal(at(run(), 'absent', CREATED_MS + MINUTE), 'fail');
    assert.equal(at(running, 'active', schedule.endAtMs + 90 * SECOND), 'conclude');
  });

  it('gives the reason of whoever terminated a run', () => {
    const found = reconciliationOf(running, status('terminated', 'wrong target'), CREATED_MS, timingOf(30_000));
    assert.ok(found.what === 'conclude');
    assert.equal(found.reason, 'The orchestration of the run was terminated (wrong target).');
  });

  it('looks twice only at runs that should have gone on or ended by now', () => {
    const timing = timingOf(DEFAULT_DEAD_AFTER_MS);
    assert.equal(looksStuck(run(), CREATED_MS + 59 * SECOND, timing), false);
    assert.equal(looksStuck(run(), CREATED_MS + 61 * SECOND, timing), true);
    assert.equal(looksStuck(running, schedule.endAtMs, timing), false);
    assert.equal(looksStuck(running, schedule.endAtMs + 61 * SECOND, timing), true);
    assert.equal(looksStuck({ ...running, state: 'done' }, schedule.endAtMs + MINUTE * 60, timing), false);
  });
});

/** A hub that records what it is asked to do. */
async function reconciled(record: RunRecord, orchestration: OrchestrationStatus, afterMs: number) {
  const context = testContext({ clock: new VirtualClock(CREATED_MS + afterMs) });
  await context.store.createRun(record);
  const calls: string[] = [];
  const hub: OrchestrationHub = {
    statusOf: async () => orchestration,
    start: async (runId) => void calls.push(`start ${runId}`),
    end: async ({ runId }) => void calls.push(`end ${runId}`),
    conclude: async (runId, reason) => void calls.push(`conclude ${runId}: ${reason}`),
  };
  await reconcile(context, hub, RUN);
  return { calls, record: await readRun(context.store, RUN) };
}

it('starts the orchestration of a run that was only stored', async () => {
  const { calls, record } = await reconciled(run(), status('absent'), MINUTE);
  assert.deepEqual([calls, record.state], [[`start ${RUN}`], 'queued']);
});

it('starts an orchestration again that failed before the load, and keeps why', async () => {
  const { calls, record } = await reconciled(run({ state: 'preflight' }), status('failed', 'lost'), MINUTE);
  assert.deepEqual(calls, [`start ${RUN}`]);
  assert.deepEqual(record.faults, ['The orchestration of the run failed (lost) and was started again.']);
});

it('lets a run without a schedule fail with the reason, and ends what is left of it', async () => {
  const { calls, record } = await reconciled(run({ state: 'preflight' }), status('terminated', 'lost'), MINUTE);
  assert.deepEqual([calls, record.state], [[], 'failed']);
  assert.deepEqual(record.problems, [{ path: '', message: 'The orchestration of the run was terminated (lost).' }]);
  assert.equal(record.endedAt, new Date(CREATED_MS + MINUTE).toISOString());
  const stuck = await reconciled(run({ state: 'preflight' }), status('active'), 31 * MINUTE);
  assert.deepEqual(stuck.calls, [`end ${RUN}`]);
  assert.match(stuck.record.problems?.[0]?.message ?? '', /was preflight 31 minutes after its creation/);
});

it('concludes a run with a schedule, and ends what is left of its orchestration', async () => {
  const { calls } = await reconciled(running, status('terminated'), 2 * MINUTE);
  assert.deepEqual(calls, [`conclude ${RUN}: The orchestration of the run was terminated.`, `end ${RUN}`]);
});

it('does nothing for a run whose end was stored while the hub was asked', async () => {
  const { calls, record } = await reconciled({ ...running, state: 'done' }, status('completed'), 12 * MINUTE);
  assert.deepEqual([calls, record.state], [[], 'done']);
});
