import { autocannonClient } from './clients/autocannon.ts';
import type { Client, ClientOptions } from './clients/client.ts';
import { surge } from './clients/surge.ts';
import { undici } from './clients/undici.ts';

// Run by run.ts, in a process of its own for each figure: `measure.ts CLIENT URL SESSIONS REQUESTS` warms up, measures,
// and sends its parent the microseconds of CPU a request.

const CLIENTS: Readonly<Record<string, (options: ClientOptions) => Promise<Client>>> = {
  surge,
  undici,
  autocannon: autocannonClient,
};

const [name = '', url = '', sessions = '', requests = ''] = process.argv.slice(2);
const open = CLIENTS[name];
if (open === undefined) throw new Error(`expected one of ${Object.keys(CLIENTS).join(', ')}, got "${name}"`);
const client = await open({ url, sessions: Number(sessions) });
await client.send(Math.max(4000, Number(sessions) * 4));
const before = process.cpuUsage();
await client.send(Number(requests));
const { user, system } = process.cpuUsage(before);
await client.close();
process.send?.((user + system) / Number(requests));
process.disconnect?.();
