import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { localHostOptions } from '../../demo/local-stack.ts';
import { getReport, getRun, postRun } from '../../demo/runs-api.ts';
import { type Problem, problemText } from '../../src/plan/problem.ts';
import type { RunView } from '../../src/run/run-view.ts';
import { openRunStore } from '../../src/store/open-run-store.ts';
import type { RunStore } from '../../src/store/run-store.ts';
import { type Azurite, startAzurite } from '../../tools/functions-host/azurite/azurite.ts';
import { type FunctionsHost, startFunctionsHost } from '../../tools/functions-host/functions-host.ts';
import { planText } from '../support/a-plan.ts';
import { aRunRecord } from '../support/a-run-record.ts';
import { type Answer, legacyServer, type McpServer, startMcpServer } from '../support/mcp-server.ts';
import { waitForRun } from '../support/wait-for-run.ts';

/** Runs that are older may be deleted; only the last test does that. */
const KEEP_SECONDS = 2;

let azurite: Azurite;
let host: FunctionsHost;
let api: string;
let store: RunStore;
/** Calls to both servers since the last load began; numbers 10 to 12 get no answer. */
let calls = 0;
let servers: readonly [McpServer, McpServer];

before(async () => {
  azurite = await startAzurite();
  store = await openRunStore({ AzureWebJobsStorage: azurite.connectionString });
  const answer: Answer = () => {
    calls++;
    return calls >= 10 && calls <= 12 ? undefined : { content: [{ type: 'text', text: 'seen' }] };
  };
  const starting = () => startMcpServer(legacyServer, { 'tools/call': answer });
  servers = [await starting(), await starting()];
  host = await startFunctionsHost(
    localHostOptions(azurite.connectionString, {
      settings: {
        SURGE_START_DELAY_SECONDS: '0.3',
        SURGE_VUS_PER_LANE: '2',
        SURGE_WINDOW_SECONDS: '20',
        SURGE_MAX_ACTIVE_RUNS: '2',
        SURGE_MAX_TOTAL_VUS: '20',
        SURGE_KEEP_DAYS: String(KEEP_SECONDS / 86_400),
      },
    }),
  );
  api = `${host.url}/api`;
});
after(async () => {
  await host?.stop();
  await azurite?.stop();
  await Promise.all((servers ?? []).map((server) => server.close()));
});

/** A plan with three lanes and four windows. */
const planFor = ({ origin }: McpServer, { vus = 6, duration = '80s', name = 'small' } = {}) =>
  planText({
    target: { url: `${origin}/mcp`, protocol: '2025-11-25', allowWrites: ['look'] },
    scenario: { vus, duration, thinkTime: { type: 'constant', duration: '20ms' } },
    plan: { name },
  });

const send = (method: string, path: string, body?: string) =>
  fetch(`${api}/${path}`, { method, ...(body === undefined ? {} : { body }) });
const problemsOf = async (response: Response) => {
  assert.equal(response.headers.get('content-type'), 'application/problem+json');
  const { problems = [], detail = '' } = (await response.json()) as { problems?: Problem[]; detail?: string };
  return [detail, ...problems.map(problemText)].join('\n');
};

/** Starts a run, and waits until all its lanes make load. */
async function startLoad(server: McpServer): Promise<string> {
  calls = 0;
  const opened = server.of('initialize').length;
  const { id } = await postRun(api, planFor(server));
  const limitMs = performance.now() + 30_000;
  // Preflight opens a session as well.
  while (server.of('initialize').length < opened + 7 || calls < 30) {
    assert.ok(performance.now() < limitMs, `${calls} calls`);
    await delay(20);
  }
  return id;
}

/** How long after a moment the last request of any kind arrived, in milliseconds. */
const quietAfter = (server: McpServer, momentMs: number) => (server.incoming.at(-1)?.atMs ?? momentMs) - momentMs;

