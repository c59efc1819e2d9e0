import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { type Call, PING } from '../../src/mcp/operations/call.ts';
import { textOfTool } from '../../src/mcp/operations/call-tool.ts';
import { listItems } from '../../src/mcp/operations/list-items.ts';
import {
  completeArgument,
  getPrompt,
  textOfCompletion,
  textOfPrompt,
  textOfResource,
} from '../../src/mcp/operations/prompts-and-resources.ts';
import { SAMPLE_FLAG } from '../../src/sample/block.ts';
import { CALLER, openFoundSession, openSessionRig, resourceRead, toolCall } from '../support/session-rig.ts';
import { type CountedServer, startCountedServer } from './counted-server.ts';
import { v2Endpoint, v2SessionsEndpoint } from './v2-endpoint.ts';

let server: CountedServer;
before(async () => {
  server = await startCountedServer(v2Endpoint());
});
after(() => server.stop());

it('a second-generation server is recognised as stateless, and opening a session lists its tools', async (t) => {
  const session = await openFoundSession(t, { url: server.url });
  assert.equal(session.era, 'modern');
  assert.deepEqual(session.facts, {
    protocolVersion: '2026-07-28',
    server: 'second-generation 2.4.0',
    session: 'stateless',
  });
  assert.deepEqual([...session.capabilities].sort(), ['completions', 'prompts', 'resources', 'tools']);
  await session.close();
  assert.deepEqual(session.rig.samples(), ['server/discover OK', 'tools/list OK']);
});

const pins = [
  { protocol: 'auto', speaks: '2026-07-28', flags: 0, opening: ['server/discover', 'tools/list'] },
  {
    protocol: '2025-11-25',
    speaks: '2025-11-25',
    flags: SAMPLE_FLAG.sse,
    opening: ['initialize', 'notifications/initialized', 'tools/list'],
  },
];
for (const { protocol, speaks, flags, opening } of pins) {
  it(`a second-generation server accepts every kind of call in ${speaks}`, async (t) => {
    const session = await openFoundSession(t, { url: server.url, protocol });
    assert.equal(session.facts.protocolVersion, speaks);
    const useful = async (call: Call): Promise<unknown> => {
      const exchange = await session.request(call);
      assert.equal(exchange.outcome, 'OK', `${call.operation}: ${exchange.message}`);
      assert.equal(exchange.sample.flags, flags, call.operation);
      return exchange.result;
    };
    assert.ok(session.tools.find(({ name }) => name === 'add')?.outputProblem?.({ sum: 'three' }) !== undefined);
    assert.equal(textOfTool(await useful(toolCall('add', { a: 1, b: 2 }))), '3');
    assert.equal(textOfResource(await useful(resourceRead('file:///notes.txt'))), 'note');
    assert.match(textOfResource(await useful(resourceRead('repo://octo'))), /repo:\/\/octo$/);
    assert.equal(textOfPrompt(await useful(getPrompt('brief')('{"language":"rust"}'))), 'Write rust.');
    const language = completeArgument({ prompt: 'brief' }, 'language');
    assert.equal(textOfCompletion(await useful(language('"py"'))), 'python\npytorch');
    const owner = completeArgument({ resource: 'repo://{owner}' }, 'owner');
    assert.equal(textOfCompletion(await useful(owner('"octo"'))), 'octocat');
    for (const list of ['tools', 'resources', 'resource-templates', 'prompts'] as const) await useful(listItems(list));
    await session.close();
    assert.deepEqual(
      session.rig.samples().slice(0, opening.length),
      opening.map((operation) => `${operation} OK`),
    );
    assert.ok(!session.rig.samples().some((sample) => sample.startsWith('DELETE')));
  });
}

