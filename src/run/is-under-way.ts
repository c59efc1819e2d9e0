import type { RunRecord } from '../store/run-record.ts';
import { hasEnded } from './has-ended.ts';

/** A run that has not ended this long after the longest it may last is dead, whatever its state says. */
const PATIENCE_MS = 15 * 60_000;

/** True while a run may still make load or conclude. */
export function isUnderWay(record: RunRecord, nowMs: number, maxDurationMs: number): boolean {
  if (hasEnded(record)) return false;
  const endMs = record.schedule?.endAtMs ?? Date.parse(record.createdAt) + maxDurationMs;
  return nowMs < endMs + PATIENCE_MS;
}
