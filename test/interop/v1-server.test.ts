import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { textOfTool } from '../../src/mcp/operations/call-tool.ts';
import { listItems } from '../../src/mcp/operations/list-items.ts';
import { listPages } from '../../src/mcp/session/lists.ts';
import { CALLER, openFoundSession, toolCall } from '../support/session-rig.ts';
import { type CountedServer, startCountedServer } from './counted-server.ts';
import { v1Endpoint } from './v1-endpoint.ts';

const REFUSED = 'MCP error -32601: this client does not have ';

let server: CountedServer;
before(async () => {
  server = await startCountedServer(v1Endpoint());
});
after(() => server.stop());

const asks = [
  { tool: 'ask-model', method: 'sampling/createMessage', elicitation: 'defaults', answer: undefined },
  { tool: 'ask-roots', method: 'roots/list', elicitation: 'defaults', answer: undefined },
  { tool: 'ask-user', method: 'elicitation/create', elicitation: 'none', answer: undefined },
  {
    tool: 'ask-user',
    method: 'elicitation/create',
    elicitation: 'defaults',
    answer: { action: 'accept', content: { who: 'me' } },
  },
  { tool: 'ask-whether-there', method: 'ping', elicitation: 'none', answer: {} },
];
for (const { tool, method, elicitation, answer } of asks) {
  const how = answer === undefined ? 'gets -32601, and the tool ends as an error' : 'gets an answer';
  for (const aside of [false, true]) {
    const where = aside ? 'the event stream of the session' : 'the stream of the call';
    it(`a first-generation server ${how} when it sends ${method} over ${where} (elicitation: ${elicitation})`, async (t) => {
      const session = await openFoundSession(t, { url: server.url, elicitation, eventStream: aside });
      const before = server.counts();
      const exchange = await session.request(toolCall(tool, { aside }));
      await session.close();
      if (answer === undefined)
        assert.deepEqual([exchange.outcome, exchange.message], ['TOOL_ERROR', REFUSED + method]);
      else assert.deepEqual([exchange.outcome, JSON.parse(textOfTool(exchange.result))], ['OK', answer]);
      const samples = session.rig.samples().slice(4).sort();
      assert.deepEqual(samples, [
        'DELETE OK',
        ...(aside ? ['GET OK'] : []),
        `response:${method} OK`,
        `tools/call:${tool} ${exchange.outcome}`,
      ]);
      assert.equal(server.counts().response, (before.response ?? 0) + 1);
    });
  }
}

it('a first-generation server lists resources in several pages, all of which are read', async (t) => {
  const session = await openFoundSession(t, { url: server.url });
  const uris: unknown[] = [];
  await listPages(session.session, listItems('resources'), CALLER, (items) =>
    uris.push(...items.map(({ uri }) => uri)),
  );
  await session.close();
  assert.deepEqual(uris, ['file:///1', 'file:///2', 'file:///3']);
  assert.equal(session.rig.samples().filter((sample) => sample === 'resources/list OK').length, 3);
});
