import type { InvocationContext } from '@azure/functions';
import * as df from 'durable-functions';
import { conclude, failRun } from '../run/conclude.ts';
import { type FoldGroup, foldSlices } from '../run/fold-slices.ts';
import { preflight } from '../run/preflight.ts';
import { readRun } from '../run/run-documents.ts';
import { runSlice, type SliceRequest } from '../run/run-slice.ts';
import { appContext } from './app-context.ts';
import {
  type PreflightAnswer,
  type RunInput,
  type SliceRequestInput,
  stopOrchestration,
} from './orchestration-client.ts';

df.app.activity('preflight', {
  handler: async ({ runId }: RunInput, { invocationId }: InvocationContext): Promise<PreflightAnswer> => {
    const found = await preflight(await appContext(), runId, invocationId);
    // Problems are in the store; they could be longer than what orchestrations should carry.
    return 'schedule' in found ? { ...found.schedule, stopRequested: found.stopRequested } : null;
  },
});

df.app.activity('run-slice', {
  handler: async ({ runId, lane, window, attempt }: SliceRequestInput, { invocationId }: InvocationContext) => {
    const request: SliceRequest = { runId, lane, window, attempt, holder: invocationId };
    return runSlice(await appContext(), request);
  },
});

df.app.activity('end-waiting', {
  extraInputs: [df.input.durableClient()],
  handler: async ({ runId }: RunInput, invocation: InvocationContext) => {
    const { store } = await appContext();
    await stopOrchestration(df.getClient(invocation), await readRun(store, runId));
  },
});

df.app.activity('fold-slices', {
  handler: async ({ runId, ...group }: RunInput & FoldGroup) => foldSlices(await appContext(), runId, group),
});

df.app.activity('conclude', {
  handler: async ({ runId }: RunInput) => ({ verdict: (await conclude(await appContext(), runId)).status }),
});

df.app.activity('fail-run', {
  handler: async ({ runId, reason }: RunInput & { readonly reason: string }) =>
    failRun(await appContext(), runId, reason),
});
