import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, it } from 'node:test';
import { type FunctionsHost, startFunctionsHost } from '../functions-host.ts';
import type { LogLine } from '../log.ts';
import { fixtureApp, until } from './test-apps.ts';

let host: FunctionsHost;
const lines: LogLine[] = [];

before(async () => {
  process.env.HOST_TEST_FROM_ENVIRONMENT = 'environment';
  host = await startFunctionsHost({
    appRoot: fixtureApp('web'),
    settings: { TICK_SCHEDULE: '0 0 12 1 1 *', 'AzureWebJobs.switched-off.Disabled': 'true', FROM_CALLER: 'caller' },
    log: (line) => lines.push(line),
  });
});
after(async () => {
  delete process.env.HOST_TEST_FROM_ENVIRONMENT;
  await host?.stop();
});

type Echo = {
  readonly function: string;
  readonly params: Record<string, string>;
  readonly query: Record<string, string>;
  readonly [member: string]: unknown;
};
async function get(path: string): Promise<Echo> {
  const response = await fetch(`${host.url}${path}`);
  assert.equal(response.status, 200, path);
  return (await response.json()) as Echo;
}

it('the most specific route answers, and its parameters are decoded', async () => {
  const cases: readonly [path: string, name: string, params: Record<string, string>][] = [
    ['/api/items/42', 'item', { id: '42' }],
    ['/api/items/special', 'special', {}],
    ['/api/items/a%20b', 'named', { name: 'a b' }],
    ['/API/Items/x/', 'named', { name: 'x' }],
    ['/api/list', 'optional', {}],
    ['/api/list/2', 'optional', { page: '2' }],
    ['/api/runs/r1/report.v2.html', 'report', { id: 'r1', format: 'v2.html' }],
    ['/api/files', 'files', {}],
    ['/api/files/a/b%2Fc.txt', 'files', { path: 'a/b%2Fc.txt' }],
    ['/api/plain-name', 'plain-name', {}],
  ];
  for (const [path, name, params] of cases) {
    const echo = await get(path);
    assert.deepEqual({ name: echo.function, params: echo.params }, { name, params }, path);
  }
});

it('an unknown route, a wrong method and a disabled function answer 404', async () => {
  for (const [method, path] of [
    ['GET', '/api/nowhere'],
    ['GET', '/items/42'],
    ['DELETE', '/api/items/42'],
    ['HEAD', '/api/items/42'],
    ['GET', '/api/runs/r1/report'],
    ['GET', '/api/switched-off'],
  ] as const) {
    assert.equal((await fetch(`${host.url}${path}`, { method })).status, 404, `${method} ${path}`);
  }
});

it('a function receives the query, the headers and the text body', async () => {
  const response = await fetch(`${host.url}/api/list?a=1&b=x%26y&a=2`, {
    method: 'POST',
    headers: { 'x-test': 'yes' },
    body: 'grüße',
  });
  const { query, header, body, method, url } = (await response.json()) as Echo;
  assert.deepEqual(
    { query, header, body, method },
    { query: { a: '1,2', b: 'x&y' }, header: 'yes', body: 'grüße', method: 'POST' },
  );
  assert.equal(url, `${host.url}/api/list?a=1&b=x%26y&a=2`);
});

it('bytes pass unchanged in both directions, even megabytes', async () => {
  for (const length of [0, 256, 3_000_000]) {
    const body = Buffer.from(Array.from({ length }, (_, i) => i % 251));
    const response = await fetch(`${host.url}/api/bytes`, { method: 'POST', body });
    assert.equal(response.status, 201);
    assert.equal(response.headers.get('x-length'), String(length));
    assert.ok(Buffer.from(await response.arrayBuffer()).equals(body));
  }
});

it('a body above 100 MB is refused before it is read', async () => {
  const status = await new Promise((resolve, reject) => {
    const headers = { 'content-length': 104_857_601 };
    const refused = request(`${host.url}/api/bytes`, { method: 'POST', headers }, (response) => {
      resolve(response.statusCode);
      refused.destroy();
    });
    refused.on('error', reject);
    refused.write('begin');
  });
  assert.equal(status, 413);
});

it('a body is sent in chunks, as by the Functions host', async () => {
  const response = await fetch(`${host.url}/api/plain-name`);
  assert.equal(response.headers.get('transfer-encoding'), 'chunked');
  assert.equal(response.headers.get('content-length'), null);
});

it('a header with a byte that is not ASCII answers 400', async () => {
  const status = await new Promise((resolve, reject) => {
    const sent = request(`${host.url}/api/plain-name`, { headers: { 'x-test': 'gr\u00fc\u00dfe' } }, (response) => {
      resolve(response.statusCode);
      response.resume();
    });
    sent.on('error', reject).end();
  });
  assert.equal(status, 400);
});

