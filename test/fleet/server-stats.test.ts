import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { type Fleet, startFleet } from '../../fleet/fleet.ts';
import { startReferenceServer } from '../../fleet/reference-server.ts';
import { ServerStats, type ServerStatsSnapshot, summarizeDurations } from '../../fleet/server-stats.ts';
import { fleetSecrets } from '../../fleet/servers.ts';
import { callTool, connectClient, initialize, postMcp } from './fleet-clients.ts';

let fleet: Fleet;

before(async () => {
  fleet = await startFleet({ latencyScale: 0, searchCodeFailureRate: 0.5 });
});

beforeEach(async () => {
  for (const { statsUrl } of Object.values(fleet.servers)) {
    assert.equal((await fetch(`${statsUrl}/reset`, { method: 'POST' })).status, 200);
  }
});

after(() => fleet.stop());

async function fetchStats(statsUrl: string): Promise<ServerStatsSnapshot> {
  return (await (await fetch(statsUrl)).json()) as ServerStatsSnapshot;
}

test('the counts of a whole conversation are what was sent and what came back', async () => {
  const { url, statsUrl } = fleet.servers.github;
  const { client, transport } = await connectClient(url, { authorization: `Bearer ${fleetSecrets.githubToken}` });
  const { nextCursor } = await client.listTools();
  await client.listTools({ cursor: nextCursor! });
  let failures = 0;
  for (let call = 0; call < 20; call++) {
    const { isError } = await client.callTool({ name: 'search_code', arguments: { query: 'lease' } });
    if (isError) failures++;
  }
  for (let call = 0; call < 3; call++) await client.callTool({ name: 'get_me', arguments: {} });
  await transport.terminateSession();
  await client.close();
  const refused = await postMcp(url, callTool('get_me'));
  await refused.text();

  const { operations, sessions, unauthorized } = await fetchStats(statsUrl);
  const counted = Object.fromEntries(
    Object.entries(operations).map(([name, { count, failures: failed, httpStatus }]) => [
      name,
      { count, failures: failed, httpStatus },
    ]),
  );
  assert.ok(failures > 0 && failures < 20, `${failures} of 20 failed`);
  assert.deepEqual(counted, {
    initialize: { count: 1, failures: 0, httpStatus: { 200: 1 } },
    'notifications/initialized': { count: 1, failures: 0, httpStatus: { 202: 1 } },
    GET: { count: 1, failures: 0, httpStatus: { 200: 1 } },
    'tools/list': { count: 2, failures: 0, httpStatus: { 200: 2 } },
    'tools/call:search_code': { count: 20, failures, httpStatus: { 200: 20 } },
    'tools/call:get_me': { count: 4, failures: 0, httpStatus: { 200: 3, 401: 1 } },
    DELETE: { count: 1, failures: 0, httpStatus: { 200: 1 } },
  });
  assert.deepEqual(sessions, { opened: 1, closed: 1, open: 0 });
  assert.equal(unauthorized, 1);
  assert.deepEqual((await fleet.stats()).github, await fetchStats(statsUrl));
});

test('a reset forgets counts but not sessions that are open', async () => {
  const { url, statsUrl } = fleet.servers.learn;
  const { client } = await connectClient(url);
  const answer = await fetch(`${statsUrl}/reset`, { method: 'POST' });
  const { operations, sessions } = (await answer.json()) as ServerStatsSnapshot;
  assert.deepEqual([operations, sessions], [{}, { opened: 0, closed: 0, open: 1 }]);
  await client.close();
});

test('what fits no operation is counted as such, without new rows for made-up names', async () => {
  const { url, statsUrl } = fleet.servers.context7;
  const requests = [
    postMcp(url, '{ not json'),
    postMcp(url, { jsonrpc: '2.0', id: 1, method: 'made/up' }),
    postMcp(url, callTool('made-up')),
    postMcp(url, 'x'.repeat(1024 * 1024 + 1)),
  ];
  const statuses = await Promise.all(requests.map(async (request) => (await request).status));
  assert.deepEqual([statuses[0], statuses[3]], [400, 413]);
  const { operations } = await fetchStats(statsUrl);
  assert.deepEqual(Object.keys(operations), ['(other)', 'tools/call:(unknown)']);
  assert.equal(operations['(other)']?.count, 3);
});

test('text that mentions the error field is no failure', async () => {
  const { url, statsUrl } = fleet.servers.context7;
  const args = { libraryId: '/a/b', query: '"isError":true' };
  const answer = await postMcp(url, callTool('query-docs', args));
  assert.match(await answer.text(), /isError/);
  assert.equal((await fetchStats(statsUrl)).operations['tools/call:query-docs']?.failures, 0);
});