it('a second-generation server answers as JSON, or as a stream when it reports progress; the latency runs to the answer', async (t) => {
  const session = await openFoundSession(t, { url: server.url });
  const [plain, reported] = await Promise.all([
    session.request(toolCall('wait', { ms: 600, steps: 2 })),
    session.request(toolCall('wait', { ms: 600, steps: 2 }, true)),
  ]);
  await session.close();
  assert.deepEqual([plain.outcome, plain.sample.flags, plain.sample.firstEventMs], ['OK', 0, undefined]);
  assert.deepEqual([reported.outcome, reported.sample.flags], ['OK', SAMPLE_FLAG.sse]);
  // The server's timer may fire a millisecond early.
  for (const { durationMs } of [plain.sample, reported.sample])
    assert.ok(durationMs >= 595, `answered after ${durationMs} ms`);
  // Progress is reported halfway. This server sends its headers with the first event.
  const { firstEventMs = 0, durationMs } = reported.sample;
  assert.ok(firstEventMs >= 295 && firstEventMs < durationMs, `first event after ${firstEventMs} of ${durationMs} ms`);
});

const faults: readonly [call: Call, outcome: string, status: number, message: RegExp][] = [
  [toolCall('nope'), 'RPC_-32602', 200, /Tool nope not found/],
  [toolCall('add', { a: 'one' }), 'TOOL_ERROR', 200, /Invalid arguments/],
  [resourceRead('file:///nope'), 'RPC_-32602', 200, /not found/],
  [getPrompt('nope')('{}'), 'RPC_-32602', 200, /nope/],
  [{ ...PING, operation: 'no/such', method: 'no/such' }, 'RPC_-32601', 404, /Method not found/],
  [PING, 'RPC_-32601', 404, /Method not found/],
];
it('a second-generation server refuses with the errors of the stateless era, and no refusal ends a session', async (t) => {
  const session = await openFoundSession(t, { url: server.url });
  for (const [call, outcome, status, message] of faults) {
    const exchange = await session.request(call);
    assert.deepEqual([exchange.outcome, exchange.status], [outcome, status], `${call.operation} ${call.params}`);
    assert.match(exchange.message, message);
    assert.equal(session.session.alive, true);
  }
  assert.equal((await session.request(toolCall('add', { a: 1, b: 2 }))).outcome, 'OK');
  await session.close();
});

it('a second-generation server asks for input, and gets the defaults of its form and its unchanged state', async (t) => {
  const session = await openFoundSession(t, { url: server.url, elicitation: 'defaults' });
  const exchange = await session.request(toolCall('confirm'));
  await session.close();
  assert.equal(exchange.outcome, 'OK', exchange.message);
  assert.equal(textOfTool(exchange.result), 'true, as you like, asked "once" ☂');
  const asked = session.rig.samples().filter((sample) => sample.startsWith('tools/call'));
  assert.deepEqual(asked, ['tools/call:confirm OK', 'tools/call:confirm OK']);
  const [first, second] = session.rig.exchanges.slice(-2);
  assert.notEqual(first?.request.id, second?.request.id);
});

it('a second-generation server asks for declined input without end, and the call fails', async (t) => {
  const session = await openFoundSession(t, { url: server.url, elicitation: 'defaults' });
  const exchange = await session.request(toolCall('insist'));
  await session.close();
  assert.equal(exchange.outcome, 'RPC_INPUT_REQUIRED', exchange.message);
  const calls = session.rig.samples().filter((sample) => sample.startsWith('tools/call:insist'));
  assert.ok(calls.length > 1 && calls.length < 20, `${calls.length} rounds`);
  assert.equal(calls.at(-1), 'tools/call:insist RPC_INPUT_REQUIRED');
});

it('a second-generation server does not ask a client that declares no elicitation', async (t) => {
  const session = await openFoundSession(t, { url: server.url });
  const { outcome, status } = await session.request(toolCall('confirm'));
  await session.close();
  assert.deepEqual([outcome, status], ['RPC_-32021', 400]);
});

