import type { InvocationContext } from '@azure/functions';
import * as df from 'durable-functions';
import { conclude, failRun } from '../run/conclude.ts';
import { type FoldGroup, foldSlices } from '../run/fold-slices.ts';
import { preflight } from '../run/preflight.ts';
import { readRun } from '../run/run-documents.ts';
import { runSlice } from '../run/run-slice.ts';
import { appContext } from './app-context.ts';
import {
  type PreflightAnswer,
  type RunInput,
  type SliceRequestInput,
  stopOrchestration,
} from './orchestration-client.ts';

/** Probes the targets and fixes the schedule. */
df.app.activity('preflight', {
  handler: async ({ runId }: RunInput, { invocationId }: InvocationContext): Promise<PreflightAnswer> => {
    const found = await preflight(await appContext(), runId, invocationId);
    // Problems stay in the store, because they may be longer than an orchestration should carry.
    return 'schedule' in found ? { ...found.schedule, stopRequested: found.stopRequested } : null;
  },
});

/** Makes the load of one lane in one window. */
df.app.activity('run-slice', {
  handler: async ({ runId, lane, window, attempt }: SliceRequestInput, { invocationId }: InvocationContext) =>
    runSlice(await appContext(), { runId, lane, window, attempt, holder: invocationId }),
});

/** Ends the waiting of groups whose window has not begun, after the run was aborted. */
df.app.activity('end-waiting', {
  extraInputs: [df.input.durableClient()],
  handler: async ({ runId }: RunInput, invocation: InvocationContext) => {
    const { store } = await appContext();
    await stopOrchestration(df.getClient(invocation), await readRun(store, runId));
  },
});

/** Adds up what a group of slices has stored. */
df.app.activity('fold-slices', {
  handler: async ({ runId, ...group }: RunInput & FoldGroup) => foldSlices(await appContext(), runId, group),
});

/** Judges the run and stores its report. */
df.app.activity('conclude', {
  handler: async ({ runId }: RunInput) => ({ verdict: (await conclude(await appContext(), runId)).status }),
});

/** Ends a run whose orchestration failed. */
df.app.activity('fail-run', {
  handler: async ({ runId, reason }: RunInput & { readonly reason: string }) =>
    failRun(await appContext(), runId, reason),
});
