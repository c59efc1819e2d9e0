import { url as debuggerUrl } from 'node:inspector';
import { Worker } from 'node:worker_threads';

/** The exit code of a process whose event loop stood still. */
export const STALLED_EXIT_CODE = 108;

/** How long the event loop may stand still where no setting changes it. */
export const DEFAULT_MAX_STALL_MS = 10_000;

const BEAT_MS = 200;
const TEXT_BYTES = 1024;

/**
 * The code of the thread. A thread that stands still runs no code of its own, so another one counts its beats, says what
 * happened and ends the process: nothing else stops it, not even Ctrl-C. The debugger's back end reaches a thread that is
 * busy, and lets it exit with a code; if it does not, the process is killed. Time is counted in steps that this thread was
 * awake, so that a machine that slept is no stall.
 */
const THREAD = `
const { workerData } = require('node:worker_threads');
const { Session } = require('node:inspector');
const fs = require('node:fs');
const { state, text, maxStallMs, exitCode } = workerData;
const stepMs = Math.min(500, maxStallMs / 10);
let seen = -1;
let silentMs = 0;
while (silentMs < maxStallMs) {
  if (Atomics.wait(state, 1, 0, stepMs) !== 'timed-out') process.exit();
  const beat = Atomics.load(state, 0);
  silentMs = beat === seen ? silentMs + stepMs : 0;
  seen = beat;
}
const what = Buffer.from(text).toString('utf8').replace(/\\0+$/, '');
const fix = 'A schema, a pattern or a reply takes too long; SURGE_MAX_STALL_SECONDS sets the limit.';
try {
  fs.writeSync(2, '\\nmcp-surge: the event loop stood still for ' + maxStallMs / 1000 + ' s during ' + what + '. The process ends now. ' + fix + '\\n');
  // Node would write that it waits for the debugger.
  fs.closeSync(2);
} catch {}
try {
  const session = new Session();
  session.connectToMainThread();
  session.post('Runtime.evaluate', { expression: 'process.reallyExit(' + exitCode + ')' });
  Atomics.wait(state, 1, 0, 1000);
} catch {}
process.kill(process.pid, 'SIGKILL');
`;

/** The thread that watches this process, while there is something to watch. */
let running: Watch | undefined;

/**
 * Ends the process, with a reason on stderr, if its event loop stands still for too long. Several watches share a thread.
 * Nothing is watched while a debugger is attached, because a breakpoint would look like a stall.
 * @param maxStallMs undefined to watch nothing
 * @param what is being done, for the reason
 * @returns ends the watch
 */
export function watchEventLoop(maxStallMs: number | undefined, what: string): () => void {
  if (maxStallMs === undefined || debuggerUrl() !== undefined) return () => {};
  running ??= new Watch(maxStallMs);
  const watch = running;
  const token = watch.begin(what);
  return () => {
    if (watch.end(token) === 0 && running === watch) running = undefined;
  };
}

class Watch {
  /** The number of beats; whether the watch is over. */
  readonly #state = new Int32Array(new SharedArrayBuffer(8));
  readonly #text = new Uint8Array(new SharedArrayBuffer(TEXT_BYTES));
  readonly #watched = new Map<symbol, string>();
  readonly #beating: NodeJS.Timeout;

  constructor(maxStallMs: number) {
    const workerData = { state: this.#state, text: this.#text, maxStallMs, exitCode: STALLED_EXIT_CODE };
    const thread = new Worker(THREAD, { eval: true, workerData });
    thread.unref();
    thread.on('error', (error) => console.warn('The event loop is not watched:', error));
    this.#beating = setInterval(() => Atomics.add(this.#state, 0, 1), BEAT_MS);
    this.#beating.unref();
  }

  begin(what: string): symbol {
    const token = Symbol(what);
    this.#watched.set(token, what);
    this.#tell();
    return token;
  }

  /** @returns how many are still watched; with the last one, the thread ends */
  end(token: symbol): number {
    this.#watched.delete(token);
    this.#tell();
    if (this.#watched.size > 0) return this.#watched.size;
    clearInterval(this.#beating);
    Atomics.store(this.#state, 1, 1);
    Atomics.notify(this.#state, 1);
    return 0;
  }

  #tell(): void {
    this.#text.fill(0);
    new TextEncoder().encodeInto([...this.#watched.values()].join(', '), this.#text);
  }
}
