import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { afterEach, it } from 'node:test';
import type { Pool } from 'undici';
import { type TargetPoolOptions, targetPool } from '../../src/mcp/http/target-connection.ts';
import { targetSchema } from '../../src/plan/target-schema.ts';
import { acceptingServer, type LoopbackServer, listenOnLoopback, scriptedLookup } from '../support/loopback-server.ts';
import { type RawOutcome, rawRequest } from '../support/raw-request.ts';

const howToAllow = { loopback: 'to allow it, set LOOPBACK', 'special-address': 'to allow it, list it in ADDRESSES' };
const CLOSED = { allowLoopback: false, allowedAddresses: [], howToAllow };
const LOOPBACK = { allowLoopback: true, allowedAddresses: [], howToAllow };

const open: (LoopbackServer | Pool)[] = [];

async function serve(...args: Parameters<typeof listenOnLoopback>): Promise<LoopbackServer> {
  const server = await listenOnLoopback(...args);
  open.push(server);
  return server;
}

function poolTo(url: string, options: TargetPoolOptions): Pool {
  const pool = targetPool(targetSchema.parse({ url }), options);
  open.push(pool);
  return pool;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => ('destroy' in one ? one.destroy() : one.close())));
});

function assertForbidden({ status, error, socketMs }: RawOutcome, message: RegExp): void {
  assert.equal(status, 0);
  assert.equal(socketMs, undefined);
  assert.equal(error?.code, 'ERR_FORBIDDEN_ADDRESS', String(error));
  assert.match(error.message, message);
}

it('connects to no forbidden address, whatever its notation in the URL', async () => {
  const server = await serve(acceptingServer());
  for (const host of [
    ...['127.0.0.1', '2130706433', '0x7f000001', '0x7f.1', '0177.0.0.1', '017700000001', '127.1'],
    ...['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[0:0:0:0:0:ffff:7f00:0001]', '[::127.0.0.1]'],
    ...['[64:ff9b::127.0.0.1]', '[2002:7f00:1::]', '[::1]', '0.0.0.0', '0', '[::]'],
  ]) {
    for (const scheme of ['http', 'https']) {
      const outcome = await rawRequest(poolTo(`${scheme}://${host}:${server.port}`, { addresses: CLOSED }));
      assertForbidden(outcome, /not allowed here \(to allow it, (set LOOPBACK|list it in ADDRESSES)\)$/);
    }
  }
  assert.equal(server.connections, 0);
  // The same notations reach the server where it is allowed.
  for (const host of ['2130706433', '0x7f.1', '017700000001', '127.0.0.1'])
    assert.equal((await rawRequest(poolTo(`http://${host}:${server.port}`, { addresses: LOOPBACK }))).status, 202);
  assert.equal(server.connections, 4);
});

it('names the host, its address and how to allow it', async () => {
  const lookup = scriptedLookup(['10.0.0.7', 'fd00::7']);
  assertForbidden(
    await rawRequest(poolTo('https://mcp.test', { addresses: LOOPBACK, lookup })),
    /^mcp\.test has no allowed address: 10\.0\.0\.7 is a private address .*\(to allow it, list it in ADDRESSES\)$/,
  );
  assertForbidden(
    await rawRequest(poolTo('https://[fd00::7]', { addresses: LOOPBACK })),
    /^fd00::7 is a private address .*\(to allow it, list it in ADDRESSES\)$/,
  );
});

it('resolves a name through the system, and checks its addresses against the rules', async () => {
  const server = await serve(acceptingServer());
  const url = `http://localhost:${server.port}`;
  assertForbidden(await rawRequest(poolTo(url, { addresses: CLOSED })), /^localhost has no .*set LOOPBACK/);
  assert.equal(server.connections, 0);
  assert.equal((await rawRequest(poolTo(url, { addresses: LOOPBACK }))).status, 202);
});

it('tries only the allowed addresses of a name', async () => {
  const server = await serve(acceptingServer());
  const forbidden = await serve(acceptingServer(), server.port, '127.0.0.2');
  const lookup = scriptedLookup(['127.0.0.2', '169.254.169.254', '127.0.0.1']);
  const addresses = { allowLoopback: false, allowedAddresses: ['127.0.0.1'] };
  const pool = poolTo(`http://mcp.test:${server.port}`, { addresses, lookup });
  assert.equal((await rawRequest(pool)).status, 202);
  assert.deepEqual([server.connections, forbidden.connections], [1, 0]);
});

for (const rebound of ['127.0.0.1', '169.254.169.254', '::ffff:127.0.0.1']) {
  it(`does not follow a name that changes to ${rebound}`, async () => {
    const server = await serve(acceptingServer({ connection: 'close' }), 0, '127.0.0.2');
    const forbidden = await serve(acceptingServer(), server.port);
    const lookup = scriptedLookup(['127.0.0.2'], [rebound], ['127.0.0.2']);
    const addresses = { allowLoopback: false, allowedAddresses: ['127.0.0.2'] };
    const pool = poolTo(`http://mcp.test:${server.port}`, { addresses, lookup });
    assert.equal((await rawRequest(pool)).status, 202);
    assertForbidden(await rawRequest(pool), /^mcp\.test has no allowed address: /);
    assert.equal((await rawRequest(pool)).status, 202);
    assert.deepEqual(lookup.names, ['mcp.test', 'mcp.test', 'mcp.test']);
    assert.deepEqual([server.connections, forbidden.connections], [2, 0]);
  });
}

it('refuses each of many requests that wait for the same connection', async () => {
  const lookup = scriptedLookup(['10.0.0.7']);
  const pool = poolTo('https://mcp.test', { addresses: CLOSED, lookup });
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => rawRequest(pool)));
  for (const outcome of outcomes) assertForbidden(outcome, /10\.0\.0\.7/);
});

for (const scheme of ['http', 'https']) {
  it(`sends nothing over ${scheme} to a peer with another address than was resolved`, async () => {
    let bytes = 0;
    const { promise: gone, resolve } = Promise.withResolvers<void>();
    const listener = createServer((socket) => {
      socket.on('data', (chunk) => {
        bytes += chunk.length;
      });
      socket.on('error', () => {}).on('close', () => resolve());
    });
    const server = await serve(listener);
    let asked = 0;
    const addresses = {
      allowedAddresses: [],
      // Allowed while the name is resolved, and forbidden once there is a connection.
      get allowLoopback() {
        return asked++ === 0;
      },
    };
    const lookup = scriptedLookup(['127.0.0.1']);
    const pool = poolTo(`${scheme}://mcp.test:${server.port}`, { addresses, lookup });
    assertForbidden(await rawRequest(pool), /^mcp\.test has no .*: 127\.0\.0\.1 is this machine/);
    await gone;
    assert.deepEqual([server.connections, bytes], [1, 0]);
  });
}