it('refuses what limits do not allow while a run is active, and stops it within five seconds in all lanes', async () => {
  const [server, other] = servers;
  const id = await startLoad(server);

  const sameTarget = await send('POST', 'runs', planFor(server, { vus: 1 }));
  assert.equal(sameTarget.status, 409);
  const refusal = await problemsOf(sameTarget);
  assert.match(refusal, /targets\.web\.url: run .* already loads http.*SURGE_ALLOW_SHARED_TARGETS/);
  assert.ok(refusal.includes(id), refusal);
  const tooMany = await send('POST', 'runs', planFor(other, { vus: 15 }));
  assert.equal(tooMany.status, 409);
  assert.match(await problemsOf(tooMany), /scenarios: .* 21 virtual users .*20 are allowed .*SURGE_MAX_TOTAL_VUS/);
  const deletion = await send('DELETE', `runs/${id}`);
  assert.equal(deletion.status, 409);
  assert.match(await problemsOf(deletion), /is running.*\/stop/);

  const stopMs = performance.now();
  const stopped = await send('POST', `runs/${id}/stop`);
  assert.equal(stopped.status, 202);
  const first = (await stopped.json()) as RunView;
  assert.equal(first.stopped?.by, 'unknown');
  const again = await send('POST', `runs/${id}/stop`);
  assert.equal(again.status, 202);
  assert.deepEqual(((await again.json()) as RunView).stopped, first.stopped);

  const ended = await waitForRun(api, id);
  const tookMs = performance.now() - stopMs;
  assert.deepEqual([ended.state, ended.verdict?.status], ['done', 'stopped'], ended.verdict?.reasons.join());
  assert.ok(tookMs < 20_000, `the report took ${tookMs} ms: the run waited for its later windows`);
  const quietMs = quietAfter(server, stopMs);
  assert.ok(quietMs < 5000, `the last request came ${quietMs} ms after the stop`);
  assert.ok((ended.elapsedSeconds as number) < 20, `it went on for ${ended.elapsedSeconds} s`);
  const { operations, generator, startedBy, stopped: shown } = await getReport(api, id);
  assert.deepEqual([startedBy, shown], ['unknown', first.stopped]);
  const sent = server.of('tools/call').length;
  assert.equal(operations.find(({ operation }) => operation === 'tools/call:look')?.count, sent);
  assert.ok(sent >= 30);
  assert.equal(generator.slices.committed, 3, 'no slice of a later window');

  const late = await send('POST', `runs/${id}/stop`);
  assert.equal(late.status, 409);
  assert.match(await problemsOf(late), /is done; there is nothing to stop/);
});

it('runs exactly one of two plans for one target that are posted at the same moment', async () => {
  const [, other] = servers;
  const plan = planFor(other, { vus: 1, duration: '1s' });
  const answers = await Promise.all([send('POST', 'runs', plan), send('POST', 'runs', plan)]);
  const created = await Promise.all(answers.filter(({ status }) => status === 202).map((answer) => answer.json()));
  assert.ok(created.length > 0);
  const ended = await Promise.all((created as RunView[]).map(({ id }) => waitForRun(api, id)));
  assert.equal(ended.filter(({ state }) => state === 'done').length, 1, JSON.stringify(ended));
  for (const { state, problems = [] } of ended) {
    if (state === 'done') continue;
    assert.equal(state, 'refused');
    assert.match(problems.map(problemText).join(), /already loads/);
  }
});

it('ends all runs with the kill switch, and refuses new ones until it is turned off', async () => {
  const [server, other] = servers;
  const id = await startLoad(server);
  const queued = await postRun(api, planFor(other, { vus: 1 }));
  const stopMs = performance.now();
  const stopping = await send('POST', 'stop');
  assert.equal(stopping.status, 202);
  const { stopped, stopping: ids } = (await stopping.json()) as {
    stopped: { by: string; at: string };
    stopping: string[];
  };
  assert.equal(stopped.by, 'unknown');
  // The preflight of the queued run may have seen the switch first, and refused the run.
  assert.ok(ids.includes(id), ids.join());
  assert.ok(
    ids.every((each) => each === id || each === queued.id),
    ids.join(),
  );

  const refused = await send('POST', 'runs', planFor(other));
  assert.equal(refused.status, 503);
  const reason = await problemsOf(refused);
  assert.ok(reason.includes(`unknown turned it on at ${stopped.at}`), reason);
  assert.match(reason, /DELETE \/api\/stop/);
  assert.deepEqual(((await (await send('GET', 'stop')).json()) as { stopped: unknown }).stopped, stopped);

  const [ended, never] = await Promise.all([waitForRun(api, id), waitForRun(api, queued.id)]);
  assert.equal(ended.verdict?.status, 'stopped');
  assert.deepEqual(ended.stopped?.by, 'unknown');
  assert.notEqual(never.verdict?.status, 'pass');
  for (const each of servers) {
    const quietMs = quietAfter(each, stopMs);
    assert.ok(quietMs < 5000, `the last request came ${quietMs} ms after the kill switch`);
  }
  assert.equal((await send('DELETE', 'stop')).status, 200);
  assert.deepEqual(await (await send('GET', 'stop')).json(), { stopped: null });
  const next = await postRun(api, planFor(other, { vus: 1, duration: '1s' }));
  assert.equal((await waitForRun(api, next.id)).state, 'done');
});

