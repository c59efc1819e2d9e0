import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, it } from 'node:test';
import { type LocalStack, startLocalStack } from '../../demo/local-stack.ts';
import { getReport, getRun, postRun, type RunStatus } from '../../demo/runs-api.ts';
import { overridePlan } from '../../src/plan/override-plan.ts';
import { type Problem, problemText } from '../../src/plan/problem.ts';
import { planText } from '../support/a-plan.ts';
import { learnPlan } from '../support/fleet-plan.ts';
import { assertCountsReconcile, fleetStats } from '../support/reconcile.ts';
import { waitForRun } from '../support/wait-for-run.ts';

let stack: LocalStack;
let api: string;

before(async () => {
  stack = await startLocalStack({
    latencyScale: 0.1,
    settings: {
      SURGE_VUS_PER_LANE: '2',
      SURGE_MAX_VUS: '50',
      SURGE_MAX_RATE: '40',
      SURGE_ALLOW_SHARED_TARGETS: 'true',
      SURGE_SECRET_WRONG_TOKEN: 'a-wrong-token',
    },
  });
  api = `${stack.host.url}/api`;
});
after(() => stack.stop());

const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  fetch(`${api}/runs`, { method: 'POST', body, headers });
const textOf = ({ problems = [] }: RunStatus) => problems.map(problemText).join('\n');
const problemOf = async (response: Response) => {
  assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/);
  return (await response.json()) as { status: number; title: string; detail?: string; problems?: Problem[] };
};

it('accepts a plan, runs it, and returns its report in every format', async () => {
  const response = await post(learnPlan(stack.servers));
  assert.equal(response.status, 202);
  const view = (await response.json()) as { id: string; state: string };
  assert.equal(response.headers.get('location'), `${api}/runs/${view.id}`);
  assert.equal(view.state, 'queued');
  assert.match(view.id, /^[A-Za-z0-9_-]+$/);

  const early = await fetch(`${api}/runs/${view.id}/report`);
  assert.equal(early.status, 409);
  assert.match((await problemOf(early)).detail ?? '', /Try again later/);

  const running = await waitForRun(api, view.id, ({ live }) => live.requests > 0);
  assert.equal(
    running.live.operations.some(({ operation }) => operation === 'initialize'),
    true,
  );
  assert.equal(typeof running.live.p95Ms, 'number');

  const status = await waitForRun(api, view.id);
  assert.equal(status.state, 'done');
  assert.equal(status.verdict?.status, 'unjudged', 'the plan has no thresholds');

  const report = await getReport(api, view.id);
  await assertCountsReconcile(report, { learn: stack.servers.learn } as typeof stack.servers);
  assert.deepEqual((await fleetStats(stack.servers.learn.statsUrl)).preflight, {
    'server/discover': 1,
    initialize: 1,
    'notifications/initialized': 1,
    'tools/list': 1,
    DELETE: 1,
  });

  const url = `${api}/runs/${view.id}/report`;
  const typeOf = async (address: string, accept?: string) => {
    const answer = await fetch(address, accept === undefined ? {} : { headers: { accept } });
    await answer.text();
    return `${answer.status} ${answer.headers.get('content-type')?.split(';')[0]}`;
  };
  assert.equal(await typeOf(url, 'text/html,application/xhtml+xml,*/*;q=0.8'), '200 text/html');
  assert.equal(await typeOf(url, 'text/plain'), '200 text/plain');
  assert.equal(await typeOf(url, 'application/json'), '200 application/json');
  assert.equal(await typeOf(url, '*/*'), '200 application/json');
  assert.equal(await typeOf(url, 'image/png'), '406 application/problem+json');
  assert.equal(await typeOf(`${url}.json`), '200 application/json');
  assert.equal(await typeOf(`${url}.html`), '200 text/html');
  assert.equal(await typeOf(`${url}.txt`), '200 text/plain');
});

it('lists the runs of a plan, newest first', async () => {
  const ids: string[] = [];
  for (let count = 0; count < 2; count++) {
    const { id } = await postRun(api, learnPlan(stack.servers, { name: 'listed', duration: '1s', vus: 1 }));
    ids.unshift(id);
  }
  const list = async (query: string) => {
    const { runs } = (await (await fetch(`${api}/runs${query}`)).json()) as { runs: { id: string }[] };
    return runs.map(({ id }) => id);
  };
  assert.deepEqual(await list('?plan=listed'), ids);
  assert.deepEqual(await list('?plan=listed&limit=1'), ids.slice(0, 1));
  assert.deepEqual((await list('')).slice(0, 2), ids);
  assert.deepEqual(await list('?plan=unheard-of'), []);
  assert.equal((await fetch(`${api}/runs?limit=0`)).status, 400);
  for (const id of ids) await waitForRun(api, id);
});

it('returns the same run for the same Idempotency-Key, and refuses another plan', async () => {
  const plan = learnPlan(stack.servers, { name: 'once', duration: '1s', vus: 1 });
  const headers = { 'idempotency-key': 'a key / with # odd ? characters' };
  const answers = await Promise.all([post(plan, headers), post(plan, headers), post(plan, headers)]);
  const ids = await Promise.all(answers.map(async (answer) => ((await answer.json()) as { id: string }).id));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [202, 202, 202],
  );
  assert.equal(new Set(ids).size, 1);
  const other = await post(learnPlan(stack.servers, { name: 'other' }), headers);
  assert.equal(other.status, 422);
  assert.match((await problemOf(other)).detail ?? '', new RegExp(ids[0] as string));
  await waitForRun(api, ids[0] as string);
});

