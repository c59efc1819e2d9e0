import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { TargetConnection } from '../../../src/mcp/http/target-connection.ts';
import { targetSchema } from '../../../src/plan/target-schema.ts';
import { systemClock } from '../../../src/traffic/clock.ts';
import { eventOf, openStream } from '../../support/raw-http.ts';
import { type RawReply, type ScriptedServer, startScriptedServer } from '../../support/scripted-server.ts';
import { ExchangeRig } from './exchange-rig.ts';
import { good, result } from './outcome-case.ts';

const LOOPBACK = { allowLoopback: true, allowedAddresses: [] };

const servers: ScriptedServer[] = [];

async function serve(...script: RawReply[]): Promise<ScriptedServer> {
  const server = await startScriptedServer(...script);
  servers.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

describe('a bug of ours', () => {
  const broken = () => {
    throw new TypeError('judge is broken');
  };
  for (const [form, reply] of [
    ['JSON', good],
    ['a stream', openStream(eventOf(result))],
  ] as const) {
    it(`in the judge of ${form} is no fault of the target's, and stops the load`, async () => {
      const server = await serve(reply);
      const rig = new ExchangeRig(server.origin);
      const exchange = await rig.send({ judge: broken });
      await exchange.settled;
      assert.equal(exchange.outcome, 'CLIENT_ABORT');
      assert.match(exchange.message, /mcp-surge failed: judge is broken/);
      assert.deepEqual(rig.finished, [exchange]);
      assert.throws(() => rig.begin(), /failed in mcp-surge itself: judge is broken/);
      await assert.rejects(rig.connection.close(), ({ cause }: Error) => cause instanceof TypeError);
    });
  }

  it('in what takes the samples comes to light', async () => {
    const server = await serve(good);
    const connection = new TargetConnection(targetSchema.parse({ url: server.origin }), {
      now: systemClock.now,
      addresses: LOOPBACK,
      onExchange: () => {
        throw new RangeError('no room');
      },
    });
    const rig = new ExchangeRig(server.origin);
    const exchange = connection.prepare(rig.begin().request);
    connection.dispatch(exchange);
    await exchange.settled;
    await assert.rejects(connection.close(), /failed in mcp-surge itself: no room/);
    await rig.connection.close();
  });

  it('in the headers is not taken for an outage', async () => {
    const server = await serve(good);
    const rig = new ExchangeRig(server.origin);
    const exchange = await rig.send({ headers: ['authorization', 'Bearer line\nbreak'] });
    assert.equal(exchange.outcome, 'CLIENT_ABORT');
    assert.equal(server.requests.length, 0);
    await assert.rejects(rig.connection.close(), /failed in mcp-surge itself: invalid authorization header/);
  });
});
