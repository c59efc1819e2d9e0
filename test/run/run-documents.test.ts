import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isActive } from '../../src/run/run-documents.ts';
import type { RunRecord } from '../../src/store/run-store.ts';

const CREATED_MS = Date.parse('2026-11-23T12:00:00Z');
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const record: RunRecord = {
  runId: '20261123-120000000-00000000',
  planName: 'small',
  planHash: 'x',
  trigger: 'canary',
  createdAt: new Date(CREATED_MS).toISOString(),
  state: 'running',
  stopRequested: false,
};

it('considers a run dead if it has not ended 15 minutes after its planned end', () => {
  const endAtMs = CREATED_MS + 10 * MINUTE_MS;
  const scheduled = { ...record, schedule: { startAtMs: CREATED_MS, endAtMs, lanes: 1, windows: 1, windowMs: 1 } };
  assert.equal(isActive(scheduled, endAtMs + 14.9 * MINUTE_MS, HOUR_MS), true);
  assert.equal(isActive(scheduled, endAtMs + 15.1 * MINUTE_MS, HOUR_MS), false);
});

it('considers a run without a schedule dead 15 minutes after the longest time that a run may last', () => {
  const queued: RunRecord = { ...record, state: 'queued' };
  assert.equal(isActive(queued, CREATED_MS + HOUR_MS + 14.9 * MINUTE_MS, HOUR_MS), true);
  assert.equal(isActive(queued, CREATED_MS + HOUR_MS + 15.1 * MINUTE_MS, HOUR_MS), false);
});

it('does not count a run that has ended as active', () => {
  for (const state of ['done', 'refused', 'failed'] as const) {
    assert.equal(isActive({ ...record, state }, CREATED_MS, HOUR_MS), false, state);
  }
});
