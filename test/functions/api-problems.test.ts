import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { localHostOptions } from '../../demo/local-stack.ts';
import type { Problem } from '../../src/plan/problem.ts';
import { type Azurite, startAzurite } from '../../tools/functions-host/azurite/azurite.ts';
import { type FunctionsHost, startFunctionsHost } from '../../tools/functions-host/functions-host.ts';
import { type FaultyProxy, startFaultyProxy } from '../store/faulty-proxy.ts';
import { planText } from '../support/a-plan.ts';
import { closedPort } from '../support/loopback-server.ts';
import { waitForRun } from '../support/wait-for-run.ts';
import { principalHeader } from './principal-header.ts';

let azurite: Azurite;
let proxy: FaultyProxy;
let host: FunctionsHost;
/** A plan whose target is down, so that its runs make no load. */
let plan: string;
/** A run that has ended. */
let runId: string;

before(async () => {
  azurite = await startAzurite();
  proxy = await startFaultyProxy(azurite);
  plan = planText({ target: { url: `http://127.0.0.1:${await closedPort()}/mcp` } });
  host = await startFunctionsHost(
    localHostOptions(proxy.connectionString, { settings: { SURGE_REQUIRE_ROLES: 'true' } }),
  );
  const started = await send('POST', 'runs', { body: plan, role: 'run' });
  runId = (started.json as { id: string }).id;
  await waitForRun(`${host.url}/api`, runId, undefined, headersOf('read'));
});
after(async () => {
  await host?.stop();
  await proxy?.stop();
  await azurite?.stop();
});

const headersOf = (role: string) => ({
  'x-ms-client-principal': principalHeader({ roles: role }),
  'x-ms-client-principal-name': `${role}@example.com`,
});

type Sent = { readonly body?: string; readonly role?: string; readonly headers?: Record<string, string> };

