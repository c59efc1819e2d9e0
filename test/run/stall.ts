import { setTimeout as sleep } from 'node:timers/promises';
import { watchEventLoop } from '../../src/run/watchdog.ts';

// Run by a test as a process: watches itself, and then does what its argument names.

const MAX_STALL_MS = 500;
const [what = ''] = process.argv.slice(2);
const stopOne = watchEventLoop(MAX_STALL_MS, 'slice one');
const stopTwo = watchEventLoop(MAX_STALL_MS, 'slice two');
await sleep(300);
switch (what) {
  case 'a loop':
    for (;;);
  case 'a pattern':
    /^(a+)+$/u.test(`${'a'.repeat(60)}b`);
    break;
  case 'JSON':
    for (;;) JSON.parse(JSON.stringify({ what }));
  default:
    for (let pause = 0; pause < 5; pause++) {
      block(200);
      await sleep(20);
    }
    stopOne();
    stopTwo();
    block(1500);
    console.log('done');
}

function block(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}
