import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isHttpSse } from '../../../src/mcp/session/find-revision.ts';
import type { Answer } from '../../support/mcp-server.ts';
import { eventOf, httpReply, jsonReply, openStream } from '../../support/raw-http.ts';
import { CALLER, startSession } from '../../support/session-rig.ts';

const ENDPOINT = 'event: endpoint\ndata: /messages?sessionId=1\n\n';
const refusals: readonly [initialize: Answer, GET: Answer, isHttpSse: boolean, gets: number][] = [
  [() => httpReply(405, [], ''), () => openStream(ENDPOINT), true, 1],
  [() => httpReply(404, [], ''), () => openStream(ENDPOINT), true, 1],
  [() => httpReply(400, [], 'no'), () => openStream(ENDPOINT), true, 1],
  [
    () => httpReply(404, [], ''),
    () => openStream(eventOf({ method: 'ping', id: 1 }), 'event: other\ndata: x\n\n'),
    false,
    1,
  ],
  [() => httpReply(404, [], ''), () => httpReply(404, [], ''), false, 1],
  [() => httpReply(404, [], ''), () => httpReply(200, ['content-type: text/html'], '<p>'), false, 1],
  [() => httpReply(404, [], ''), ({ socket }) => void socket.end(), false, 1],
  // A refusal for another reason does not point to that transport.
  [() => httpReply(401, [], ''), () => openStream(ENDPOINT), false, 0],
  [() => httpReply(500, [], ''), () => openStream(ENDPOINT), false, 0],
  [({ id }) => jsonReply({ id, error: { code: -32600, message: 'no' } }), () => openStream(ENDPOINT), false, 0],
];

describe('isHttpSse', () => {
  for (const [number, [initialize, GET, expected, gets]] of refusals.entries()) {
    it(`recognises the old transport by its first event (case ${number}: ${expected})`, async (t) => {
      const rig = await startSession(t, { initialize, GET }, { target: { headers: { 'x-own': 'accept' } } });
      const opened = await rig.legacy().open(CALLER);
      assert.ok('failed' in opened);
      assert.equal(await isHttpSse(rig.connection, opened.failed), expected);
      const asked = rig.server.of('GET');
      assert.equal(asked.length, gets);
      for (const { headers } of asked) {
        assert.equal(headers.accept, 'text/event-stream');
        assert.equal(headers['x-own'], 'accept');
      }
      assert.equal(rig.server.of('response').length, 0);
      // Would wait for a stream that is still open.
      await rig.close();
    });
  }

  it('does not wait long for a server that says nothing', async (t) => {
    const rig = await startSession(t, { initialize: () => httpReply(404, [], ''), GET: () => openStream() });
    const opened = await rig.legacy().open(CALLER);
    assert.ok('failed' in opened);
    const startMs = performance.now();
    assert.equal(await isHttpSse(rig.connection, opened.failed), false);
    assert.ok(performance.now() - startMs < 10_000);
  });
});