it('refuses a plan that is not valid, with every problem, its path and its line', async () => {
  const response = await post(learnPlan(stack.servers).replace('vus:', 'vsu:').replace('name: small', 'name: SMALL'));
  assert.equal(response.status, 400);
  const { problems } = await problemOf(response);
  const paths = problems?.map(({ path, line }) => `${line} ${path}`);
  assert.deepEqual(paths, ['2 name', '6 scenarios.look.vus', '9 scenarios.look.vsu']);
  const latin1 = Buffer.from(learnPlan(stack.servers).replace('name:', '# café\nname:'), 'latin1');
  const { problems: encoding } = await problemOf(await post(latin1));
  assert.match(encoding?.[0]?.message ?? '', /not UTF-8: .* 0xE9 .*Windows-1252/);
});

it('refuses, before any traffic, a target that is not on the allowlist and more load than allowed', async () => {
  const before = await fleetStats(stack.servers.learn.statsUrl);
  const elsewhere = overridePlan(learnPlan(stack.servers, { vus: 51 }), {
    targets: { learn: 'https://mcp.example.com/mcp' },
  });
  const response = await post(elsewhere);
  assert.equal(response.status, 403);
  const { problems } = await problemOf(response);
  assert.deepEqual(
    problems?.map(({ path }) => path),
    ['targets.learn.url', 'targets.learn.permission', 'scenarios'],
  );
  assert.match(problems?.[0]?.message ?? '', /https:\/\/mcp\.example\.com is not on the allowlist/);
  assert.match(problems?.[1]?.message ?? '', /permission/);
  assert.match(problems?.[2]?.message ?? '', /51 virtual users.*SURGE_MAX_VUS/);
  assert.deepEqual((await fleetStats(stack.servers.learn.statsUrl)).operations, before.operations);
});

it('refuses a rate above SURGE_MAX_RATE, and accepts a rate equal to it', async () => {
  const planWithRate = (rate: number) =>
    planText({
      target: { url: stack.servers.learn.url },
      scenario: {
        executor: 'constant-arrival-rate',
        vus: undefined,
        rate,
        duration: '1s',
        preAllocatedVUs: 2,
        steps: [{ tool: 'microsoft_docs_search', arguments: { query: 'anything' } }],
      },
    });
  const refused = await post(planWithRate(41));
  assert.equal(refused.status, 403);
  assert.match((await problemOf(refused)).problems?.[0]?.message ?? '', /41 .*40 .*SURGE_MAX_RATE/);
  const accepted = await post(planWithRate(40));
  assert.equal(accepted.status, 202);
  const status = await waitForRun(api, ((await accepted.json()) as { id: string }).id);
  assert.equal(status.state, 'done');
});

const refusals: readonly (readonly [string, (plan: string) => string, RegExp])[] = [
  [
    'an unknown tool',
    (plan) => plan.replace('microsoft_docs_search', 'serach'),
    /learn has no tool "serach"\. Its tools: microsoft_docs_search/,
  ],
  [
    'a target that is down',
    (plan) => plan.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:9'),
    /server\/discover at .*:9\/mcp ended in NET_REFUSED/,
  ],
  [
    'a path that is not an MCP endpoint',
    (plan) => plan.replace('/mcp"', '/nothing"'),
    /HTTP_404.*Check the URL's path/s,
  ],
  [
    'a missing secret',
    (plan) => plan.replace('" }', '", auth: { type: bearer, secret: nobody-set-it } }'),
    /Secret "nobody-set-it" is missing/,
  ],
];
for (const [what, change, expected] of refusals) {
  it(`refuses a run in preflight, without load, because of ${what}`, async () => {
    const { id } = await postRun(api, change(learnPlan(stack.servers)));
    const status = await waitForRun(api, id);
    assert.equal(status.state, 'refused');
    assert.match(textOf(status), expected);
    assert.equal((await getRun(api, id)).live.requests, 0);
  });
}

it('refuses a run in preflight because of a wrong token or a tool that may write, and hides the token', async () => {
  const plan = readFileSync('plans/demo.yaml', 'utf8').replace('secret: github-pat', 'secret: wrong-token');
  const withWrite = overridePlan(plan, {
    targets: Object.fromEntries(Object.entries(stack.servers).map(([name, { url }]) => [name, url])),
    tokenUrls: { ado: stack.servers.ado.tokenUrl as string },
  });
  const { id } = await postRun(api, withWrite);
  const problems = textOf(await waitForRun(api, id));
  assert.match(problems, /targets\.github: server\/discover .* AUTH_401/);
  assert.doesNotMatch(problems, /a-wrong-token/);

  const writes = withWrite
    .replace('secret: wrong-token', 'secret: github-pat')
    .replace('tool: get_me', 'tool: create_issue');
  const refused = await waitForRun(api, (await postRun(api, writes)).id);
  assert.match(textOf(refused), /does not mark "create_issue" with readOnlyHint.*allowWrites/);
});

it('answers 404 for a run that does not exist', async () => {
  for (const path of ['runs/20260101-000000000-00000000', 'runs/x', 'runs/x/report', 'runs/x/report.html']) {
    const response = await fetch(`${api}/${path}`);
    assert.equal(response.status, 404, path);
    assert.match((await problemOf(response)).detail ?? '', /GET \/api\/runs lists the runs/);
  }
  assert.equal((await fetch(`${api}/runs/x/stop`, { method: 'POST' })).status, 404);
});