test('a client that leaves early is counted as aborted and has no latency', async () => {
  const stats = new ServerStats('silent');
  const arrived = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  const silent = await startReferenceServer({
    name: 'silent',
    port: 0,
    stats,
    admission: () => null,
    latencyMs: () => 0,
    toolNames: new Set(['wait']),
    endpoint: {
      async handle(_request, response) {
        response.on('close', left.resolve);
        arrived.resolve();
      },
      close: async () => {},
    },
  });
  try {
    const caller = new AbortController();
    const answer = fetch(`${silent.origin}/mcp`, {
      method: 'POST',
      body: JSON.stringify(callTool('wait')),
      signal: caller.signal,
    });
    await arrived.promise;
    caller.abort();
    await assert.rejects(answer, { name: 'AbortError' });
    await left.promise;
    assert.deepEqual(stats.snapshot().operations, {
      'tools/call:wait': { count: 1, failures: 0, httpStatus: { aborted: 1 }, latencyMs: null, failedLatencyMs: null },
    });
  } finally {
    await silent.stop();
  }
});

test('durations are those of the distribution, plus little', async () => {
  const paced = await startFleet();
  try {
    const { url, statsUrl } = paced.servers.context7;
    await Promise.all(
      Array.from({ length: 12 }, async () => {
        const answer = await postMcp(url, { jsonrpc: '2.0', id: 1, method: 'tools/list' });
        await answer.text();
      }),
    );
    const { operations } = await fetchStats(statsUrl);
    const { min, mean } = operations['tools/list']!.latencyMs!;
    // Measured were 8 to 9 ms. A timer may be a millisecond early; the first answers of a process are slow.
    assert.ok(min >= 7 && min < 60, `minimum ${min} ms`);
    assert.ok(mean >= min && mean < 120, `mean ${mean} ms`);
  } finally {
    await paced.stop();
  }
});

test('an event stream opens at once and its reply comes after the latency of the tool', async () => {
  const paced = await startFleet({ latencyScale: 0.5 });
  try {
    const { url, statsUrl } = paced.servers.learn;
    const opened = await postMcp(url, initialize);
    await opened.text();
    const session = { 'mcp-session-id': opened.headers.get('mcp-session-id')! };
    const askedAtMs = performance.now();
    const reply = await postMcp(url, callTool('microsoft_docs_search', { query: 'timers' }), session);
    const headersAfterMs = performance.now() - askedAtMs;
    assert.match(await reply.text(), /"id":2/);
    const repliedAfterMs = performance.now() - askedAtMs;
    const { max } = (await fetchStats(statsUrl)).operations['tools/call:microsoft_docs_search']!.latencyMs!;
    // Half of the measured minimum of 269 ms is the least that this call can take.
    assert.ok(max >= 133, `the server took ${max} ms`);
    assert.ok(repliedAfterMs >= max, `${repliedAfterMs} ms for the client, ${max} ms for the server`);
    assert.ok(
      repliedAfterMs - headersAfterMs > 60,
      `headers after ${headersAfterMs} ms, reply after ${repliedAfterMs} ms`,
    );
  } finally {
    await paced.stop();
  }
});

test('an address that is not served is answered with those that are', async () => {
  const answer = await fetch(new URL('/elsewhere', fleet.servers.ado.url));
  assert.equal(answer.status, 404);
  assert.match(
    await answer.text(),
    /GET \/elsewhere does not exist; this server has \/mcp, GET \/stats, POST \/stats\/reset, POST \/token/,
  );
});

test('percentiles are nearest ranks', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.deepEqual(summarizeDurations(hundred), {
    min: 1,
    mean: 50.5,
    p50: 50,
    p75: 75,
    p90: 90,
    p95: 95,
    p99: 99,
    max: 100,
  });
  assert.deepEqual(summarizeDurations([5, 1, 3])?.p50, 3);
  assert.deepEqual(summarizeDurations([4, 2])?.p50, 2);
  assert.deepEqual(summarizeDurations([1.23456])?.max, 1.235);
  assert.equal(summarizeDurations([]), null);
});

test('every percentile occurred, and enough durations do not exceed it', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 1 }), (durationsMs) => {
      const { p50, p75, p90, p95, p99 } = summarizeDurations(durationsMs)!;
      for (const [percent, value] of Object.entries({ 50: p50, 75: p75, 90: p90, 95: p95, 99: p99 })) {
        const notAbove = durationsMs.filter((durationMs) => durationMs <= value).length;
        const below = durationsMs.filter((durationMs) => durationMs < value).length;
        const needed = (Number(percent) * durationsMs.length) / 100;
        assert.ok(durationsMs.includes(value));
        assert.ok(notAbove >= needed && below < needed, `p${percent}`);
      }
    }),
  );
});
