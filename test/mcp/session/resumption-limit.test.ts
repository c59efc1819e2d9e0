import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Authorizer, fixedAuthorizer } from '../../../src/mcp/auth/authorizer.ts';
import { callTool } from '../../../src/mcp/operations/call-tool.ts';
import type { Answer } from '../../support/mcp-server.ts';
import { eventStream } from '../../support/raw-http.ts';
import { CALLER, type ScriptedRig, startSession } from '../../support/session-rig.ts';

const look = callTool('look')('{}');
const outOfFiles = () => Object.assign(new Error('connect EMFILE 127.0.0.1:9'), { code: 'EMFILE' });

describe('a call whose broken stream cannot be resumed because this machine has no files left', () => {
  const endEarly: Answer = () => eventStream('id: e1\nretry: 20\ndata:\n\n');

  async function endsAsClientLimit(rig: ScriptedRig): Promise<void> {
    const session = rig.legacy();
    await session.open(CALLER);
    const { outcome, message, closeMs, durationMs } = (await session.request(look, CALLER)).sample;
    assert.equal(outcome, 'CLIENT_LIMIT');
    assert.match(message, /^the stream could not be resumed: .*EMFILE.*raise its limit \(ulimit -n\)/);
    assert.equal(closeMs, durationMs);
    await session.close(CALLER);
    assert.equal(rig.server.of('GET').length, 0);
    const [call] = rig.server.of('tools/call');
    assert.deepEqual(
      rig.server.of('notifications/cancelled').map(({ params }) => params),
      [{ requestId: call?.id, reason: 'the client has no connection left for the answer' }],
    );
    const became = (operation: string) => rig.samples().filter((sample) => sample.startsWith(operation));
    assert.deepEqual(became('GET'), ['GET CLIENT_LIMIT']);
    assert.deepEqual(became('tools/call'), ['tools/call:look CLIENT_LIMIT']);
  }

  it('ends in CLIENT_LIMIT when the GET gets no connection, and is cancelled at the server', async (t) => {
    const rig = await startSession(t, { 'tools/call': endEarly });
    const { connection } = rig;
    const dispatch = connection.dispatch.bind(connection);
    t.mock.method(connection, 'dispatch', (exchange: Parameters<typeof dispatch>[0]) => {
      if (exchange.request.method === 'GET') exchange.onResponseError(undefined, outOfFiles());
      else dispatch(exchange);
    });
    await endsAsClientLimit(rig);
  });

  it('ends in CLIENT_LIMIT when the token for the GET gets no connection', async (t) => {
    let refusals = 0;
    const authorizer: Authorizer = {
      ...fixedAuthorizer(undefined),
      header: () => (refusals-- > 0 ? Promise.reject(outOfFiles()) : undefined),
    };
    const answer: Answer = (incoming) => {
      refusals = 1;
      return endEarly(incoming);
    };
    await endsAsClientLimit(await startSession(t, { 'tools/call': answer }, { authorizer }));
  });
});
