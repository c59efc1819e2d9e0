import assert from 'node:assert/strict';
import { createSecureServer, type ServerHttp2Stream } from 'node:http2';
import { createServer } from 'node:https';
import { describe, it, type TestContext } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import type { Pool } from 'undici';
import { targetPool } from '../../../src/mcp/http/target-connection.ts';
import { targetSchema } from '../../../src/plan/target-schema.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { acceptingServer, type LoopbackServer, listenDuring, scriptedLookup } from '../../support/loopback-server.ts';
import { rawRequest } from '../../support/raw-request.ts';

const certificate = makeCertificate('DNS:mcp.test');
const ADDRESSES = { allowLoopback: true, allowedAddresses: [] };
/** How long a server or a look-up waits in tests of a clock. */
const SLOW_MS = 100;
/** A timer may end a fraction of a millisecond early. */
const AT_LEAST_MS = SLOW_MS - 1;

/** A pool to the server under the name mcp.test. @param target further keys of the target */
function poolTo(
  test: TestContext,
  scheme: string,
  { port }: LoopbackServer,
  target = {},
  lookup = scriptedLookup(['127.0.0.1']),
): Pool {
  const parsed = targetSchema.parse({ url: `${scheme}://mcp.test:${port}/mcp`, ...target });
  const pool = targetPool(parsed, { addresses: ADDRESSES, lookup, ca: certificate.cert });
  test.after(() => pool.destroy());
  return pool;
}

describe('the times of a new connection', () => {
  it('are recorded by the first request on it only, and include the name look-up', async (test) => {
    const server = await listenDuring(test, acceptingServer());
    const quick = scriptedLookup(['127.0.0.1']);
    const lookup: typeof quick = Object.assign((...args: Parameters<typeof quick>) => {
      setTimeout(() => quick(...args), SLOW_MS);
    }, quick);
    const pool = poolTo(test, 'http', server, { maxConnections: 1 }, lookup);
    const [first, second, third] = [await rawRequest(pool), await rawRequest(pool), await rawRequest(pool)];
    assert.ok(first.took && first.took.connectMs >= AT_LEAST_MS, JSON.stringify(first.took));
    assert.ok(first.socketMs !== undefined && first.took.connectMs <= first.socketMs);
    assert.equal(first.took.tlsMs, undefined);
    assert.deepEqual([second.took, third.took], [undefined, undefined]);
    assert.ok(first.link !== undefined && second.link === first.link && third.link === first.link);
    assert.equal(server.connections, 1);
  });

  it('are recorded for each connection of a pool, and again when one is reopened', async (test) => {
    const server = await listenDuring(test, acceptingServer());
    const closing = await listenDuring(test, acceptingServer({ connection: 'close' }));
    const pool = poolTo(test, 'http', server);
    const parallel = await Promise.all([rawRequest(pool), rawRequest(pool), rawRequest(pool)]);
    assert.equal(server.connections, 3);
    assert.equal(new Set(parallel.map(({ link }) => link)).size, 3);
    for (const { took } of parallel) assert.ok(took && took.connectMs > 0);
    const again = poolTo(test, 'http', closing, { maxConnections: 1 });
    for (const { took } of [await rawRequest(again), await rawRequest(again)]) assert.ok(took && took.connectMs > 0);
    assert.equal(closing.connections, 2);
  });

  it('contain the TLS handshake separately', async (test) => {
    const secure = createServer(
      {
        ...certificate,
        // Called during the handshake; without a context here, the server uses its own certificate.
        SNICallback: (_, done) => void setTimeout(() => done(null), SLOW_MS),
      },
      (request, response) => void request.resume().on('end', () => response.writeHead(202).end()),
    );
    const server = await listenDuring(test, secure);
    const pool = poolTo(test, 'https', server, { maxConnections: 1 });
    const [first, second] = [await rawRequest(pool), await rawRequest(pool)];
    assert.equal(first.status, 202, String(first.error));
    assert.ok(first.took?.tlsMs !== undefined && first.took.tlsMs >= AT_LEAST_MS, JSON.stringify(first.took));
    assert.ok(first.took.connectMs > 0 && first.took.connectMs < first.took.tlsMs, JSON.stringify(first.took));
    assert.ok(first.took.connectMs + first.took.tlsMs <= (first.socketMs as number));
    assert.equal(second.took, undefined);
    assert.equal(server.connections, 1);
  });

  it('are recorded by the next request if the first one is dropped', async (test) => {
    const server = await listenDuring(test, acceptingServer());
    const pool = poolTo(test, 'http', server, { maxConnections: 1 });
    const dropped = rawRequest(pool, {}, () => {
      throw new Error('ended before it was sent');
    });
    const [, next] = await Promise.all([dropped, rawRequest(pool)]);
    assert.match((await dropped).error?.message ?? '', /ended before/);
    assert.ok(next.took && next.took.connectMs > 0);
    assert.equal(server.connections, 1);
  });
});

