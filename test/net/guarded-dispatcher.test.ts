import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import { afterEach, it } from 'node:test';
import { type Agent, fetch, request } from 'undici';
import { guardedDispatcher } from '../../src/net/guarded-connector.ts';
import { makeCertificate } from '../support/certificate.ts';
import { acceptingServer, type LoopbackServer, listenOnLoopback, scriptedLookup } from '../support/loopback-server.ts';

const CLOSED = { allowLoopback: false, allowedAddresses: [] };
const timeoutMs = 5000;
const open: (LoopbackServer | Agent)[] = [];

function keep<T extends LoopbackServer | Agent>(one: T): T {
  open.push(one);
  return one;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => ('destroy' in one ? one.destroy() : one.close())));
});

it('reaches only allowed addresses, whatever the origin', async () => {
  const server = keep(await listenOnLoopback(acceptingServer()));
  const url = `http://127.0.0.1:${server.port}/token`;
  const closed = keep(guardedDispatcher(CLOSED, { timeoutMs }));
  await assert.rejects(request(url, { dispatcher: closed }), { code: 'ERR_FORBIDDEN_ADDRESS' });
  await assert.rejects(fetch(url, { dispatcher: closed }), ({ cause }: Error) => {
    assert.equal((cause as { code?: string }).code, 'ERR_FORBIDDEN_ADDRESS');
    return true;
  });
  assert.equal(server.connections, 0);
  const dispatcher = keep(guardedDispatcher({ ...CLOSED, allowLoopback: true }, { timeoutMs }));
  const reply = await request(url, { dispatcher });
  assert.equal(reply.statusCode, 202);
  await reply.body.dump();
});

it('does not follow a redirect to a forbidden address', async () => {
  const forbidden = keep(await listenOnLoopback(acceptingServer()));
  const redirecting = createServer((_, response) => {
    response.writeHead(307, { location: `http://127.0.0.1:${forbidden.port}/` }).end();
  });
  const server = keep(await listenOnLoopback(redirecting, 0, '127.0.0.2'));
  const rules = { allowLoopback: false, allowedAddresses: ['127.0.0.2'] };
  const dispatcher = keep(guardedDispatcher(rules, { timeoutMs }));
  await assert.rejects(fetch(`http://127.0.0.2:${server.port}/`, { dispatcher }), TypeError);
  assert.deepEqual([server.connections, forbidden.connections], [1, 0]);
});

it('speaks HTTP/1.1 over TLS, with the certificates that it is given', async () => {
  const { key, cert } = makeCertificate('DNS:login.test');
  const secure = createSecureServer({ key, cert, allowHTTP1: true }, (received, response) => {
    response.end(received.httpVersion);
  });
  const server = keep(await listenOnLoopback(secure));
  const url = `https://login.test:${server.port}/`;
  const options = { timeoutMs, lookup: scriptedLookup(['127.0.0.1']) };
  const rules = { ...CLOSED, allowLoopback: true };
  const dispatcher = keep(guardedDispatcher(rules, { ...options, ca: cert }));
  assert.equal(await (await request(url, { dispatcher })).body.text(), '1.1');
  const distrustful = keep(guardedDispatcher(rules, options));
  await assert.rejects(request(url, { dispatcher: distrustful }), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
});
