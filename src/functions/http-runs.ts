import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import * as df from 'durable-functions';
import Negotiator from 'negotiator';
import { refusalProblem } from '../plan/policy.ts';
import type { Problem } from '../plan/problem.ts';
import { type ReportFormat, renderReport } from '../report/render-report.ts';
import { type CreatedRun, createRun } from '../run/create-run.ts';
import { type FoundBaseline, findBaseline, hasEnded, readReport, readRun, runIdPattern } from '../run/run-documents.ts';
import { runView, runViewWithLive } from '../run/run-view.ts';
import type { RunRecord } from '../store/run-store.ts';
import { appContext, policy } from './app-context.ts';
import { startOrchestration, stopOrchestration } from './orchestration-client.ts';

type Answer = Promise<HttpResponseInit>;

const FORMAT_OF_MEDIA_TYPE: Readonly<Record<string, ReportFormat>> = {
  'application/json': 'json',
  'text/html': 'html',
  'text/plain': 'text',
};
const FORMAT_OF_EXTENSION: Readonly<Record<string, ReportFormat>> = { json: 'json', html: 'html', txt: 'text' };

const MAX_LIMIT = 200;

const get = { methods: ['GET' as const], authLevel: 'function' as const };
const post = {
  methods: ['POST' as const],
  authLevel: 'function' as const,
  extraInputs: [df.input.durableClient()],
};

app.http('start-run', { ...post, route: 'runs', handler: startRun });
app.http('list-runs', { ...get, route: 'runs', handler: listRuns });
app.http('get-run', { ...get, route: 'runs/{id}', handler: getRun });
app.http('stop-run', { ...post, route: 'runs/{id}/stop', handler: stopRun });
app.http('get-report', {
  ...get,
  route: 'runs/{id}/report',
  handler: (request) => getReport(request, acceptedFormat(request)),
});
for (const [extension, format] of Object.entries(FORMAT_OF_EXTENSION)) {
  app.http(`get-report-${extension}`, {
    ...get,
    route: `runs/{id}/report.${extension}`,
    handler: (request) => getReport(request, format),
  });
}

async function startRun(request: HttpRequest, invocation: InvocationContext): Answer {
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
  // The first request with this idempotency key may have stored the run and then failed to start it.
  if (record.state === 'queued') await startOrchestration(df.getClient(invocation), record.runId);
  const view = runView(record, runsUrl(request), context.clock.now());
  return { status: 202, headers: { location: view.links.self }, jsonBody: view };
}

async function listRuns(request: HttpRequest): Answer {
  const { store, clock } = await appContext();
  const limit = Number(request.query.get('limit') ?? 50);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    return problemResponse({
      status: 400,
      title: 'The query is not valid',
      detail: `limit: expected a whole number from 1 to ${MAX_LIMIT}.`,
    });
  }
  const planName = request.query.get('plan');
  const records = await store.listRuns({ limit, ...(planName === null ? {} : { planName }) });
  return { jsonBody: { runs: records.map((record) => runView(record, runsUrl(request), clock.now())) } };
}

async function getRun(request: HttpRequest): Answer {
  const { store, clock } = await appContext();
  const record = await requestedRun(request);
  if (record === undefined) return runNotFound(request);
  const progress = await store.listProgress(record.runId);
  return { jsonBody: runViewWithLive(record, progress, runsUrl(request), clock.now()) };
}

async function stopRun(request: HttpRequest, invocation: InvocationContext): Answer {
  const { store, clock } = await appContext();
  const record = await requestedRun(request);
  if (record === undefined) return runNotFound(request);
  const { runId, state } = record;
  if (hasEnded(record)) {
    return problemResponse({
      status: 409,
      title: 'The run has ended',
      detail: `Run ${runId} is ${state}; there is nothing to stop.`,
    });
  }
  await store.updateRun(runId, { stopRequested: true });
  await stopOrchestration(df.getClient(invocation), await readRun(store, runId)).catch((error: unknown) => {
    // The flag stops the load anyway; only the report then waits until the end of the last window.
    invocation.warn(
      `Run ${runId} is stopped by its stop flag only, because the stop event could not be sent: ${error}`,
    );
  });
  return { status: 202, jsonBody: runView({ ...record, stopRequested: true }, runsUrl(request), clock.now()) };
}

async function getReport(request: HttpRequest, format: ReportFormat | undefined): Answer {
  if (format === undefined) {
    const detail = `Reports are available as ${Object.keys(FORMAT_OF_MEDIA_TYPE).join(', ')}.`;
    return problemResponse({ status: 406, title: 'The report is not available in this format', detail });
  }
  const { store } = await appContext();
  const record = await requestedRun(request);
  if (record === undefined) return runNotFound(request);
  const { runId, state } = record;
  const report = await readReport(store, runId);
  if (report === undefined) {
    const detail = `Run ${runId} is ${state}.${hasEnded(record) ? '' : ' Try again later.'}`;
    const { problems } = record;
    return problemResponse({ status: 409, title: 'The run has no report', detail, ...(problems && { problems }) });
  }
  try {
    const { body, contentType } = renderReport(report, format);
    return { body, headers: { 'content-type': contentType, vary: 'accept' } };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return problemResponse({ status: 409, title: 'The report was made by another version of mcp-surge', detail });
  }
}

/** The format of a report by the request's Accept header; undefined if none is acceptable. */
function acceptedFormat(request: HttpRequest): ReportFormat | undefined {
  const accept = request.headers.get('accept') ?? '*/*';
  const chosen = new Negotiator({ headers: { accept } }).mediaType(Object.keys(FORMAT_OF_MEDIA_TYPE));
  return chosen === undefined ? undefined : FORMAT_OF_MEDIA_TYPE[chosen];
}

/** The run that the URL names. */
async function requestedRun({ params: { id = '' } }: HttpRequest): Promise<RunRecord | undefined> {
  const { store } = await appContext();
  return runIdPattern.test(id) ? store.getRun(id) : undefined;
}

function runsUrl(request: HttpRequest): string {
  return new URL('/api/runs', request.url).href;
}

type ProblemAnswer = {
  readonly status: number;
  readonly title: string;
  readonly detail?: string;
  /** Several things that are wrong. */
  readonly problems?: readonly Problem[];
};

/** An error response in the form of RFC 9457, `application/problem+json`. */
function problemResponse(problem: ProblemAnswer): HttpResponseInit {
  return {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json' },
    body: JSON.stringify({ type: 'about:blank', ...problem }),
  };
}

function runNotFound({ params: { id = '' } }: HttpRequest): HttpResponseInit {
  const detail = `There is no run "${id}". GET /api/runs lists the runs.`;
  return problemResponse({ status: 404, title: 'The run was not found', detail });
}

function noBaseline({ missing, problem }: Exclude<FoundBaseline, { run: unknown }>): HttpResponseInit {
  const status = missing === 'run' ? 404 : 400;
  return problemResponse({ status, title: 'The run cannot be a baseline', detail: problem });
}

function refusal(created: Exclude<CreatedRun, { record: unknown }>): HttpResponseInit {
  switch (created.outcome) {
    case 'invalid':
      return problemResponse({ status: 400, title: 'The plan is not valid', problems: created.problems });
    case 'not-allowed': {
      const problems = created.refusals.map((each) => refusalProblem(each, policy));
      return problemResponse({ status: 403, title: 'The plan is not allowed here', problems });
    }
    case 'key-taken': {
      const detail =
        `The Idempotency-Key was used to start run ${created.runId} with a different plan or baseline. ` +
        'Send a new key.';
      return problemResponse({ status: 422, title: 'The idempotency key belongs to another run', detail });
    }
  }
}
