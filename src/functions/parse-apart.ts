import { Worker } from 'node:worker_threads';
import { type ParsedPlan, parsePlan } from '../plan/parse-plan.ts';

/** Plans up to this length are parsed within some milliseconds, in less time than another thread would need to answer. */
const SMALL = 32_768;
/** Parsing the largest plans takes a second or two. */
const DEADLINE_MS = 15_000;
/** Each waiting plan can be four megabytes. */
const MOST_WAITING = 8;
/** A plan that needs more memory than this ends the thread, not the process. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 512 };

/** The thread's file: the source, or its bundle in the deployment package. */
const FILE = import.meta.url.endsWith('.ts') ? './plan-parser/main.ts' : './plan-parser.js';

/**
 * Parses plans that anybody may send. Large ones are parsed by a thread of their own, so that they hold up neither other
 * requests nor the load of this process.
 */
export class PlanParser {
  #thread: Worker | undefined;
  /** In the order in which the thread answers. */
  #waiting: ((parsed: ParsedPlan) => void)[] = [];
  /** Of the plan that the thread parses now. */
  #deadline: NodeJS.Timeout | undefined;
  readonly #deadlineMs: number;

  constructor(deadlineMs = DEADLINE_MS) {
    this.#deadlineMs = deadlineMs;
  }

  /** As `parsePlan`, for plans without files. Never rejects: what cannot be parsed in time is refused. */
  async parse(source: string | Uint8Array): Promise<ParsedPlan> {
    if (source.length <= SMALL) return parsePlan(source);
    if (this.#waiting.length >= MOST_WAITING) return refused('other large plans are being parsed; send it again later');
    this.#thread ??= this.#start();
    this.#thread.ref();
    this.#thread.postMessage(source);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) this.#startDeadline();
    });
  }

  /** Starts the time of the plan that the thread turns to now. */
  #startDeadline(): void {
    clearTimeout(this.#deadline);
    if (this.#waiting.length === 0) return;
    const reason = `parsing takes longer than ${this.#deadlineMs} ms`;
    this.#deadline = setTimeout(() => this.#end(reason), this.#deadlineMs);
  }

  #start(): Worker {
    const thread = new Worker(new URL(FILE, import.meta.url), { resourceLimits: RESOURCE_LIMITS });
    thread.on('message', (parsed: ParsedPlan) => {
      // An answer that was on its way when the thread was ended.
      if (this.#thread !== thread) return;
      this.#waiting.shift()?.(parsed);
      this.#startDeadline();
      // The process may end while the thread waits for the next plan.
      if (this.#waiting.length === 0) thread.unref();
    });
    thread.on('error', (error) => {
      console.error('The thread that parses plans ended:', error);
      if (this.#thread === thread) this.#end('parsing it ended the thread that parses plans');
    });
    return thread;
  }

  /** Ends the thread, and refuses the plans that wait for it; the first of them is the reason. */
  #end(reason: string): void {
    const [first, ...others] = this.#waiting;
    this.#waiting = [];
    void this.#thread?.terminate();
    this.#thread = undefined;
    clearTimeout(this.#deadline);
    first?.(refused(`${reason}; make the plan smaller`));
    for (const resolve of others) resolve(refused('another plan could not be parsed; send this one again'));
  }
}

function refused(message: string): ParsedPlan {
  return { ok: false, problems: [{ path: '', line: 1, column: 1, message }] };
}
