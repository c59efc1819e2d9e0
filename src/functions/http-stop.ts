import { app, type HttpResponseInit } from '@azure/functions';
import * as df from 'durable-functions';
import { standstill } from '../run/admission.ts';
import { stopEverything } from '../run/stop-run.ts';
import type { RunRecord } from '../store/run-store.ts';
import { type Call, endpoint, problemResponse, promptly } from './http-answer.ts';
import { stopOrchestration } from './orchestration-client.ts';

type Answer = Promise<HttpResponseInit>;

const shared = { authLevel: 'function' as const, route: 'stop' };

app.http('stop-all', {
  ...shared,
  methods: ['POST'],
  extraInputs: [df.input.durableClient()],
  handler: endpoint({ role: 'operate', handle: stopAll }),
});
app.http('get-stop', { ...shared, methods: ['GET'], handler: endpoint({ role: 'read', handle: getStop }) });
app.http('end-stop', { ...shared, methods: ['DELETE'], handler: endpoint({ role: 'operate', handle: endStop }) });

async function stopAll(call: Call): Answer {
  const { stop, runs } = await stopEverything(call.context, call.caller.name);
  call.invocation.warn(`The kill switch was turned on by ${call.caller.name}; ${runs.length} runs are being stopped.`);
  await Promise.all(runs.map((run) => endWaiting(call, run)));
  return { status: 202, jsonBody: { stopped: stop, stopping: runs.map(({ runId }) => runId) } };
}

async function getStop({ context }: Call): Answer {
  const [stop, still] = [await context.store.readKillSwitch(), await standstill(context)];
  return { jsonBody: { stopped: stop ?? null, ...(still === undefined ? {} : { detail: still.message }) } };
}

async function endStop({ context, caller, invocation }: Call): Answer {
  await context.store.writeKillSwitch(undefined);
  invocation.warn(`The kill switch was turned off by ${caller.name}.`);
  // The setting is the operator's own decision; a request does not overrule it.
  const still = await standstill(context);
  if (still === undefined) return { jsonBody: { stopped: null } };
  return problemResponse({ status: 409, title: 'mcp-surge is stopped', detail: still.message });
}

/**
 * Ends the waiting of the windows of a stopped run that have not begun. If that fails, the flag stops the load anyway, and
 * only the report waits until the end of the last window.
 */
export async function endWaiting({ invocation }: Pick<Call, 'invocation'>, run: RunRecord): Promise<void> {
  await promptly(stopOrchestration(df.getClient(invocation), run)).catch((error: unknown) => {
    invocation.warn(`Run ${run.runId} is stopped by its stop flag only: the stop event could not be sent: ${error}`);
  });
}