it('the host has a home page, a state and a list of functions', async () => {
  const home = await fetch(`${host.url}/`);
  assert.equal(home.status, 200);
  assert.match(await home.text(), /app is running/);
  const state = await fetch(`${host.url}/admin/host/status`);
  assert.equal(((await state.json()) as { state: string }).state, 'Running');
  const functions = (await (await fetch(`${host.url}/admin/functions`)).json()) as unknown[];
  assert.deepEqual(functions, JSON.parse(JSON.stringify(host.functions)));
  assert.equal((await fetch(`${host.url}/admin/host/ping`, { method: 'POST' })).status, 200);
  assert.equal((await fetch(`${host.url}/admin/nothing`)).status, 404);
});

it("cookies, empty responses and the app's hooks take effect", async () => {
  const cookies = await fetch(`${host.url}/api/cookies`);
  assert.equal(cookies.status, 204);
  assert.deepEqual(cookies.headers.getSetCookie(), [
    'a=b%20c; Max-Age=60; Path=/; SameSite=Strict; HttpOnly',
    'd=e; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Secure',
  ]);
  assert.equal((await fetch(`${host.url}/api/nothing`)).status, 204);
  assert.equal((await fetch(`${host.url}/api/plain-name`)).headers.get('x-hook'), 'was here');
});

it('a handler that throws answers 500 with an empty body, and the log contains its stack and its own lines', async () => {
  const response = await fetch(`${host.url}/api/throws`);
  assert.equal(response.status, 500);
  assert.equal(await response.text(), '');
  const of = (category: string) => lines.filter((line) => line.category === category).map(({ message }) => message);
  assert.deepEqual(of('Function.throws.User'), ['about to { throw: true }']);
  assert.ok(of('Worker.Console').includes('said on the console'));
  assert.match(of('Function.throws')[0] ?? '', /Failed.*\nError: thrown on purpose\n\s+at .*app\.ts/);
});

it("the worker's environment contains the settings that Core Tools sets", async () => {
  const names = [
    'FROM_CALLER',
    'HOST_TEST_FROM_ENVIRONMENT',
    'FUNCTIONS_WORKER_RUNTIME',
    'WEBSITE_HOSTNAME',
    'AzureWebJobsScriptRoot',
  ];
  const values = (await (await fetch(`${host.url}/api/env?names=${names}`)).json()) as string[];
  const root = fixtureApp('web');
  assert.deepEqual(values, ['caller', 'environment', 'node', `localhost:${host.port}`, root]);
});

type Tick = {
  readonly name: string;
  readonly atMs: number;
  readonly input: {
    readonly schedule?: unknown;
    readonly scheduleStatus?: unknown;
    readonly isPastDue?: boolean;
    over?: boolean;
  };
};
async function ticksUntil(isEnough: (ticks: readonly Tick[]) => boolean): Promise<readonly Tick[]> {
  let ticks: readonly Tick[] = [];
  await until(async () => {
    ticks = (await (await fetch(`${host.url}/api/ticks`)).json()) as Tick[];
    return isEnough(ticks);
  }, 8_000);
  return ticks;
}

it('timers run on schedule, and runs of one timer never overlap', async () => {
  const ticks = await ticksUntil((all) => all.filter(({ name }) => name === 'every-second').length >= 2);
  const [first, second] = ticks.filter(({ name }) => name === 'every-second');
  assert.ok((first?.atMs ?? 0) % 1_000 < 500, 'on the second');
  assert.ok((second?.atMs ?? 0) - (first?.atMs ?? 0) > 500);
  assert.deepEqual(first?.input, { schedule: { adjustForDST: true }, scheduleStatus: null, isPastDue: false });
  const slow = ticks.filter(({ name }) => name === 'slow').map(({ input }) => input.over === true);
  assert.ok(slow.length >= 4);
  assert.ok(
    slow.every((isOver, index) => isOver === (index % 2 === 1)),
    'a run begins only after the previous one has ended',
  );
});

it('runOnStartup runs a timer once at the start, and the admin route runs one on request', async () => {
  const fired = await fetch(`${host.url}/admin/functions/by-setting`, { method: 'POST', body: '{}' });
  assert.equal(fired.status, 202);
  const ticks = await ticksUntil((all) => all.some(({ name }) => name === 'by-setting'));
  const onRequest = ticks.find(({ name }) => name === 'by-setting');
  const status = onRequest?.input.scheduleStatus as { next: string };
  assert.match(status.next, /^\d{4}-01-01T12:00:00\.000Z$/);
  assert.equal(ticks.filter(({ name }) => name === 'at-start').length, 1);
  assert.equal((await fetch(`${host.url}/admin/functions/item`, { method: 'POST' })).status, 404);
  assert.equal((await fetch(`${host.url}/admin/functions/nobody`, { method: 'POST' })).status, 404);
});

it('a schedule that refers to a missing setting disables only that function', () => {
  const names = host.functions.map(({ name }) => name);
  assert.ok(!names.includes('no-setting') && !names.includes('switched-off') && names.includes('by-setting'));
  const warnings = lines.filter(({ level }) => level === 'warning').map(({ message }) => message);
  assert.ok(
    warnings.some((message) => message.startsWith("Function 'no-setting' is disabled") && message.includes('NOT_SET')),
  );
  const item = host.functions.find(({ name }) => name === 'item');
  assert.deepEqual(item, { name: 'item', trigger: 'http', route: '/api/items/{id:int}', methods: ['GET', 'PUT'] });
});
