import { setTimeout as delay } from 'node:timers/promises';

/** Waits until `isSo` holds, looking every few milliseconds. @throws Error when it does not within `limitMs` */
export async function until(isSo: () => unknown, limitMs = 5_000): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`Not so within ${limitMs} ms: ${isSo}`);
    await delay(5);
  }
}
