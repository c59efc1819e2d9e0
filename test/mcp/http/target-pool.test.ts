import assert from 'node:assert/strict';
import { createSecureServer, type ServerHttp2Stream } from 'node:http2';
import { createServer } from 'node:https';
import type { Server } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import type { Pool } from 'undici';
import { targetPool } from '../../../src/mcp/http/target-connection.ts';
import { targetSchema } from '../../../src/plan/target-schema.ts';
import { makeCertificate } from '../../support/certificate.ts';
import {
  acceptingServer,
  type LoopbackServer,
  listenOnLoopback,
  scriptedLookup,
} from '../../support/loopback-server.ts';
import { rawRequest } from '../../support/raw-request.ts';

const certificate = makeCertificate('DNS:mcp.test');
const ADDRESSES = { allowLoopback: true, allowedAddresses: [] };
/** How long a server or a look-up takes its time, where a clock must show it. */
const SLOW_MS = 100;
/** A timer may end a fraction of a millisecond early. */
const AT_LEAST_MS = SLOW_MS - 1;

const open: (LoopbackServer | Pool)[] = [];

async function serve(server: Server): Promise<LoopbackServer> {
  const listening = await listenOnLoopback(server);
  open.push(listening);
  return listening;
}

/** @param target beside the url, whose host is mcp.test on loopback */
function poolTo(scheme: string, { port }: LoopbackServer, target = {}, lookup = scriptedLookup(['127.0.0.1'])): Pool {
  const parsed = targetSchema.parse({ url: `${scheme}://mcp.test:${port}/mcp`, ...target });
  const pool = targetPool(parsed, { addresses: ADDRESSES, lookup, ca: certificate.cert });
  open.push(pool);
  return pool;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => ('destroy' in one ? one.destroy() : one.close())));
});

describe('what a connection took', () => {
  it('is told by the first request on it, name look-up included, and by no other', async () => {
    const server = await serve(acceptingServer());
    const quick = scriptedLookup(['127.0.0.1']);
    const lookup: typeof quick = Object.assign((...args: Parameters<typeof quick>) => {
      setTimeout(() => quick(...args), SLOW_MS);
    }, quick);
    const pool = poolTo('http', server, { maxConnections: 1 }, lookup);
    const [first, second, third] = [await rawRequest(pool), await rawRequest(pool), await rawRequest(pool)];
    assert.ok(first.took && first.took.connectMs >= AT_LEAST_MS, JSON.stringify(first.took));
    assert.ok(first.socketMs !== undefined && first.took.connectMs <= first.socketMs);
    assert.equal(first.took.tlsMs, undefined);
    assert.deepEqual([second.took, third.took], [undefined, undefined]);
    assert.ok(first.link !== undefined && second.link === first.link && third.link === first.link);
    assert.equal(server.connections, 1);
  });

  it('is told anew for each connection of a pool, and when one is made again', async () => {
    const server = await serve(acceptingServer());
    const closing = await serve(acceptingServer({ connection: 'close' }));
    const pool = poolTo('http', server);
    const parallel = await Promise.all([rawRequest(pool), rawRequest(pool), rawRequest(pool)]);
    assert.equal(server.connections, 3);
    assert.equal(new Set(parallel.map(({ link }) => link)).size, 3);
    for (const { took } of parallel) assert.ok(took && took.connectMs > 0);
    const again = poolTo('http', closing, { maxConnections: 1 });
    for (const { took } of [await rawRequest(again), await rawRequest(again)]) assert.ok(took && took.connectMs > 0);
    assert.equal(closing.connections, 2);
  });

  it('tells the TLS handshake apart', async () => {
    const secure = createServer(
      {
        ...certificate,
        // Asked during the handshake; without a context of its own the server goes on with the one it has.
        SNICallback: (_, done) => void setTimeout(() => done(null), SLOW_MS),
      },
      (request, response) => void request.resume().on('end', () => response.writeHead(202).end()),
    );
    const server = await serve(secure);
    const pool = poolTo('https', server, { maxConnections: 1 });
    const [first, second] = [await rawRequest(pool), await rawRequest(pool)];
    assert.equal(first.status, 202, String(first.error));
    assert.ok(first.took?.tlsMs !== undefined && first.took.tlsMs >= AT_LEAST_MS, JSON.stringify(first.took));
    assert.ok(first.took.connectMs > 0 && first.took.connectMs < first.took.tlsMs, JSON.stringify(first.took));
    assert.ok(first.took.connectMs + first.took.tlsMs <= (first.socketMs as number));
    assert.equal(second.took, undefined);
    assert.equal(server.connections, 1);
  });

  it('is told by the first request that goes over it when the one it was made for is dropped', async () => {
    const server = await serve(acceptingServer());
    const pool = poolTo('http', server, { maxConnections: 1 });
    const dropped = rawRequest(pool, {}, () => {
      throw new Error('ended before it was sent');
    });
    const [, next] = await Promise.all([dropped, rawRequest(pool)]);
    assert.match((await dropped).error?.message ?? '', /ended before/);
    assert.ok(next.took && next.took.connectMs > 0);
    assert.equal(server.connections, 1);
  });
});