it('a second-generation server gets no input when it asks nevertheless, and the call ends in RPC_INPUT_REQUIRED', async (t) => {
  const endpoint = v2Endpoint();
  const careless = await startCountedServer((request, response, body) => {
    const { params } = body as { params: { _meta: Record<string, unknown> } };
    params._meta['io.modelcontextprotocol/clientCapabilities'] = { elicitation: { form: {} } };
    return endpoint(request, response, body);
  });
  t.after(() => careless.stop());
  const session = await openFoundSession(t, { url: careless.url });
  const { outcome, status, message } = await session.request(toolCall('confirm'));
  await session.close();
  assert.deepEqual([outcome, status], ['RPC_INPUT_REQUIRED', 200]);
  assert.match(message, /sure \(elicitation\/create\)/);
  assert.deepEqual(careless.counts()['tools/call:confirm'], 1);
});

it('a second-generation server compares the headers of annotated arguments with the arguments', async (t) => {
  const session = await openFoundSession(t, { url: server.url });
  const route = async (args: object) => {
    const { outcome, message, result } = await session.request(toolCall('route', args));
    return outcome === 'OK' ? textOfTool(result) : `${outcome} ${message}`;
  };
  assert.equal(await route({ region: 'west', hops: 3 }), 'west 3');
  assert.equal(await route({ region: 'west' }), 'west null');
  // This value must be encoded. The server accepts it only if it decodes to the same string.
  assert.match(await route({ region: ' Ōsaka ', hops: 0 }), /^=\?base64\?\S+\?= 0$/);
  await session.close();
});

it('a second-generation server refuses a request whose headers lack one: HTTP 400 with RPC_-32020', async (t) => {
  const rig = await openSessionRig(t, { url: server.url });
  // A session that has not listed the tools does not know which arguments to mirror.
  const exchange = await rig.modern().request(toolCall('route', { region: 'west' }), CALLER);
  await rig.close();
  assert.deepEqual([exchange.outcome, exchange.status], ['RPC_-32020', 400]);
  assert.match(exchange.message, /Mcp-Param-Region/);
});

for (const { protocol, cancelling } of [
  { protocol: 'auto', cancelling: [] },
  { protocol: '2025-11-25', cancelling: ['notifications/cancelled OK', 'DELETE OK'] },
]) {
  it(`a second-generation server learns of a cancelled call by the mechanism of its era: protocol ${protocol}`, {
    timeout: 20_000,
  }, async (t) => {
    const cancelled = Promise.withResolvers<void>();
    const both = await startCountedServer(v2SessionsEndpoint(cancelled.resolve));
    t.after(() => both.stop());
    const session = await openFoundSession(t, { url: both.url, protocol, timeouts: { total: '400ms' } });
    const exchange = await session.request(toolCall('wait', { ms: 10_000 }));
    await session.close();
    assert.equal(exchange.outcome, 'TMO_TOTAL');
    const samples = session.rig.samples();
    assert.deepEqual(samples.slice(samples.indexOf('tools/call:wait TMO_TOTAL') + 1), cancelling);
    await cancelled.promise;
  });
}

it('a second-generation server asks over the stream of the call in a session of the first era', async (t) => {
  const both = await startCountedServer(v2SessionsEndpoint());
  t.after(() => both.stop());
  const modern = await openFoundSession(t, { url: both.url, elicitation: 'defaults' });
  assert.equal(modern.era, 'modern');
  assert.equal((await modern.request(toolCall('confirm'))).outcome, 'OK');
  await modern.close();

  const legacy = await openFoundSession(t, { url: both.url, elicitation: 'defaults', protocol: '2025-11-25' });
  assert.equal(legacy.facts.session, 'stateful');
  const exchange = await legacy.request(toolCall('confirm'));
  assert.equal(exchange.outcome, 'OK', exchange.message);
  assert.equal(textOfTool(exchange.result), 'true, as you like, asked "once" ☂');
  await legacy.close();
  assert.deepEqual(legacy.rig.samples().slice(3).sort(), [
    'DELETE OK',
    'response:elicitation/create OK',
    'tools/call:confirm OK',
  ]);
});
