import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { it } from 'node:test';
import { startFleet } from '../../fleet/fleet.ts';
import { closedPort } from '../support/loopback-server.ts';
import { connectClient, fleetFor, occupyPort } from './fleet-fixture.ts';

/** True if a server listens on this port of 127.0.0.1. */
function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

it('startFleet names a port in use, and stops the servers that had started', async (t) => {
  const port = await occupyPort(t);
  const learnPort = await closedPort();
  await assert.rejects(startFleet({ ports: { learn: learnPort, github: port } }), {
    message: `port ${port} for github is in use on 127.0.0.1; choose another port, or 0 for any free port`,
  });
  assert.equal(await listens(learnPort), false);
});

it('startFleet names an option outside its range', async () => {
  await assert.rejects(startFleet({ latencyScale: -1 }), /latencyScale must be between 0 and 1000, got -1/);
  await assert.rejects(startFleet({ tokenLifetimeSeconds: 0 }), /tokenLifetimeSeconds/);
  await assert.rejects(startFleet({ searchCodeFailureRate: 1.5 }), /searchCodeFailureRate/);
});

it('startFleet stops with open sessions and streams, frees the ports, and can be stopped twice', async (t) => {
  const fleet = await fleetFor(t, { latencyScale: 0 });
  const { client } = await connectClient(fleet.servers.learn.url);
  t.after(() => client.close());
  await fleet.stop();
  await fleet.stop();
  assert.deepEqual((await fleet.stats()).learn.sessions, { opened: 1, closed: 1, open: 0 });
  assert.equal(await listens(Number(new URL(fleet.servers.learn.url).port)), false);
});
