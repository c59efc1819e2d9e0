import assert from 'node:assert/strict';
import { createSecureServer, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import { it, type TestContext } from 'node:test';
import type { Exchange } from '../../../src/mcp/http/exchange.ts';
import { SAMPLE_FLAG } from '../../../src/sample/block.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { type LoopbackServer, listenOnLoopback, scriptedLookup } from '../../support/loopback-server.ts';
import { eventOf } from '../../support/raw-http.ts';
import { ExchangeRig, plainRequest, result } from './exchange-rig.ts';

const { key, cert } = makeCertificate('DNS:mcp.test');
/** How long the server takes for an answer, so that requests are on their way when a connection closes. */
const ANSWER_MS = 10;
const REFUSED_STREAM = 7;

type ClosingServer = LoopbackServer & {
  /** Requests that were answered. */
  readonly answered: number;
};

/** The server's part of a stream: its number on its connection, from 1. */
type OnStream = (stream: ServerHttp2Stream, session: Http2Session, number: number, answer: () => void) => void;

/** Starts a server that speaks only HTTP/2. */
async function serveHttp2(test: TestContext, onStream: OnStream): Promise<ClosingServer> {
  let answered = 0;
  const begun = new Map<Http2Session, number>();
  const secure = createSecureServer({ key, cert, allowHTTP1: false }).on('stream', (stream) => {
    const { session } = stream;
    if (session === undefined) return;
    const number = (begun.get(session) ?? 0) + 1;
    begun.set(session, number);
    stream.on('error', () => {});
    onStream(stream, session, number, () => {
      answered++;
      stream.respond({ ':status': 200, 'content-type': 'text/event-stream' });
      stream.end(eventOf(result));
    });
  });
  const server = await listenOnLoopback(secure);
  test.after(() => server.close());
  return Object.defineProperty(server as ClosingServer, 'answered', { get: () => answered });
}

function rigOf(server: LoopbackServer, target: object = {}): ExchangeRig {
  const lookup = scriptedLookup(['127.0.0.1']);
  return new ExchangeRig(`https://mcp.test:${server.port}/mcp`, { http2: true, ...target }, { lookup, ca: cert });
}

/** Sends requests all at the same time. */
async function sendAll(rig: ExchangeRig, count: number): Promise<readonly Exchange[]> {
  const exchanges = Array.from({ length: count }, () => rig.begin(plainRequest));
  await Promise.all(exchanges.map((exchange) => rig.finish(exchange)));
  await rig.connection.close();
  return exchanges;
}

const outcomesOf = (exchanges: readonly Exchange[]) => [...new Set(exchanges.map(({ outcome }) => outcome))];
const resentIn = (exchanges: readonly Exchange[]) =>
  exchanges.filter(({ sample }) => sample.flags & SAMPLE_FLAG.resent).length;

it('a request over HTTP/2 is sent again over another connection when the server closes its own before it has begun the request', async (test) => {
  const PER_CONNECTION = 3;
  const server = await serveHttp2(test, (stream, session, number, answer) => {
    if (number > PER_CONNECTION) return;
    if (number === PER_CONNECTION) session.goaway(0, stream.id as number);
    setTimeout(answer, ANSWER_MS);
  });
  const exchanges = await sendAll(rigOf(server), 12);
  assert.deepEqual(outcomesOf(exchanges), ['OK']);
  assert.equal(server.answered, 12, 'each request must be processed once');
  assert.equal(resentIn(exchanges), 12 - PER_CONNECTION);
  assert.equal(server.connections, 12 / PER_CONNECTION);
  for (const { sample } of exchanges) assert.ok(sample.durationMs >= (sample.socketMs as number));
});

it('a request over HTTP/2 is sent again when the server closes with an error', async (test) => {
  const server = await serveHttp2(test, (_, session, number, answer) => {
    if (server.connections > 1) answer();
    else if (number === 2) session.goaway(11, 1);
  });
  const [begun, other] = await sendAll(rigOf(server), 2);
  assert.equal(begun?.outcome, 'NET_RESET_PRE');
  assert.equal(other?.outcome, 'OK', other?.message);
  assert.equal(resentIn([begun as Exchange]), 0);
  assert.equal(resentIn([other as Exchange]), 1);
});

for (const [name, code] of [
  ['ENHANCE_YOUR_CALM', 11],
  ['INTERNAL_ERROR', 2],
  ['PROTOCOL_ERROR', 1],
] as const) {
  it(`of the requests over HTTP/2 that are open at a GOAWAY with ${name}, only those fail that the server had begun`, async (test) => {
    const BEGUN = 3;
    let last = 0;
    const server = await serveHttp2(test, (stream, session, number, answer) => {
      if (server.connections > 1) return answer();
      // Nothing is sent for the first stream, and for the second the beginning of a reply.
      if (number === 2) stream.respond({ ':status': 200, 'content-type': 'text/event-stream' });
      if (number === BEGUN) last = stream.id as number;
      // When all have arrived and the headers of the second are on their way.
      if (number === 12) setTimeout(() => session.goaway(code, last), ANSWER_MS);
    });
    const exchanges = await sendAll(rigOf(server), 12);
    const [first, second, third, ...others] = exchanges.map(({ outcome }) => outcome);
    assert.deepEqual([first, second, third], ['NET_RESET_PRE', 'NET_RESET_MID', 'NET_RESET_PRE']);
    assert.deepEqual(new Set(others), new Set(['OK']));
    assert.deepEqual([resentIn(exchanges), server.answered], [12 - BEGUN, 12 - BEGUN]);
  });
}

it('a request over HTTP/2 is sent again when the server refuses its stream', async (test) => {
  let refused = 0;
  const server = await serveHttp2(test, (stream, _, __, answer) => {
    if (refused++ < 5) stream.close(REFUSED_STREAM);
    else answer();
  });
  const [exchange] = await sendAll(rigOf(server), 1);
  assert.equal(exchange?.outcome, 'OK', exchange?.message);
  assert.equal(resentIn([exchange as Exchange]), 1);
  assert.equal(server.answered, 1);
});

it('a request over HTTP/2 fails when the server refuses it every time, after a limited number of attempts', async (test) => {
  let refused = 0;
  const server = await serveHttp2(test, (stream) => {
    refused++;
    stream.close(REFUSED_STREAM);
  });
  const exchanges = await sendAll(rigOf(server), 1);
  assert.deepEqual(outcomesOf(exchanges), ['NET_RESET_PRE']);
  assert.ok(refused <= 50, `${refused} attempts`);
});

it('a request over HTTP/2 fails when the connection closes after the server has begun the request', async (test) => {
  const server = await serveHttp2(test, (_, session, number) => {
    if (number === 2) session.destroy();
  });
  const exchanges = await sendAll(rigOf(server), 2);
  assert.ok(exchanges.every(({ outcome }) => outcome.startsWith('NET_')));
  assert.equal(resentIn(exchanges), 0);
});

it('a request over HTTP/2 ends with its deadline while it waits to be sent again', async (test) => {
  const lookup = scriptedLookup(['127.0.0.1']);
  const server = await serveHttp2(test, (_, session) => session.goaway(0, 0));
  const slow: typeof lookup = Object.assign((...args: Parameters<typeof lookup>) => {
    // The second connection is never opened.
    if (server.connections === 0) lookup(...args);
  }, lookup);
  const target = { http2: true, timeouts: { headers: '300ms' } };
  const rig = new ExchangeRig(`https://mcp.test:${server.port}/mcp`, target, { lookup: slow, ca: cert });
  const exchange = await rig.send(plainRequest);
  assert.equal(exchange.outcome, 'TMO_HEADERS');
  assert.equal(server.connections, 1);
  rig.connection.abortAll('over', 'CLIENT_ABORT');
  await rig.connection.close();
  assert.equal(rig.finished.length, 1);
});
