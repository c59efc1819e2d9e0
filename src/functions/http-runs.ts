import { app, type HttpRequest, type HttpResponseInit } from '@azure/functions';
import * as df from 'durable-functions';
import { refusalProblem } from '../plan/policy.ts';
import { type CreatedRun, createRun } from '../run/create-run.ts';
import { listRuns } from '../run/list-runs.ts';
import { deleteRun } from '../run/retention.ts';
import { type FoundBaseline, findBaseline, hasEnded } from '../run/run-documents.ts';
import { runView, runViewWithLive } from '../run/run-view.ts';
import { stopRun } from '../run/stop-run.ts';
import { policy } from './app-context.ts';
import { BAD_QUERY, type Call, endpoint, problemResponse, promptly, requestedRun, runNotFound } from './http-answer.ts';
import { endWaiting } from './http-stop.ts';
import { LIST_QUERY, parseListQuery } from './list-query.ts';
import { purgeOrchestration, startOrchestration } from './orchestration-client.ts';
import { reconciledRecord, reconcileList } from './reconciler.ts';

type Answer = Promise<HttpResponseInit>;

/** Also requests that only read have a durable client: they notice runs that nobody carries on. */
const get = {
  methods: ['GET' as const],
  authLevel: 'function' as const,
  extraInputs: [df.input.durableClient()],
};
const post = {
  methods: ['POST' as const],
  authLevel: 'function' as const,
  extraInputs: [df.input.durableClient()],
};

app.http('start-run', {
  ...post,
  route: 'runs',
  handler: endpoint({ role: 'run', query: ['baseline'], handle: startRun }),
});
app.http('list-runs', {
  ...get,
  route: 'runs',
  handler: endpoint({ role: 'read', query: LIST_QUERY, handle: showRuns }),
});
app.http('get-run', { ...get, route: 'runs/{id}', handler: endpoint({ role: 'read', handle: getRun }) });
app.http('stop-run', { ...post, route: 'runs/{id}/stop', handler: endpoint({ role: 'run', handle: requestStop }) });

app.http('delete-run', {
  methods: ['DELETE'],
  authLevel: 'function',
  extraInputs: [df.input.durableClient()],
  route: 'runs/{id}',
  handler: endpoint({ role: 'operate', handle: removeRun }),
});

/** More than a plan may have, in any encoding; a larger body is not read. */
const MAX_BODY_BYTES = 4_000_000;
const MAX_KEY_CHARACTERS = 255;

async function startRun({ request, invocation, context, caller }: Call): Answer {
  if (Number(request.headers.get('content-length')) > MAX_BODY_BYTES) return TOO_LARGE;
  // An empty key is no key: clients that template their headers send one.
  const idempotencyKey = request.headers.get('idempotency-key')?.trim() ?? '';
  if (idempotencyKey.length > MAX_KEY_CHARACTERS) return KEY_TOO_LONG;
  const baselineId = request.query.get('baseline');
  const found = baselineId === null ? undefined : await findBaseline(context.store, baselineId);
  if (found !== undefined && !('run' in found)) return noBaseline(found);
  const text = new Uint8Array(await request.arrayBuffer());
  // A body in chunks does not say its length before.
  if (text.length > MAX_BODY_BYTES) return TOO_LARGE;
  const created = await createRun(context, {
    text,
    trigger: 'http',
    startedBy: caller.name,
    ...(idempotencyKey === '' ? {} : { idempotencyKey }),
    ...(found === undefined ? {} : { baseline: found.run }),
  });
  if (!('record' in created)) return refusal(created);
  const { record } = created;
  // The first request with this idempotency key may have stored the run and then failed to start it.
  if (record.state === 'queued') {
    await promptly(startOrchestration(df.getClient(invocation), record.runId)).catch((error: unknown) => {
      // The run is stored, and the reconciler starts what is queued for long. After an error, the caller would start another.
      invocation.warn(`Run ${record.runId} was stored and is not started yet: ${error}`);
    });
  }
  const view = runView(record, runsUrl(request), context.clock.now());
  return { status: 202, headers: { location: view.links.self }, jsonBody: view };
}

async function showRuns({ request, invocation, context }: Call): Answer {
  const { store, clock } = context;
  const query = parseListQuery(request.query);
  if ('problems' in query) return problemResponse({ ...BAD_QUERY, ...query });
  const { records, next } = await listRuns(store, query.filter, clock.now());
  await reconcileList(context, invocation, records);
  const runs = records.map((record) => runView(record, runsUrl(request), clock.now()));
  return { jsonBody: { runs, ...(next === undefined ? {} : { next }) } };
}

async function getRun(call: Call): Answer {
  const { store, clock, timing } = call.context;
  const record = await requestedRun(call);
  if (record === undefined) return runNotFound(call);
  const current = await reconciledRecord(call.context, call.invocation, record);
  // Without its samples, the live figures of a run are not known any more.
  if (current.samplesDeletedAt !== undefined) {
    return { jsonBody: runView(current, runsUrl(call.request), clock.now()) };
  }
  const progress = await store.listProgress(record.runId);
  const view = runViewWithLive(current, progress, runsUrl(call.request), clock.now(), timing.deadAfterMs);
  return { jsonBody: view };
}

async function requestStop(call: Call): Answer {
  const record = await requestedRun(call);
  if (record === undefined) return runNotFound(call);
  const { runId, state } = record;
  const stopped = await stopRun(call.context, runId, call.caller.name);
  if (stopped === undefined) {
    const detail = `Run ${runId} is ${state}; there is nothing to stop.`;
    return problemResponse({ status: 409, title: 'The run has ended', detail });
  }
  await endWaiting(call, stopped);
  return { status: 202, jsonBody: runView(stopped, runsUrl(call.request), call.context.clock.now()) };
}

async function removeRun(call: Call): Answer {
  const record = await requestedRun(call);
  if (record === undefined) return runNotFound(call);
  const { runId, state } = record;
  if (!(await deleteRun(call.context, record))) {
    const what = hasEnded(record) ? 'has ended, and one of its slices still shows life' : `is ${state}`;
    const detail = `Run ${runId} ${what}. Stop it with POST /api/runs/${runId}/stop, and delete it when it has ended.`;
    return problemResponse({ status: 409, title: 'The run is active', detail });
  }
  call.invocation.log(`Run ${runId} was deleted by ${call.caller.name}.`);
  await promptly(purgeOrchestration(df.getClient(call.invocation), record)).catch((error: unknown) => {
    call.invocation.warn(`The history of the deleted run ${runId} stays until it is too old: ${error}`);
  });
  return { status: 204 };
}

function runsUrl(request: HttpRequest): string {
  return new URL('/api/runs', request.url).href;
}

const TOO_LARGE = problemResponse({
  status: 413,
  title: 'The plan is too large',
  detail: `The body has more than ${MAX_BODY_BYTES} bytes. Move large feeds into fewer or shorter values.`,
});

const KEY_TOO_LONG = problemResponse({
  status: 400,
  title: 'The Idempotency-Key is too long',
  detail: `Send a key of at most ${MAX_KEY_CHARACTERS} characters, for example a UUID.`,
});

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
    case 'standstill':
      return problemResponse({ status: 503, title: 'mcp-surge is stopped', detail: created.message });
    case 'no-room':
      return problemResponse({
        status: 409,
        title: 'Other runs leave no room for this one',
        problems: created.problems,
      });
    case 'key-taken': {
      const detail =
        `The Idempotency-Key was used to start run ${created.runId} with a different plan or baseline. ` +
        'Send a new key.';
      return problemResponse({ status: 422, title: 'The idempotency key belongs to another run', detail });
    }
  }
}
