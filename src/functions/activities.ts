import { app, type InvocationContext } from '@azure/functions';
import * as df from 'durable-functions';
import { conclude, failRun } from '../run/conclude.ts';
import { foldSlices } from '../run/fold-slices.ts';
import { preflight } from '../run/preflight.ts';
import { readRun } from '../run/run-documents.ts';
import { runSlice } from '../run/run-slice.ts';
import { appContext } from './app-context.ts';
import { stopOrchestration } from './orchestration-client.ts';
import { orchestrationHub, whyOrchestrationEnded } from './orchestration-hub.ts';
import {
  concludeInput,
  failInput,
  foldInput,
  type PreflightAnswer,
  preflightInput,
  runInput,
  sliceAttemptInput,
} from './orchestration-inputs.ts';

/** Probes the targets and fixes the schedule. */
df.app.activity('preflight', {
  handler: async (input: unknown, { invocationId }: InvocationContext): Promise<PreflightAnswer> => {
    const { runId, attempt } = preflightInput.parse(input);
    const found = await preflight(await appContext(), runId, invocationId, attempt);
    // Problems stay in the store, because they may be longer than an orchestration should carry.
    return 'schedule' in found ? { ...found.schedule, stopRequested: found.stopRequested } : null;
  },
});

/** Makes the load of one lane in one window. */
df.app.activity('run-slice', {
  extraInputs: [df.input.durableClient()],
  handler: async (input: unknown, invocation: InvocationContext) => {
    const attempt = sliceAttemptInput.parse(input);
    const hub = orchestrationHub(df.getClient(invocation));
    return runSlice(await appContext(), {
      ...attempt,
      holder: invocation.invocationId,
      whyOrchestrationEnded: () => whyOrchestrationEnded(hub, attempt.runId),
    });
  },
});

/** Ends the waiting of groups whose window has not begun, if the run was stopped or has aborted itself. */
df.app.activity('end-waiting', {
  extraInputs: [df.input.durableClient()],
  handler: async (input: unknown, invocation: InvocationContext) => {
    const { runId } = runInput.parse(input);
    const { store } = await appContext();
    const record = await readRun(store, runId);
    if (record.stopRequested) await stopOrchestration(df.getClient(invocation), record);
  },
});

/** Adds up what a group of slices has stored. */
df.app.activity('fold-slices', {
  handler: async (input: unknown) => {
    const { runId, ...group } = foldInput.parse(input);
    await foldSlices(await appContext(), runId, group);
  },
});

/** Judges the run and stores its report. */
df.app.activity('conclude', {
  handler: async (input: unknown) => {
    const { runId, faults = [] } = concludeInput.parse(input);
    return { verdict: (await conclude(await appContext(), runId, { faults })).status };
  },
});

/** Ends a run whose orchestration failed. */
df.app.activity('fail-run', {
  handler: async (input: unknown) => {
    const { runId, reason } = failInput.parse(input);
    await failRun(await appContext(), runId, reason);
  },
});

/** The host ends a worker about ten seconds after it has told it to end; the local host gives its hooks five. */
const SHUTDOWN_GRACE_MS = 4500;

// When the platform ends this process, its slices end their load, store what they have measured and give themselves back.
// So the next attempt goes on without waiting for signs of death.
app.hook.appTerminate(async () => {
  const { clock, runningSlices } = await appContext();
  await runningSlices.releaseAll(clock, 'the process was shut down', SHUTDOWN_GRACE_MS);
});