describe('a pool with HTTP/2', () => {
  /** A server that speaks only HTTP/2. @param onStream answers one request */
  const http2Server = (onStream: (stream: ServerHttp2Stream, headers: Record<string, unknown>) => void) =>
    createSecureServer({ ...certificate, allowHTTP1: false }).on('stream', onStream);

  it('sends concurrent requests over one connection, and gives each its own reply', async (test) => {
    const waiting: (() => void)[] = [];
    const secure = http2Server((stream, headers) => {
      let body = '';
      stream.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      stream.on('end', () => {
        waiting.push(() => {
          stream.respond({ ':status': 200 });
          stream.end(`${headers[':method']} ${headers[':path']} ${body}`);
        });
        // Both must have arrived before one is answered; the last one is answered first.
        if (waiting.length === 2) for (const answer of waiting.splice(0).reverse()) answer();
      });
    });
    const server = await listenDuring(test, secure);
    const pool = poolTo(test, 'https', server, { http2: true });
    const outcomes = await Promise.all([rawRequest(pool, { body: 'one' }), rawRequest(pool, { body: 'two' })]);
    assert.deepEqual(
      outcomes.map(({ body, error }) => error ?? body.toString()),
      ['POST /mcp one', 'POST /mcp two'],
    );
    assert.equal(server.connections, 1);
    assert.equal(outcomes[0].link, outcomes[1].link);
    assert.deepEqual(
      outcomes.map(({ took }) => took !== undefined && took.connectMs > 0 && (took.tlsMs ?? 0) > 0),
      [true, false],
    );
  });

  it('sends GET without a body', async (test) => {
    const secure = http2Server((stream, headers) => {
      stream.respond({ ':status': 200 });
      stream.end(`${headers[':method']} ${headers['content-length']} ${stream.endAfterHeaders}`);
    });
    const pool = poolTo(test, 'https', await listenDuring(test, secure), { http2: true });
    const { body } = await rawRequest(pool, { method: 'GET', body: null });
    assert.equal(body.toString(), 'GET undefined true');
  });

  it('opens another connection only when the server accepts no more requests on the first', async (test) => {
    const secure = createSecureServer({ ...certificate, settings: { maxConcurrentStreams: 2 } });
    const waiting: ServerHttp2Stream[] = [];
    secure.on('stream', (stream) => {
      waiting.push(stream);
      if (waiting.length === 4)
        for (const one of waiting.splice(0)) one.respond({ ':status': 202 }, { endStream: true });
    });
    const server = await listenDuring(test, secure);
    const pool = poolTo(test, 'https', server, { http2: true });
    await Promise.all(Array.from({ length: 4 }, () => rawRequest(pool)));
    assert.equal(server.connections, 2);
  });

  it('drops a request that ended while it waited, and no other', async (test) => {
    const server = await listenDuring(
      test,
      http2Server((stream) => stream.respond({ ':status': 202 }, { endStream: true })),
    );
    const pool = poolTo(test, 'https', server, { http2: true });
    const dropped = rawRequest(pool, {}, () => {
      throw new Error('ended before it was sent');
    });
    const [{ error }, next] = await Promise.all([dropped, rawRequest(pool)]);
    assert.match(error?.message ?? '', /ended before/);
    assert.equal(next.status, 202, String(next.error));
    assert.equal((await rawRequest(pool)).status, 202);
    assert.equal(server.connections, 1);
  });

  it('falls back to HTTP/1.1 if the server speaks nothing else', async (test) => {
    const secure = createServer(certificate, (request, response) => {
      request.resume().on('end', () => response.end(request.httpVersion));
    });
    const pool = poolTo(test, 'https', await listenDuring(test, secure), { http2: true });
    const outcomes = await Promise.all([rawRequest(pool), rawRequest(pool)]);
    assert.deepEqual(
      outcomes.map(({ body }) => body.toString()),
      ['1.1', '1.1'],
    );
  });

  it('offers HTTP/2 first if the plan asks for it, and otherwise not at all', async (test) => {
    const offers: string[][] = [];
    const secure = createTlsServer({
      ...certificate,
      ALPNCallback: ({ protocols }) => {
        offers.push(protocols);
        return undefined;
      },
    });
    const server = await listenDuring(
      test,
      secure.on('tlsClientError', () => {}),
    );
    for (const target of [{ http2: true }, {}])
      assert.ok((await rawRequest(poolTo(test, 'https', server, target))).error, 'no protocol was chosen');
    assert.deepEqual(offers, [['h2', 'http/1.1'], ['http/1.1']]);
  });
});