describe('HTTP/2', () => {
  /** Speaks HTTP/2 only. @param onStream answers one request */
  const http2Server = (onStream: (stream: ServerHttp2Stream, headers: Record<string, unknown>) => void) =>
    createSecureServer({ ...certificate, allowHTTP1: false }).on('stream', onStream);

  it('carries requests side by side over one connection, each with its own reply', async () => {
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
        // None is answered before both are there, in the other order than they came.
        if (waiting.length === 2) for (const answer of waiting.splice(0).reverse()) answer();
      });
    });
    const server = await serve(secure);
    const pool = poolTo('https', server, { http2: true });
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

  it('sends GET without a body', async () => {
    const secure = http2Server((stream, headers) => {
      stream.respond({ ':status': 200 });
      stream.end(`${headers[':method']} ${headers['content-length']} ${stream.endAfterHeaders}`);
    });
    const pool = poolTo('https', await serve(secure), { http2: true });
    const { body } = await rawRequest(pool, { method: 'GET', body: null });
    assert.equal(body.toString(), 'GET undefined true');
  });

  it('opens a further connection only when the server takes no more requests on the first', async () => {
    const secure = createSecureServer({ ...certificate, settings: { maxConcurrentStreams: 2 } });
    const waiting: ServerHttp2Stream[] = [];
    secure.on('stream', (stream) => {
      waiting.push(stream);
      if (waiting.length === 4)
        for (const one of waiting.splice(0)) one.respond({ ':status': 202 }, { endStream: true });
    });
    const server = await serve(secure);
    const pool = poolTo('https', server, { http2: true });
    await Promise.all(Array.from({ length: 4 }, () => rawRequest(pool)));
    assert.equal(server.connections, 2);
  });

  it('drops a request that ended while it waited, and nothing else', async () => {
    const server = await serve(http2Server((stream) => stream.respond({ ':status': 202 }, { endStream: true })));
    const pool = poolTo('https', server, { http2: true });
    const dropped = rawRequest(pool, {}, () => {
      throw new Error('ended before it was sent');
    });
    const [{ error }, next] = await Promise.all([dropped, rawRequest(pool)]);
    assert.match(error?.message ?? '', /ended before/);
    assert.equal(next.status, 202, String(next.error));
    assert.equal((await rawRequest(pool)).status, 202);
    assert.equal(server.connections, 1);
  });

  it('falls back to HTTP/1.1 with a server that knows no other', async () => {
    const secure = createServer(certificate, (request, response) => {
      request.resume().on('end', () => response.end(request.httpVersion));
    });
    const pool = poolTo('https', await serve(secure), { http2: true });
    const outcomes = await Promise.all([rawRequest(pool), rawRequest(pool)]);
    assert.deepEqual(
      outcomes.map(({ body }) => body.toString()),
      ['1.1', '1.1'],
    );
  });

  it('is offered first, where the plan asks for it, and else not at all', async () => {
    const offers: string[][] = [];
    const secure = createTlsServer({
      ...certificate,
      ALPNCallback: ({ protocols }) => {
        offers.push(protocols);
        return undefined;
      },
    });
    const server = await serve(secure.on('tlsClientError', () => {}));
    for (const target of [{ http2: true }, {}])
      assert.ok((await rawRequest(poolTo('https', server, target))).error, 'no protocol was chosen');
    assert.deepEqual(offers, [['h2', 'http/1.1'], ['http/1.1']]);
  });
});
