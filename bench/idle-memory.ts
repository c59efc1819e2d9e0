import { setTimeout as pause } from 'node:timers/promises';
import { surgeClient } from './clients/surge.ts';

// Run by run.ts with --expose-gc: `idle-memory.ts URL SESSIONS` opens a tenth of the sessions, then all of them, and lets
// them lie idle. It sends its parent the bytes that each holds: the difference in memory after garbage collections.

const [url = '', sessions = ''] = process.argv.slice(2);
const wanted = Number(sessions);

const few = await surgeClient({ url, sessions: wanted / 10 });
await few.send(wanted / 10);
const before = await held();
const many = await surgeClient({ url, sessions: wanted });
await many.send(wanted);
const after = await held();
await Promise.all([few.close(), many.close()]);
process.send?.((after - before) / wanted);
process.disconnect?.();

/** Bytes in use, on the heap and outside it, after garbage collections. */
async function held(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    await pause(100);
    (globalThis as unknown as { gc: () => void }).gc();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
