import { z } from 'zod';
import { GROUP_LANES } from '../run/fold-slices.ts';
import { runIdPattern } from '../run/run-documents.ts';
import type { RunSchedule } from '../store/run-store.ts';

/**
 * The inputs of orchestrations and activities. They carry ids and numbers only, because every replay carries all of them
 * again; plans, samples and folds go through the store. Times are epoch milliseconds. Every input is parsed where it
 * arrives: whoever has the key of the Durable HTTP API can start an orchestration with any input.
 */
const runId = z.string().regex(runIdPattern);
const index = z.int().nonnegative();
const attempt = index;
/** Sentences about what went wrong in mcp-surge itself. */
const faults = z.array(z.string()).optional();

export const runInput = z.object({ runId });

export const preflightInput = z.object({ runId, attempt });

const groupFields = { runId, window: index, firstLane: index, lanes: z.int().positive().max(GROUP_LANES) };

/** The lanes of one window that are added up together. */
export const foldInput = z.object(groupFields);

/** The lanes of one window that one orchestrator manages, and the start and end of that window. */
export const groupInput = z.object({ ...groupFields, startAtMs: z.number(), endAtMs: z.number() });

/** A slice gets no further attempt after `endAtMs`. */
export const sliceInput = z.object({ runId, lane: index, window: index, endAtMs: z.number() });

export const sliceAttemptInput = sliceInput.extend({ attempt });

export const concludeInput = z.object({ runId, faults });

export const failInput = z.object({ runId, reason: z.string() });

export type RunInput = z.output<typeof runInput>;
export type PreflightInput = z.output<typeof preflightInput>;
export type FoldInput = z.output<typeof foldInput>;
export type GroupInput = z.output<typeof groupInput>;
export type SliceInput = z.output<typeof sliceInput>;
export type SliceAttemptInput = z.output<typeof sliceAttemptInput>;
export type ConcludeInput = z.output<typeof concludeInput>;
export type FailInput = z.output<typeof failInput>;

/** What preflight tells the orchestrator; null if the run must not make load. Why is in the run's record. */
export type PreflightAnswer = (RunSchedule & { readonly stopRequested: boolean }) | null;
