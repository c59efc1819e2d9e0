import assert from 'node:assert/strict';
import { createSecureServer } from 'node:http2';
import { describe, it } from 'node:test';
import { TargetConnection } from '../../../src/mcp/http/target-connection.ts';
import { targetSchema } from '../../../src/plan/target-schema.ts';
import { systemClock } from '../../../src/traffic/clock.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { listenOnLoopback, scriptedLookup } from '../../support/loopback-server.ts';
import { eventOf } from '../../support/raw-http.ts';
import { startScriptedServer } from '../../support/scripted-server.ts';
import { clocksOf, ExchangeRig } from './exchange-rig.ts';
import { good, result } from './outcome-case.ts';

const LOOPBACK = { allowLoopback: true, allowedAddresses: [] };

describe('TargetConnection over HTTP/2', () => {
  it('makes calls side by side over one HTTP/2 connection, whose making the first of them tells of', async () => {
    const { key, cert } = makeCertificate('DNS:mcp.test');
    const waiting: (() => void)[] = [];
    const secure = createSecureServer({ key, cert, allowHTTP1: false }).on('stream', (stream) => {
      waiting.push(() => {
        stream.respond({ ':status': 200, 'content-type': 'text/event-stream' });
        stream.end(eventOf(result));
      });
      if (waiting.length === 2) for (const answer of waiting) answer();
    });
    const server = await listenOnLoopback(secure);
    const plain = await startScriptedServer(good);
    const rig = new ExchangeRig(plain.origin);
    const { request } = await rig.send();
    const target = targetSchema.parse({ url: `https://mcp.test:${server.port}/mcp`, http2: true });
    const connection = new TargetConnection(target, {
      now: systemClock.now,
      addresses: LOOPBACK,
      lookup: scriptedLookup(['127.0.0.1']),
      ca: cert,
      onExchange: () => {},
    });
    const exchanges = [connection.prepare(request), connection.prepare(request)] as const;
    for (const exchange of exchanges) connection.dispatch(exchange);
    await Promise.all(exchanges.map(({ settled }) => settled));
    for (const exchange of exchanges) {
      assert.equal(exchange.outcome, 'OK', exchange.message);
      assert.equal(clocksOf(exchange), 'socket headers event close');
    }
    const [first, second] = exchanges;
    assert.ok(
      first.sample.connectMs !== undefined && first.sample.tlsMs !== undefined && first.sample.socketMs !== undefined,
    );
    assert.ok(
      first.sample.connectMs > 0 &&
        first.sample.tlsMs > 0 &&
        first.sample.connectMs + first.sample.tlsMs <= first.sample.socketMs,
    );
    assert.deepEqual([second.sample.connectMs, second.sample.tlsMs], [undefined, undefined]);
    assert.equal(server.connections, 1);
    await connection.close();
    await rig.connection.close();
    await plain.close();
    await server.close();
  });
});
