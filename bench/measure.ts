import type { Client, ClientOptions } from './clients/client.ts';
import { autocannonClient, undiciClient } from './clients/http-clients.ts';
import { surgeClient } from './clients/surge.ts';

// Run by run.ts, in a separate process for each client: `measure.ts CLIENT URL SESSIONS WARMUP` warms up, tells its parent
// that it is ready, and then sends as many requests as its parent asks for, any number of times. Each time it answers with
// the microseconds of CPU since the previous answer, because V8 may collect the garbage of a turn after the turn.

const CLIENTS: Readonly<Record<string, (options: ClientOptions) => Promise<Client>>> = {
  surge: surgeClient,
  undici: undiciClient,
  autocannon: autocannonClient,
};

const [name = '', url = '', sessions = '', warmUp = ''] = process.argv.slice(2);
const open = CLIENTS[name];
if (open === undefined) throw new Error(`expected one of ${Object.keys(CLIENTS).join(', ')}, got "${name}"`);
const client = await open({ url, sessions: Number(sessions) });
await client.send(Number(warmUp));
let before = process.cpuUsage();
process.on('message', async (requests: number) => {
  await client.send(requests);
  const now = process.cpuUsage();
  process.send?.(now.user + now.system - before.user - before.system);
  before = now;
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
