import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import * as df from 'durable-functions';
import Negotiator from 'negotiator';
import { refusalSentence } from '../plan/policy.ts';
import { type ReportFormat, renderReport } from '../report/render-report.ts';
import { type CreatedRun, createRun } from '../run/create-run.ts';
import { type FoundBaseline, findBaseline, hasEnded, readReport, readRun, runIdPattern } from '../run/run-documents.ts';
import { runView, runViewWithLive } from '../run/run-view.ts';
import { appContext, policy } from './app-context.ts';
import { startOrchestration, stopOrchestration } from './orchestration-client.ts';

/** A problem as RFC 9457 has it. */
export type Problem = {
  readonly status: number;
  readonly title: string;
  readonly detail?: string;
  /** Each thing that is wrong, where there are several. */
  readonly problems?: readonly unknown[];
};

/** The answer to a request that cannot be served, as `application/problem+json` (RFC 9457). */
export function problemResponse(problem: Problem): HttpResponseInit {
  return {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json' },
    body: JSON.stringify({ type: 'about:blank', ...problem }),
  };
}

export function noSuchRun(runId: string): HttpResponseInit {
  return problemResponse({
    status: 404,
    title: 'No such run',
    detail: `There is no run "${runId}". GET /api/runs lists the runs.`,
  });
}

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

app.http('start-run', {
  methods: ['POST'],
  route: 'runs',
  authLevel: 'function',
  extraInputs: [df.input.durableClient()],
  handler: startRun,
});

async function startRun(request: HttpRequest, invocation: InvocationContext): Promise<HttpResponseInit> {
  const context = await appContext();
  const idempotencyKey = request.headers.get('idempotency-key');
  const key = idempotencyKey === null ? {} : { idempotencyKey };
  const baselineId = request.query.get('baseline');
  const found = baselineId === null ? undefined : await findBaseline(context.store, baselineId);
  if (found !== undefined && !('run' in found)) return noBaseline(found);
  const baseline = found === undefined ? {} : { baseline: found.run };
  const created = await createRun(context, { text: await request.text(), trigger: 'http', ...key, ...baseline });
  if (!('record' in created)) return refusal(created);
  const { record } = created;
  // A repeated request may follow one that broke off between storing the run and starting it.
  if (record.state === 'queued') await startOrchestration(df.getClient(invocation), record.runId);
  const view = runView(record, new URL('/api/runs', request.url).href, context.clock.now());
  return { status: 202, headers: { location: view.links.self }, jsonBody: view };
}

function noBaseline({ missing, problem }: Exclude<FoundBaseline, { run: unknown }>): HttpResponseInit {
  const status = missing === 'run' ? 404 : 400;
  return problemResponse({ status, title: 'There is no such baseline', detail: problem });
}

function refusal(created: Exclude<CreatedRun, { record: unknown }>): HttpResponseInit {
  switch (created.outcome) {
    case 'invalid':
      return problemResponse({ status: 400, title: 'The plan is not valid', problems: created.problems });
    case 'not-allowed':
      return problemResponse({
        status: 403,
        title: 'The plan is not allowed here',
        problems: created.refusals.map((each) => refusalSentence(each, policy)),
      });
    case 'key-taken':
      return problemResponse({
        status: 422,
        title: 'The idempotency key stands for another run',
        detail: `Run ${created.runId} was started with this Idempotency-Key and a different plan or baseline. Send a new key.`,
      });
  }
}

const BY_MEDIA_TYPE: Readonly<Record<string, ReportFormat>> = {
  'application/json': 'json',
  'text/html': 'html',
  'text/plain': 'text',
};
const BY_ENDING: Readonly<Record<string, ReportFormat>> = { json: 'json', html: 'html', txt: 'text' };

const shared = { methods: ['GET' as const], authLevel: 'function' as const };
app.http('get-report', {
  ...shared,
  route: 'runs/{id}/report',
  handler: (request) => getReport(request, formatByAccept(request)),
});
for (const [ending, format] of Object.entries(BY_ENDING)) {
  app.http(`get-report-${ending}`, {
    ...shared,
    route: `runs/{id}/report.${ending}`,
    handler: (request) => getReport(request, format),
  });
}

async function getReport(request: HttpRequest, format: ReportFormat | undefined): Promise<HttpResponseInit> {
  if (format === undefined) {
    const detail = `Reports come as ${Object.keys(BY_MEDIA_TYPE).join(', ')}.`;
    return problemResponse({ status: 406, title: 'No such form of the report', detail });
  }
  const { store } = await appContext();
  const { id = '' } = request.params;
  const record = runIdPattern.test(id) ? await store.getRun(id) : undefined;
  if (record === undefined) return noSuchRun(id);
  const report = await readReport(store, id);
  if (report === undefined) {
    const detail = hasEnded(record)
      ? `Run ${id} is ${record.state}: ${record.problems?.join(' ') ?? ''}`
      : `Run ${id} is ${record.state}; ask again later.`;
    return problemResponse({ status: 409, title: 'There is no report', detail });
  }
  try {
    const { body, contentType } = renderReport(report, format);
    return { body, headers: { 'content-type': contentType, vary: 'accept' } };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return problemResponse({ status: 409, title: 'The report was made by another version', detail });
  }
}

function formatByAccept(request: HttpRequest): ReportFormat | undefined {
  const accept = request.headers.get('accept') ?? '*/*';
  const chosen = new Negotiator({ headers: { accept } }).mediaType(Object.keys(BY_MEDIA_TYPE));
  return chosen === undefined ? undefined : BY_MEDIA_TYPE[chosen];
}
