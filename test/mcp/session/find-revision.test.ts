import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FoundRevision, findRevision, isHttpSse } from '../../../src/mcp/session/find-revision.ts';
import { readDiscovery } from '../../../src/mcp/session/handshakes.ts';
import { systemClock } from '../../../src/traffic/clock.ts';
import type { Answer } from '../../support/mcp-server.ts';
import { eventOf, httpReply, jsonReply, openStream } from '../../support/raw-http.ts';
import { CALLER, startSession } from '../../support/session-rig.ts';

const MODERN = '2026-07-28';
const offers = (...supportedVersions: string[]) => ({ supportedVersions, capabilities: { tools: {}, prompts: {} } });
const modern = (server = '') => ({ era: 'modern', discovery: { server, capabilities: ['tools', 'prompts'] } });
const legacy = { era: 'legacy' };
const unknown = (outcome: string) => ({ era: 'unknown', outcome });
const error = (code: number, data?: object, status = 400): Answer => {
  const body = { jsonrpc: '2.0', id: null, error: { code, message: 'no', ...(data === undefined ? {} : { data }) } };
  return () => httpReply(status, ['content-type: application/json'], JSON.stringify(body));
};
const status = (code: number, body = 'no'): Answer => {
  return () => httpReply(code, ['content-type: text/plain'], body);
};
const NOT_MODERN = unknown('PROTO_VERSION');

/** Answers to server/discover, and the result when the plan leaves the revision open, and when it pins it. */
const answers: readonly [name: string, answer: Answer, auto: object, pinned: object][] = [
  ['what it offers', () => offers(MODERN), modern(), modern()],
  ['an offer of several', () => offers('2025-11-25', MODERN, '2027-01-01'), modern(), modern()],
  ['an offer without ours', () => offers('2027-01-01'), legacy, NOT_MODERN],
  ['an empty offer', () => offers(), legacy, NOT_MODERN],
  ['a result of another method', () => ({ tools: [] }), legacy, NOT_MODERN],
  [
    '-32022 for others, older ones among them',
    error(-32022, { supported: ['2025-11-25', '2027-01-01'] }),
    legacy,
    NOT_MODERN,
  ],
  ['-32022 for newer ones only', error(-32022, { supported: ['2027-01-01'] }), NOT_MODERN, NOT_MODERN],
  ['-32022 for older ones only', error(-32022, { supported: ['2024-11-05'] }), legacy, NOT_MODERN],
  ['-32022 without a list', error(-32022), legacy, NOT_MODERN],
  ['-32022 again and again, ours listed', error(-32022, { supported: [MODERN] }), legacy, NOT_MODERN],
  ['-32601', error(-32601, undefined, 404), legacy, NOT_MODERN],
  ['-32601 with 200', ({ id }) => jsonReply({ id, error: { code: -32601, message: 'no' } }), legacy, NOT_MODERN],
  ['-32602', error(-32602), legacy, NOT_MODERN],
  ['400 with an explanation', status(400, 'Bad Request: Server not initialized'), legacy, NOT_MODERN],
  ['400 that demands a session', status(400, 'Mcp-Session-Id header is required'), legacy, NOT_MODERN],
  ['404', status(404), legacy, NOT_MODERN],
  ['405', status(405), legacy, NOT_MODERN],
  ['406', status(406), legacy, NOT_MODERN],
  ['202', () => httpReply(202, [], ''), legacy, NOT_MODERN],
  ['a page', () => httpReply(200, ['content-type: text/html'], '<p>'), legacy, NOT_MODERN],
  [
    'the answer to something else',
    () => jsonReply({ id: null, error: { code: -32600, message: 'no' } }),
    legacy,
    NOT_MODERN,
  ],
  ['401', status(401), unknown('AUTH_401'), unknown('AUTH_401')],
  ['403', status(403), unknown('AUTH_403'), unknown('AUTH_403')],
  ['408', status(408), legacy, unknown('HTTP_408')],
  ['429', status(429), legacy, unknown('HTTP_429')],
  ['302', status(302), unknown('HTTP_3XX'), unknown('HTTP_3XX')],
  ['500', status(500), legacy, unknown('HTTP_500')],
  ['500 with a JSON-RPC error', error(-32603, undefined, 500), legacy, unknown('HTTP_500')],
  ['503', status(503), legacy, unknown('HTTP_503')],
  ['no answer', () => undefined, legacy, unknown('TMO_HEADERS')],
  ['the end of the connection', ({ socket }) => void socket.end(), legacy, unknown('NET_RESET_PRE')],
];

function assertFound(found: FoundRevision, expected: object): void {
  const { message, ...facts } = found as FoundRevision & { message?: string };
  assert.deepEqual(facts, expected, message);
  if (found.era === 'unknown') assert.notEqual(message, '');
}

describe('findRevision', () => {
  for (const [name, answer, auto, pinned] of answers) {
    for (const [protocol, expected] of [
      ['auto', auto],
      [MODERN, pinned],
    ] as const) {
      it(`returns ${JSON.stringify(expected)} for ${name} (protocol ${protocol})`, async (t) => {
        const rig = await startSession(
          t,
          { 'server/discover': answer },
          { target: { timeouts: { headers: '300ms' } } },
        );
        assertFound(await findRevision(protocol, () => rig.modern().discover(CALLER)), expected);
        const isAskedAgain = name.startsWith('-32022 again');
        assert.equal(rig.server.of('server/discover').length, isAskedAgain ? 2 : 1);
      });
    }
  }

  it('asks again when the server refuses our version but lists it as supported', async (t) => {
    let isReady = false;
    const answer: Answer = (one) => {
      const reply = isReady ? offers(MODERN) : error(-32022, { supported: [MODERN] })(one);
      isReady = true;
      return reply;
    };
    const rig = await startSession(t, { 'server/discover': answer });
    assertFound(await findRevision('auto', () => rig.modern().discover(CALLER)), modern());
  });

  it('sends nothing when the plan pins a revision of the first era', async () => {
    for (const protocol of ['2025-03-26', '2025-06-18', '2025-11-25'] as const) {
      assertFound(await findRevision(protocol, () => assert.fail('asked')), legacy);
    }
  });

  it('sends a request of the stateless era', async (t) => {
    const rig = await startSession(t, {});
    await rig.modern().discover(CALLER);
    const [{ headers, params } = { headers: {} as Record<string, string>, params: {} }] = rig.server.incoming;
    assert.equal(headers['mcp-method'], 'server/discover');
    assert.equal(headers['mcp-protocol-version'], MODERN);
    assert.deepEqual(Object.keys(params), ['_meta']);
  });
});

describe('readDiscovery', () => {
  const info = { name: 'one', version: '2' };
  const inMeta = { _meta: { 'io.modelcontextprotocol/serverInfo': info } };
  const servers: readonly [name: string, more: object, server: string][] = [
    ['in _meta', inMeta, 'one 2'],
    ['in the result', { serverInfo: info }, 'one 2'],
    ['in both', { ...inMeta, serverInfo: { name: 'other' } }, 'one 2'],
    ['without a version', { serverInfo: { name: 'one' } }, 'one'],
    ['nowhere', {}, ''],
    ['in no readable form', { serverInfo: 'one', _meta: 7 }, ''],
  ];
  for (const [name, more, server] of servers) {
    it(`reads the server's name ${name}`, () => {
      assert.deepEqual(readDiscovery({ ...offers(MODERN), ...more }), {
        supportedVersions: [MODERN],
        capabilities: ['tools', 'prompts'],
        server,
      });
    });
  }
});

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
      assert.equal(await isHttpSse(rig.connection, opened.failed, systemClock), expected);
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
});
