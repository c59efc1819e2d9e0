import assert from 'node:assert/strict';
import { it } from 'node:test';
import { probeTarget } from '../../src/run/probe-target.ts';
import { aPlan } from '../support/a-plan.ts';
import { type Answer, legacyServer, modernServer, startMcpServer } from '../support/mcp-server.ts';
import { httpReply } from '../support/raw-http.ts';
import { testContext } from '../support/run-context.ts';

const notFound: Answer = () => httpReply(404, [], 'what is that?');

async function probe(t: { after(close: () => Promise<void>): void }, answers: Readonly<Record<string, Answer>>) {
  const server = await startMcpServer(legacyServer, modernServer, { 'server/discover': notFound, ...answers });
  t.after(() => server.close());
  const plan = aPlan({ target: { url: `${server.origin}/mcp`, allowWrites: ['look'] } });
  return { server, result: await probeTarget(testContext(), plan, 'web') };
}

for (const [era, answers] of [
  ['the first era', { initialize: () => ({ protocolVersion: '2025-11-25', capabilities: {} }) }],
  ['the stateless era', { 'server/discover': () => ({ supportedVersions: ['2026-07-28'], capabilities: {} }) }],
] as const) {
  it(`finds the tools of a server of ${era} that does not declare any`, async (t) => {
    const { result } = await probe(t, answers);
    assert.deepEqual(result.problems, []);
    assert.deepEqual(result.target?.capabilities, []);
  });

  it(`says that a server of ${era} without tools has none`, async (t) => {
    const noMethod: Answer = ({ id }) =>
      httpReply(
        200,
        ['content-type: application/json'],
        JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'no' } }),
      );
    const { result } = await probe(t, { ...answers, 'tools/list': noMethod });
    assert.match(result.problems.map(({ message }) => message).join(), /has no tool "look"\. It has no tools/);
  });
}

it('assumes the first era and says so if server/discover fails', async (t) => {
  const { result, server } = await probe(t, { 'server/discover': () => httpReply(500, [], 'oops') });
  assert.deepEqual(result.problems, []);
  assert.equal(result.target?.protocolVersion, '2025-11-25');
  assert.deepEqual(result.target?.notes, [
    'server/discover ended in HTTP_500 (oops), so the era with sessions was assumed.',
  ]);
  assert.deepEqual(server.methods().slice(0, 2), ['server/discover', 'initialize']);
});
