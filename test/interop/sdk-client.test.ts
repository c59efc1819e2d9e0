import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { openFoundSession, toolCall } from '../support/session-rig.ts';
import { startCountedServer } from './counted-server.ts';
import { v2Endpoint, v2SessionsEndpoint } from './v2-endpoint.ts';

const TOOL_MS = 40;
const CALLS = 9;
/** More than a working machine adds to the median of so many consecutive calls. */
const AGREE_WITHIN_MS = 50;

const eras = [
  { name: 'the stateless era, JSON', endpoint: v2Endpoint, protocol: 'auto', mode: 'auto', progress: false },
  { name: 'the stateless era, event streams', endpoint: v2Endpoint, protocol: 'auto', mode: 'auto', progress: true },
  { name: 'the first era', endpoint: v2SessionsEndpoint, protocol: '2025-11-25', mode: 'legacy', progress: false },
] as const;

for (const { name, endpoint, protocol, mode, progress } of eras) {
  it(`our figures in ${name} agree with those of the SDK’s client about a tool’s duration, and with the server about the number of requests`, async (t) => {
    const server = await startCountedServer(endpoint());
    t.after(() => server.stop());
    const args = { ms: TOOL_MS };
    const client = new Client({ name: 'reference', version: '1.0.0' }, { versionNegotiation: { mode } });
    t.after(() => client.close());
    await client.connect(new StreamableHTTPClientTransport(new URL(server.url)));
    const session = await openFoundSession(t, { url: server.url, protocol });
    const call = toolCall('wait', args, progress);
    const ours: number[] = [];
    const theirs: number[] = [];
    // In turns, so that other work on the machine affects both alike.
    for (let n = 0; n < CALLS; n++) {
      const exchange = await session.request(call);
      assert.equal(exchange.outcome, 'OK', exchange.message);
      ours.push(exchange.sample.durationMs);
      const startMs = performance.now();
      const options = progress ? { onprogress: () => {} } : {};
      await client.callTool({ name: 'wait', arguments: args }, options);
      theirs.push(performance.now() - startMs);
    }
    await session.close();
    const [ourMs, theirMs] = [median(ours), median(theirs)];
    // The server's timer may fire a millisecond early.
    for (const ms of [...ours, ...theirs]) assert.ok(ms >= TOOL_MS - 2, `${ms} ms for a tool that takes ${TOOL_MS}`);
    assert.ok(Math.abs(ourMs - theirMs) < AGREE_WITHIN_MS, `our median is ${ourMs} ms, theirs ${theirMs} ms`);
    assert.deepEqual(server.counts('(load)'), countsOf(session.rig.samples()));
    assert.equal(server.counts()['tools/call:wait'], 2 * CALLS);
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}

/** The number of samples of each operation. All must have succeeded. */
function countsOf(samples: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const sample of samples) {
    assert.match(sample, / OK$/);
    const operation = sample.slice(0, -3);
    counts[operation] = (counts[operation] ?? 0) + 1;
  }
  return counts;
}
