import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Authorizer } from '../../../src/mcp/auth/authorizer.ts';
import type { Exchange } from '../../../src/mcp/http/exchange.ts';
import { callTool } from '../../../src/mcp/operations/call-tool.ts';
import type { Answer, Incoming } from '../../support/mcp-server.ts';
import { eventOf, eventStream, httpReply, openStream } from '../../support/raw-http.ts';
import { CALLER, startSession, until } from '../../support/session-rig.ts';

const look = callTool('look')('{}');
const refused = httpReply(401, ['www-authenticate: Bearer error="invalid_token"'], '');

/** Tokens t1, t2 … Each is used until it is refused. The next one comes immediately or, when slow, a turn later. */
function renewing(isSlow = false): Authorizer & { readonly refusals: number } {
  let number = 1;
  let refusals = 0;
  return {
    prepare: async () => {},
    header: () => {
      const header = { name: 'authorization', value: `Bearer t${number}` };
      return isSlow ? Promise.resolve(header) : header;
    },
    rejected: (header) => {
      refusals++;
      if (header?.value === `Bearer t${number}`) number++;
      return true;
    },
    tokens: { fetched: 0, failed: 0, maxMs: 0 },
    close: () => {},
    get refusals() {
      return refusals;
    },
  };
}

const tokenOf = ({ headers }: Incoming) => headers.authorization;

describe('a request whose token is refused', () => {
  for (const isSlow of [false, true]) {
    it(`is sent again with ${isSlow ? 'a token that must be fetched' : 'another token'}, and both requests are samples`, async (t) => {
      const answer: Answer = (one) =>
        tokenOf(one) === 'Bearer t1' ? refused : { content: [{ type: 'text', text: 'seen' }] };
      const rig = await startSession(t, { 'tools/call': answer }, { authorizer: renewing(isSlow) });
      const session = rig.legacy();
      await session.open(CALLER);
      const exchange = await session.request(look, CALLER);
      assert.equal(exchange.outcome, 'OK');
      await session.close(CALLER);
      assert.deepEqual(rig.samples().slice(-3), ['tools/call:look AUTH_401', 'tools/call:look OK retry', 'DELETE OK']);
      const calls = rig.server.of('tools/call');
      assert.deepEqual(calls.map(tokenOf), ['Bearer t1', 'Bearer t2']);
      assert.equal(calls[0]?.id, calls[1]?.id);
      assert.deepEqual(rig.server.of('DELETE').map(tokenOf), ['Bearer t2']);
      assert.deepEqual(rig.rejections, []);
    });
  }

  for (const era of ['legacy', 'modern'] as const) {
    it(`ends the load on its target when the new token is refused too (${era})`, async (t) => {
      const authorizer = renewing();
      const rig = await startSession(t, { 'tools/call': () => refused }, { authorizer });
      const session = rig[era]();
      await session.open(CALLER);
      const exchange = await session.request(look, CALLER);
      assert.equal(exchange.outcome, 'AUTH_REJECTED');
      assert.equal(session.alive, false);
      assert.deepEqual(rig.rejections, ['Bearer error="invalid_token"']);
      assert.equal(authorizer.refusals, 1, 'a third token would be refused as well');
      const before = rig.server.incoming.length;
      await session.close(CALLER);
      assert.equal(rig.server.incoming.length, before, 'not even a DELETE');
      assert.deepEqual(rig.samples().slice(-2), ['tools/call:look AUTH_401', 'tools/call:look AUTH_REJECTED retry']);
    });
  }

  it('ends all sessions on the target without a further request, and closes their streams', async (t) => {
    const answers: Record<string, Answer> = {
      'tools/call': ({ params }) => (params.name === 'look' ? refused : undefined),
      GET: () => openStream(),
    };
    const rig = await startSession(t, answers, { authorizer: renewing(), target: { eventStream: true } });
    const [one, other] = [rig.legacy(), rig.legacy()];
    await one.open(CALLER);
    await other.open(CALLER);
    const waiting = other.request(callTool('ponder')('{}'), CALLER);
    await until(() => rig.server.of('tools/call').length === 1);
    await one.request(look, CALLER);
    assert.equal(other.alive, true);
    rig.connection.abortAll('the target is not loaded any more', 'CLIENT_ABORT');
    assert.equal((await waiting).outcome, 'CLIENT_ABORT');
    await one.close(CALLER);
    await other.close(CALLER);
    // Would wait for streams that are still open.
    await rig.close();
    assert.equal(rig.server.of('notifications/cancelled').length, 0);
    assert.equal(rig.server.of('DELETE').length, 0);
    assert.equal(rig.server.of('GET').length, 2);
  });

  it('ends the load on its target when it is initialize, without a further request', async (t) => {
    const rig = await startSession(t, { initialize: () => refused }, { authorizer: renewing() });
    const opened = await rig.legacy().open(CALLER);
    assert.ok('failed' in opened && opened.failed.outcome === 'AUTH_REJECTED');
    assert.equal(rig.rejections.length, 1);
    assert.deepEqual(rig.server.methods(), ['initialize', 'initialize']);
  });

  it('is sent again when it opens a stream', async (t) => {
    const answers: Record<string, Answer> = {
      'tools/call': () => eventStream('id: e1\nretry: 20\ndata:\n\n'),
      GET: (one) => {
        if (tokenOf(one) === 'Bearer t1') return refused;
        return openStream(eventOf({ id: 3, result: { content: [{ type: 'text', text: 'seen' }] } }));
      },
    };
    const rig = await startSession(t, answers, { authorizer: renewing() });
    const session = rig.legacy();
    await session.open(CALLER);
    const exchange = await session.request(look, CALLER);
    assert.equal(exchange.outcome, 'OK', exchange.message);
    await session.close(CALLER);
    assert.deepEqual(rig.server.of('GET').map(tokenOf), ['Bearer t1', 'Bearer t2']);
    assert.ok(rig.samples().includes('GET AUTH_401'));
    assert.ok(rig.samples().includes('GET OK retry'));
  });

  it('is not sent again when there is no other token', async (t) => {
    const rig = await startSession(
      t,
      { 'tools/call': () => refused },
      { authorizer: { ...renewing(), rejected: () => false } },
    );
    const session = rig.legacy();
    await session.open(CALLER);
    assert.equal((await session.request(look, CALLER)).outcome, 'AUTH_401');
    assert.equal(rig.server.of('tools/call').length, 1);
    assert.deepEqual(rig.rejections, []);
    assert.equal(session.alive, true);
    await session.close(CALLER);
  });
});

