import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { type Fleet, startFleet } from '../../fleet/fleet.ts';
import { ServerStats, type ServerStatsSnapshot, summarizeDurations } from '../../fleet/server-stats.ts';
import { fleetSecrets } from '../../fleet/servers.ts';
import { fleetStats } from '../support/reconcile.ts';
import { callTool, connectClient, fleetFor, openSession, postMcp, serverFor } from './fleet-fixture.ts';

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

describe("a server's counts", () => {
  it('equal the requests that a client sent and the answers that it got', async (t) => {
    const { url, statsUrl } = fleet.servers.github;
    const { client, transport } = await connectClient(url, { authorization: `Bearer ${fleetSecrets.githubToken}` });
    t.after(() => client.close());
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

    const { operations, sessions, unauthorized } = await fleetStats(statsUrl);
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
    assert.deepEqual((await fleet.stats()).github, await fleetStats(statsUrl));
  });

  it('are zero after a reset, except that of open sessions', async (t) => {
    const { url, statsUrl } = fleet.servers.learn;
    const { client } = await connectClient(url);
    t.after(() => client.close());
    const answer = await fetch(`${statsUrl}/reset`, { method: 'POST' });
    const { operations, sessions } = (await answer.json()) as ServerStatsSnapshot;
    assert.deepEqual([operations, sessions], [{}, { opened: 0, closed: 0, open: 1 }]);
  });

  it('have one operation for all unknown methods and one for all unknown tools', async () => {
    const { url, statsUrl } = fleet.servers.context7;
    const requests = [
      postMcp(url, '{ not json'),
      postMcp(url, { jsonrpc: '2.0', id: 1, method: 'made/up' }),
      postMcp(url, callTool('made-up')),
      postMcp(url, 'x'.repeat(1024 * 1024 + 1)),
    ];
    const statuses = await Promise.all(requests.map(async (request) => (await request).status));
    assert.deepEqual([statuses[0], statuses[3]], [400, 413]);
    const { operations } = await fleetStats(statsUrl);
    assert.deepEqual(Object.keys(operations), ['(other)', 'tools/call:(unknown)']);
    assert.equal(operations['(other)']?.count, 3);
  });

  it('do not take text that mentions the error field for a failure', async () => {
    const { url, statsUrl } = fleet.servers.context7;
    const args = { libraryId: '/a/b', query: '"isError":true' };
    const answer = await postMcp(url, callTool('query-docs', args));
    assert.match(await answer.text(), /isError/);
    assert.equal((await fleetStats(statsUrl)).operations['tools/call:query-docs']?.failures, 0);
  });

  it('show a request as aborted and without latency if its client disconnected', async (t) => {
    const stats = new ServerStats('silent');
    const arrived = Promise.withResolvers<void>();
    const disconnected = Promise.withResolvers<void>();
    const { url } = await serverFor(t, {
      stats,
      toolNames: new Set(['wait']),
      endpoint: {
        async handle(_request, response) {
          response.on('close', disconnected.resolve);
          arrived.resolve();
        },
        close: async () => {},
      },
    });
    const caller = new AbortController();
    const answer = fetch(url, {
      method: 'POST',
      body: JSON.stringify(callTool('wait')),
      signal: caller.signal,
    });
    await arrived.promise;
    caller.abort();
    await assert.rejects(answer, { name: 'AbortError' });
    await disconnected.promise;
    assert.deepEqual(stats.snapshot().operations, {
      'tools/call:wait': { count: 1, failures: 0, httpStatus: { aborted: 1 }, latencyMs: null, failedLatencyMs: null },
    });
  });
});

describe("a server's latencies", () => {
  it('follow the measured distribution, plus a small overhead', async (t) => {
    const { url, statsUrl } = (await fleetFor(t, {})).servers.context7;
    await Promise.all(
      Array.from({ length: 12 }, async () => {
        const answer = await postMcp(url, { jsonrpc: '2.0', id: 1, method: 'tools/list' });
        await answer.text();
      }),
    );
    const { operations } = await fleetStats(statsUrl);
    const { min, mean } = operations['tools/list']!.latencyMs!;
    // The measured range is 8 to 9 ms. A timer can fire a millisecond early; the first answers of a process are slow.
    assert.ok(min >= 7 && min < 60, `minimum ${min} ms`);
    assert.ok(mean >= min && mean < 120, `mean ${mean} ms`);
  });

  it('delay the reply to a tool call, but not the headers of its event stream', async (t) => {
    const { url, statsUrl } = (await fleetFor(t, { latencyScale: 0.5 })).servers.learn;
    const session = await openSession(url);
    const sentAtMs = performance.now();
    const reply = await postMcp(url, callTool('microsoft_docs_search', { query: 'timers' }), session);
    const headersAfterMs = performance.now() - sentAtMs;
    assert.match(await reply.text(), /"id":2/);
    const repliedAfterMs = performance.now() - sentAtMs;
    const { max } = (await fleetStats(statsUrl)).operations['tools/call:microsoft_docs_search']!.latencyMs!;
    // The minimum for this call is half of the measured minimum of 269 ms.
    assert.ok(max >= 133, `the server took ${max} ms`);
    assert.ok(repliedAfterMs >= max, `${repliedAfterMs} ms for the client, ${max} ms for the server`);
    assert.ok(
      repliedAfterMs - headersAfterMs > 60,
      `headers after ${headersAfterMs} ms, reply after ${repliedAfterMs} ms`,
    );
  });
});

describe('a path that does not exist', () => {
  it('gets a 404 that lists the paths that do', async () => {
    const answer = await fetch(new URL('/elsewhere', fleet.servers.ado.url));
    assert.equal(answer.status, 404);
    assert.match(
      await answer.text(),
      /GET \/elsewhere does not exist; this server has \/mcp, GET \/stats, POST \/stats\/reset, POST \/token/,
    );
  });
});

describe('summarizeDurations', () => {
  it('computes percentiles as nearest ranks', () => {
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

  it('gives percentiles that are durations, with the required share of durations at or below them', () => {
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
});