it('stops a run that has ended while one of its slices shows life, and does not delete it', async () => {
  const record = aRunRecord(Date.now(), { state: 'done', endedAt: new Date().toISOString() });
  const { runId } = record;
  await store.createRun(record);
  const progress = {
    sliceId: 'w0000-l0000',
    attemptId: 'a',
    activeVus: 1,
    warmUpRequests: 0,
    operations: [],
    scenarios: [],
  };
  await store.putProgress(runId, { ...progress, atMs: Date.now() });
  assert.equal((await send('DELETE', `runs/${runId}`)).status, 409);
  assert.equal((await send('POST', `runs/${runId}/stop`)).status, 202);
  assert.equal((await store.getRun(runId))?.stopRequested, true);
  await store.putProgress(runId, { ...progress, atMs: Date.now() - 60_000 });
  assert.equal((await send('POST', `runs/${runId}/stop`)).status, 409);
  assert.equal((await send('DELETE', `runs/${runId}`)).status, 204);
});

it('deletes a run that has ended, with its history', async () => {
  const { id } = await postRun(api, planFor(servers[1], { vus: 1, duration: '1s', name: 'short-lived' }));
  await waitForRun(api, id);
  assert.notEqual(host.durable.status(id), undefined);
  assert.equal((await send('DELETE', `runs/${id}`)).status, 204);
  for (const path of [`runs/${id}`, `runs/${id}/report`]) assert.equal((await send('GET', path)).status, 404);
  assert.equal((await send('DELETE', `runs/${id}`)).status, 404);
  assert.equal((await send('POST', `runs/${id}/stop`)).status, 404);
  const { runs } = (await (await send('GET', 'runs?plan=short-lived')).json()) as { runs: unknown[] };
  assert.deepEqual(runs, []);
  assert.equal(host.durable.status(id), undefined);
});

it('pages through the runs of a plan although runs are added meanwhile', async () => {
  const plan = { planName: 'paged', state: 'failed' } as const;
  const ids = [3, 2, 1].map((secondsAgo) => aRunRecord(Date.now() - secondsAgo * 1000, plan));
  for (const record of ids) await store.createRun(record);
  const found: string[] = [];
  let cursor = '';
  do {
    const path = `runs?plan=paged&state=failed,done&limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`;
    const { runs, next = '' } = (await (await send('GET', path)).json()) as { runs: RunView[]; next?: string };
    found.push(...runs.map(({ id }) => id));
    cursor = next;
    if (found.length === 1) await store.createRun(aRunRecord(Date.now(), plan));
  } while (cursor !== '');
  assert.deepEqual(found, ids.map(({ runId }) => runId).reverse());
});

it('deletes what is too old with a timer: runs, samples of canaries, and histories', async () => {
  const canary = aRunRecord(Date.now() - 60_000, { state: 'done', trigger: 'canary' });
  await store.createRun(canary);
  for (const name of ['report', 'fold-0-0']) await store.putDocument(canary.runId, name, Buffer.from('{}'));
  const { runs } = (await (await send('GET', 'runs')).json()) as { runs: RunView[] };
  assert.ok(runs.length > 3);
  const newest = Math.max(...runs.map(({ createdAt }) => Date.parse(createdAt)));
  await delay(Math.max(0, newest + KEEP_SECONDS * 1000 + 500 - Date.now()));
  const fired = await fetch(`${host.url}/admin/functions/delete-expired`, { method: 'POST' });
  assert.equal(fired.status, 202);
  const limitMs = performance.now() + 20_000;
  while ((await store.listRuns({ limit: 9 })).length > 1 && performance.now() < limitMs) await delay(50);
  assert.deepEqual(
    (await store.listRuns({ limit: 9 })).map(({ runId }) => runId),
    [canary.runId],
  );
  while ((await store.getRun(canary.runId))?.samplesDeletedAt === undefined && performance.now() < limitMs) {
    await delay(50);
  }
  const kept = await getRun(api, canary.runId);
  assert.deepEqual([kept.trigger, typeof kept.samplesDeletedAt, 'live' in kept], ['canary', 'string', false]);
  assert.notEqual(await store.getDocument(canary.runId, 'report'), undefined);
  assert.equal(await store.getDocument(canary.runId, 'fold-0-0'), undefined);
  while (host.durable.instances().length > 0 && performance.now() < limitMs) await delay(50);
  assert.deepEqual(host.durable.instances(), []);
});