/** The error of authorization for a connection that the system refused. */
const refusedConnection = (code: string) => {
  const cause = Object.assign(new Error(`connect ${code} 127.0.0.1:9`), { code });
  return new Error(`The token endpoint gave no usable answer: ${cause.message}.`, { cause });
};

describe('a request for which no token is available', () => {
  for (const [code, outcome, message] of [
    ['ECONNREFUSED', 'AUTH_TOKEN', /^The token endpoint gave no usable answer: connect ECONNREFUSED 127\.0\.0\.1:9\.$/],
    [
      'EMFILE',
      'CLIENT_LIMIT',
      /^The token endpoint gave no usable answer: connect EMFILE [^;]*9; .*raise its limit \(ulimit -n\)/,
    ],
  ] as const) {
    it(`ends in ${outcome} when the token fetch ended in ${code}, and ends the session`, async (t) => {
      for (const exchange of await callsWithoutToken(t, refusedConnection(code))) {
        assert.equal(exchange.outcome, outcome);
        assert.match(exchange.message, message);
      }
    });
  }

  it('is not sent, gives the reason, and ends the session, so that its virtual user does not loop without a pause', async (t) => {
    for (const exchange of await callsWithoutToken(t, new Error('the token endpoint is down'))) {
      assert.equal(exchange.outcome, 'AUTH_TOKEN');
      assert.equal(exchange.message, 'the token endpoint is down');
      assert.equal(exchange.sample.socketMs, undefined);
    }
  });
});

/** A call in each era, in a session that got a token when it was opened and gets none any more. */
async function callsWithoutToken(t: TestContext, failure: Error): Promise<Exchange[]> {
  let has = true;
  const authorizer: Authorizer = { ...renewing(), header: () => (has ? undefined : Promise.reject(failure)) };
  const rig = await startSession(t, {}, { authorizer });
  const exchanges: Exchange[] = [];
  for (const era of ['legacy', 'modern'] as const) {
    has = true;
    const session = rig[era]();
    await session.open(CALLER);
    has = false;
    exchanges.push(await session.request(look, CALLER));
    assert.equal(session.alive, false, 'its user would loop without a pause');
    await session.close(CALLER);
  }
  assert.equal(rig.server.of('tools/call').length, 0);
  return exchanges;
}