/** Sends a request as a caller with all roles, or with the given one. */
async function send(method: string, path: string, { body, role = 'operate', headers = {} }: Sent = {}) {
  const beganMs = performance.now();
  const answer = await fetch(`${host.url}/api/${path}`, {
    method,
    headers: { ...headersOf(role), ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const text = await answer.text();
  const json: unknown = text === '' ? undefined : JSON.parse(text);
  return { status: answer.status, headers: answer.headers, json, tookMs: performance.now() - beganMs };
}

type ProblemBody = { title: string; status: number; detail?: string; problems?: Problem[] };

function problemOf({ status, headers, json }: Awaited<ReturnType<typeof send>>): ProblemBody {
  assert.equal(headers.get('content-type'), 'application/problem+json');
  const problem = json as ProblemBody;
  assert.equal(problem.status, status);
  return problem;
}

/** Every endpoint that reads or writes the store, with the least role that may use it. */
const endpoints = (): readonly (readonly [method: string, path: string, role: string, body?: string])[] => [
  ['POST', 'runs', 'run', plan],
  ['POST', `runs?baseline=${runId}`, 'run', plan],
  ['GET', 'runs', 'read'],
  ['GET', 'runs?plan=small&state=done', 'read'],
  ['GET', `runs/${runId}`, 'read'],
  ['POST', `runs/${runId}/stop`, 'run'],
  ['DELETE', `runs/${runId}`, 'operate'],
  ['GET', `runs/${runId}/report`, 'read'],
  ['GET', `runs/${runId}/report.json`, 'read'],
  ['GET', `runs/${runId}/report.html`, 'read'],
  ['GET', `runs/${runId}/report.txt`, 'read'],
  ['POST', 'stop', 'operate'],
  ['GET', 'stop', 'read'],
  ['DELETE', 'stop', 'operate'],
];

describe('while the storage is away', () => {
  const faults = ['hang', 503, 500, 429, 403] as const;
  for (const fault of faults) {
    const what = fault === 'hang' ? 'does not answer' : `answers ${fault}`;
    it(`every endpoint answers 503 within two seconds if the storage ${what}`, async (t) => {
      proxy.fault = () => fault;
      t.after(() => {
        proxy.fault = () => 'pass';
      });
      await Promise.all(
        endpoints().map(async ([method, path, , body]) => {
          const answer = await send(method, path, body === undefined ? {} : { body });
          const problem = problemOf(answer);
          assert.equal(answer.status, 503, `${method} ${path}`);
          assert.match(answer.headers.get('retry-after') ?? '', /^[1-9]\d*$/, `${method} ${path}`);
          assert.equal(problem.title, 'The storage is not available');
          assert.match(problem.detail ?? '', /^Could not .*Table Storage/, `${method} ${path}`);
          assert.ok(answer.tookMs < 2000, `${method} ${path} took ${answer.tookMs} ms`);
        }),
      );
    });
  }

  it('an endpoint answers 503 within two seconds if only its later calls get no answer', async (t) => {
    proxy.fault = ({ url = '' }) =>
      /documents|progress|control|claims/.test(decodeURIComponent(url)) ? 'hang' : 'pass';
    t.after(() => {
      proxy.fault = () => 'pass';
    });
    // The list reads records only.
    const others = endpoints().filter(([method, path]) => method !== 'GET' || !/^runs(\?|$)/.test(path));
    assert.equal(others.length, 12);
    await Promise.all(
      others.map(async ([method, path, , body]) => {
        const answer = await send(method, path, body === undefined ? {} : { body });
        assert.deepEqual([answer.status, problemOf(answer).title], [503, 'The storage is not available'], path);
        assert.ok(answer.tookMs < 2000, `${method} ${path} took ${answer.tookMs} ms`);
      }),
    );
  });

  it('answers as before when the storage is back', async () => {
    const { status, json } = await send('GET', `runs/${runId}`);
    assert.deepEqual([status, (json as { state: string }).state], [200, 'refused']);
    assert.equal((await send('GET', 'runs')).status, 200);
    assert.deepEqual((await send('GET', 'stop')).json, { stopped: null });
  });
});

it('has every endpoint described in docs/http-api.md, with its function', () => {
  const text = readFileSync('docs/http-api.md', 'utf8');
  for (const served of host.functions) {
    if (served.trigger !== 'http') continue;
    assert.ok(text.includes(`\`${served.name}\``), served.name);
    const [method] = served.methods;
    const path = served.route.replace('/api', '').replace(/report\.\w+$/, 'report');
    assert.ok(text.includes(`\n## ${method} ${path}\n`), `${method} ${path}`);
  }
});

describe('a caller', () => {
  it('gets 403 at every endpoint without its role, and what is missing', async () => {
    const ranks = ['none', 'read', 'run', 'operate'];
    for (const [method, path, role, body] of endpoints()) {
      const lower = ranks[ranks.indexOf(role) - 1] ?? 'none';
      const answer = await send(method, path, { role: lower, ...(body === undefined ? {} : { body }) });
      assert.equal(answer.status, 403, `${method} ${path}`);
      const { detail = '' } = problemOf(answer);
      assert.ok(detail.includes(`needs the app role "${role}"`), detail);
      assert.ok(detail.includes(`the caller ${lower}@example.com has`), detail);
    }
    const nobody = await fetch(`${host.url}/api/runs`);
    assert.equal(nobody.status, 403);
    assert.equal((await send('GET', `runs/${runId}`)).status, 200, 'nothing was changed');
  });

  it('may do what its role includes, and is named in what it starts and stops', async () => {
    const { status, json } = await send('POST', 'runs', { body: plan, role: 'run' });
    assert.equal(status, 202);
    const { id, startedBy } = json as { id: string; startedBy: string };
    assert.equal(startedBy, 'run@example.com');
    const stopped = await send('POST', `runs/${id}/stop`, { role: 'operate' });
    if (stopped.status === 202) {
      assert.equal((stopped.json as { stopped: { by: string } }).stopped.by, 'operate@example.com');
    }
    await waitForRun(`${host.url}/api`, id, undefined, headersOf('read'));
  });
});

describe('a request that is not valid', () => {
  const problemsOf = async (method: string, path: string) => {
    const answer = await send(method, path);
    assert.equal(answer.status, 400, path);
    return problemOf(answer).problems ?? [];
  };

  it('is told of each unknown query parameter, and the nearest known one', async () => {
    assert.deepEqual(await problemsOf('GET', 'runs?limt=5&plan=x&code=a-key&clientId=default&x=1'), [
      { path: 'query.limt', message: 'unknown parameter "limt": did you mean "limit"?' },
      {
        path: 'query.x',
        message: 'unknown parameter "x": expected one of plan, state, trigger, since, limit, cursor',
      },
    ]);
    for (const [method, path] of endpoints()) {
      const separator = path.includes('?') ? '&' : '?';
      const problems = await problemsOf(method, `${path}${separator}force=true`);
      assert.deepEqual(
        problems.map((problem) => problem.path),
        ['query.force'],
        `${method} ${path}`,
      );
    }
  });

  it('is told of every value of the list that is wrong', async () => {
    const query = 'state=done,running,dead&trigger=cron&since=yesterday&limit=0&cursor=first&plan=';
    assert.deepEqual(await problemsOf('GET', `runs?${query}`), [
      { path: 'query.plan', message: 'expected the name of a plan, got ""' },
      {
        path: 'query.state[2]',
        message:
          'expected one or several of queued, preflight, starting, running, concluding, done, refused, failed, got "dead"',
      },
      { path: 'query.trigger', message: 'expected one of http, canary, command, got "cron"' },
      { path: 'query.since', message: 'expected a date or a time such as 2026-11-23T06:00:00Z, got "yesterday"' },
      { path: 'query.limit', message: 'expected a whole number from 1 to 200, got "0"' },
      { path: 'query.cursor', message: 'expected the value of "next" in the previous answer, got "first"' },
    ]);
    for (const limit of ['201', '1.5', '-1', '1e2', ' 5', '0x5', '']) {
      assert.equal((await problemsOf('GET', `runs?limit=${encodeURIComponent(limit)}`)).length, 1, limit);
    }
    for (const since of ['2026-11-23', '2026-11-23T06:00:00Z', '2026-11-23T06:00:00.5%2B01:00']) {
      assert.equal((await send('GET', `runs?since=${since}`)).status, 200, since);
    }
  });

  it('is refused if its body is huge, and quickly if it is no plan', async () => {
    const huge = await send('POST', 'runs', { body: 'x'.repeat(5_000_000) });
    assert.equal(huge.status, 413);
    assert.match(problemOf(huge).detail ?? '', /4000000 bytes/);
    for (const body of ['', ' ', '\u0000', '[]', 'x'.repeat(1_500_000), '{"a":'.repeat(5000)]) {
      const answer = await send('POST', 'runs', { body });
      assert.equal(answer.status, 400, body.slice(0, 10));
      const [problem] = problemOf(answer).problems ?? [];
      assert.deepEqual([problem?.path, typeof problem?.message, problem?.line], ['', 'string', 1], body.slice(0, 10));
    }
  });

  it('may have an empty Idempotency-Key, which is none, but not an endless one', async () => {
    const ids = new Set<string>();
    for (const key of ['', '   ']) {
      const { status, json } = await send('POST', 'runs', { body: plan, headers: { 'idempotency-key': key } });
      assert.equal(status, 202);
      const { id } = json as { id: string };
      ids.add(id);
      await waitForRun(`${host.url}/api`, id, undefined, headersOf('read'));
    }
    assert.equal(ids.size, 2);
    const headers = { 'idempotency-key': 'k'.repeat(256) };
    assert.equal((await send('POST', 'runs', { body: plan, headers })).status, 400);
  });

  it('gets the problems of a run without a report in the same form', async () => {
    const answer = await send('GET', `runs/${runId}/report`);
    assert.equal(answer.status, 409);
    const { problems = [] } = problemOf(answer);
    assert.deepEqual(
      problems.map(({ path }) => path),
      ['targets.web'],
    );
    assert.match(problems[0]?.message ?? '', /^server\/discover .* ended in NET_REFUSED/);
    const { json } = await send('GET', `runs/${runId}`);
    assert.deepEqual((json as { problems: Problem[] }).problems, problems);
  });
});

it('never fails or hangs, whatever it is sent', async () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 40 });
  const name = fc.oneof(
    fc.constantFrom('plan', 'state', 'trigger', 'since', 'limit', 'cursor', 'baseline', 'code'),
    text,
  );
  const value = fc.oneof(text, fc.constantFrom('done', 'http', '1', '2026-11-23', runId, '0', '__proto__'));
  const id = fc.oneof(text, fc.constantFrom(runId, '.', '..', 'constructor', '20260101-000000000-00000000'));
  const ending = fc.constantFrom('', '/stop', '/report', '/report.json', '/report.html', '/report.txt');
  const cut = fc.tuple(fc.nat(plan.length), fc.nat(20), text).map(([at, length, inserted]) => {
    return plan.slice(0, at) + inserted + plan.slice(at + length);
  });
  // A plan with another URL would send requests to whatever listens there.
  const ownTarget = cut.filter((changed) => changed.includes(/"url".*/.exec(plan)?.[0] ?? ''));
  const request = fc.record({
    method: fc.constantFrom('GET', 'POST', 'DELETE'),
    path: fc.oneof(
      fc.constant('runs'),
      fc.tuple(id, ending).map(([part, end]) => `runs/${encodeURIComponent(part)}${end}`),
    ),
    query: fc.array(fc.tuple(name, value), { maxLength: 4 }),
    key: fc.string({ unit: 'grapheme-ascii', maxLength: 300 }),
    accept: fc.string({ unit: 'grapheme-ascii', maxLength: 60 }),
    body: fc.oneof(text, fc.json(), ownTarget),
  });
  await fc.assert(
    fc.asyncProperty(request, async ({ method, path, query, key, accept, body }) => {
      const isDeletion = method === 'DELETE' && path.startsWith(`runs/${runId}`);
      if (isDeletion) return;
      const headers = { accept, ...(method === 'POST' ? { 'idempotency-key': key } : {}) };
      const answer = await send(method, `${path}?${new URLSearchParams(query)}`, {
        headers,
        ...(method === 'POST' ? { body } : {}),
      });
      assert.ok(answer.status < 500, `${answer.status} ${JSON.stringify(answer.json)}`);
      assert.ok(answer.tookMs < 1000, `${answer.tookMs} ms`);
      // The host itself answers requests for what is no endpoint, without a body.
      if (answer.status >= 400 && answer.json !== undefined) problemOf(answer);
    }),
    { numRuns: 300 },
  );
});
