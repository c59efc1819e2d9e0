import { setTimeout as delay } from 'node:timers/promises';
import { entraTokens } from '../../../src/mcp/auth/entra.ts';

/** Asks for Entra tokens in a process of its own, whose environment decides where they come from; prints what came. */
const [scope = '', clientId, times = '1'] = process.argv.slice(2);
const fetchToken = entraTokens(scope, clientId || undefined);
for (let i = 0; i < Number(times); i++) {
  const line = await fetchToken().catch((error: Error) => ({ message: error.message }));
  console.log(JSON.stringify(line));
  await delay(0);
}
