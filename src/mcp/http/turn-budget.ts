import type { RequestController } from './exchange-request.ts';

/** Replies whose first bytes are not more than this are never paused. */
export const SMALL_REPLY_BYTES = 64 * 1024;

/** How many bytes of large replies the process reads in one turn of its event loop. */
const BYTES_PER_TURN = 256 * 1024;

let bytesOfTurn = 0;
let isTurnCounted = false;
const paused: RequestController[] = [];

/**
 * Counts bytes of a large reply, and pauses the reply until the next turn of the event loop when there were many. Node
 * reads up to two megabytes of each socket in one turn. Servers that send without end would hold up all other requests.
 */
export function countInTurn(controller: RequestController | undefined, bytes: number): void {
  bytesOfTurn += bytes;
  if (!isTurnCounted) {
    isTurnCounted = true;
    setImmediate(beginTurn);
  }
  if (bytesOfTurn < BYTES_PER_TURN || controller === undefined) return;
  controller.pause();
  paused.push(controller);
}

function beginTurn(): void {
  bytesOfTurn = 0;
  isTurnCounted = false;
  // What is resumed counts bytes of this turn, and may be paused again.
  for (let left = paused.length; left > 0 && bytesOfTurn < BYTES_PER_TURN; left--) paused.shift()?.resume();
  if (paused.length === 0 || isTurnCounted) return;
  isTurnCounted = true;
  setImmediate(beginTurn);
}
