import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import * as df from 'durable-functions';
import { type CreatedRun, createRun } from '../run/create-run.ts';
import { type FoundBaseline, findBaseline } from '../run/find-baseline.ts';
import { runView } from '../run/run-view.ts';
import { appContext } from './app-context.ts';
import { problemResponse } from './problem.ts';
import { startOrchestration } from './start-orchestration.ts';

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
      return problemResponse({ status: 403, title: 'The plan is not allowed here', problems: created.problems });
    case 'key-taken':
      return problemResponse({
        status: 422,
        title: 'The idempotency key stands for another run',
        detail: `Run ${created.runId} was started with this Idempotency-Key and a different plan or baseline. Send a new key.`,
      });
  }
}
