import { closeSync, openSync } from 'node:fs';
import { clocksOf, ExchangeRig } from './exchange-rig.ts';

// Runs in a process of its own, because it opens every file that it may. Sends a request to an origin before, while and
// after no file descriptor is left, and prints what each led to.
const rig = new ExchangeRig(process.argv[2] as string, { maxConnections: 2 });
const before = await rig.send();

const taken: number[] = [];
const takeAll = (): string => {
  for (;;) {
    try {
      taken.push(openSync('/dev/null', 'r'));
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? '';
    }
  }
};
const refusal = takeAll();
const without = await rig.send();
for (const file of taken) closeSync(file);

const after = await rig.send();
await rig.connection.close();
const exchanges = [before, without, after].map((exchange) => {
  const { outcome, message, closeMs, durationMs } = exchange.sample;
  return { outcome, message, clocks: clocksOf(exchange), closesAtOnce: closeMs === durationMs };
});
console.log(JSON.stringify({ refusal, exchanges, finished: rig.finished.length }));
