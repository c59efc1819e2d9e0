import { setTimeout as delay } from 'node:timers/promises';
import { entraTokens } from '../../../src/mcp/auth/entra.ts';

/** Requests Entra tokens in its own process, whose environment decides where they come from, and prints them. */
const [scope = '', clientId, times = '1'] = process.argv.slice(2);
const fetchToken = entraTokens(scope, clientId ? { kind: 'managed', clientId } : { kind: 'signed-in' });
for (let i = 0; i < Number(times); i++) {
  const line = await fetchToken().catch((error: Error) => ({ message: error.message }));
  console.log(JSON.stringify(line));
  await delay(0);
}
