import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import * as df from 'durable-functions';
import { hasEnded } from '../run/has-ended.ts';
import { readRun } from '../run/run-documents.ts';
import { runIdPattern } from '../run/run-id.ts';
import { runView, runViewWithLive } from '../run/run-view.ts';
import { appContext } from './app-context.ts';
import { stopOrchestration } from './orchestration-client.ts';
import { noSuchRun, problemResponse } from './problem.ts';

app.http('list-runs', { methods: ['GET'], route: 'runs', authLevel: 'function', handler: listRuns });
app.http('get-run', { methods: ['GET'], route: 'runs/{id}', authLevel: 'function', handler: getRun });
app.http('stop-run', {
  methods: ['POST'],
  route: 'runs/{id}/stop',
  authLevel: 'function',
  extraInputs: [df.input.durableClient()],
  handler: stopRun,
});

const MAX_LIMIT = 200;

async function listRuns(request: HttpRequest): Promise<HttpResponseInit> {
  const { store, clock } = await appContext();
  const limit = Number(request.query.get('limit') ?? 50);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    return problemResponse({
      status: 400,
      title: 'Bad query',
      detail: `limit: expected a whole number from 1 to ${MAX_LIMIT}.`,
    });
  }
  const planName = request.query.get('plan');
  const records = await store.listRuns({ limit, ...(planName === null ? {} : { planName }) });
  return { jsonBody: { runs: records.map((record) => runView(record, runsUrl(request), clock.now())) } };
}

async function getRun(request: HttpRequest): Promise<HttpResponseInit> {
  const { store, clock } = await appContext();
  const { id = '' } = request.params;
  const record = runIdPattern.test(id) ? await store.getRun(id) : undefined;
  if (record === undefined) return noSuchRun(id);
  return { jsonBody: runViewWithLive(record, await store.listProgress(id), runsUrl(request), clock.now()) };
}

async function stopRun(request: HttpRequest, invocation: InvocationContext): Promise<HttpResponseInit> {
  const { store, clock } = await appContext();
  const { id = '' } = request.params;
  const record = runIdPattern.test(id) ? await store.getRun(id) : undefined;
  if (record === undefined) return noSuchRun(id);
  if (hasEnded(record)) {
    return problemResponse({
      status: 409,
      title: 'The run has ended',
      detail: `Run ${id} is ${record.state}; there is nothing to stop.`,
    });
  }
  await store.updateRun(id, { stopRequested: true });
  await stopOrchestration(df.getClient(invocation), await readRun(store, id)).catch((error: unknown) => {
    // The flag has stopped the load all the same; only the report waits for the end of the last window.
    invocation.warn(`Run ${id} stops by its flag alone: ${error}`);
  });
  return { status: 202, jsonBody: runView({ ...record, stopRequested: true }, runsUrl(request), clock.now()) };
}

function runsUrl(request: HttpRequest): string {
  return new URL('/api/runs', request.url).href;
}
