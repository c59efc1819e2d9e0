import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { startFleet } from '../../fleet/fleet.ts';
import { connectClient } from './fleet-clients.ts';

/** Whether something listens on a port of 127.0.0.1. */
function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

test('a port that is taken is named, and nothing of the fleet stays behind', async () => {
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
  const { port } = squatter.address() as AddressInfo;
  const free = createServer();
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
  const learnPort = (free.address() as AddressInfo).port;
  await new Promise((resolve) => free.close(resolve));
  try {
    await assert.rejects(startFleet({ ports: { learn: learnPort, github: port } }), {
      message: `port ${port} for github is in use on 127.0.0.1; choose another port, or 0 for any free port`,
    });
    assert.equal(await listens(learnPort), false);
  } finally {
    squatter.close();
  }
});

test('options that make no sense are refused by name', async () => {
  await assert.rejects(startFleet({ latencyScale: -1 }), /latencyScale must be between 0 and 1000, got -1/);
  await assert.rejects(startFleet({ tokenLifetimeSeconds: 0 }), /tokenLifetimeSeconds/);
  await assert.rejects(startFleet({ searchCodeFailureRate: 1.5 }), /searchCodeFailureRate/);
});

test('stopping ends open sessions and their streams, frees the ports, and may be repeated', async () => {
  const fleet = await startFleet({ latencyScale: 0 });
  const { client } = await connectClient(fleet.servers.learn.url);
  await fleet.stop();
  await fleet.stop();
  assert.deepEqual((await fleet.stats()).learn.sessions, { opened: 1, closed: 1, open: 0 });
  assert.equal(await listens(Number(new URL(fleet.servers.learn.url).port)), false);
  await client.close();
});
