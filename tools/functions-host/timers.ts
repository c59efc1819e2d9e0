import { Cron } from 'croner';
import type { RunFunction, TimerFunction } from './function-runner.ts';
import { messageOf } from './log.ts';

/** Timers with a shorter interval get no schedule status, as on Azure. */
const STATUS_FROM_MS = 60_000;

type Timer = {
  readonly definition: TimerFunction;
  readonly schedule: TimerSchedule;
  cancel: (() => void) | undefined;
  lastMs: number | undefined;
};

/** Runs timer functions on schedule. Runs of one function never overlap: a time that passes during a run is skipped. */
export class Timers {
  readonly #run: RunFunction;
  readonly #timers = new Map<string, Timer>();
  #isStopped = false;
  #endSilence = (): void => undefined;

  constructor(run: RunFunction) {
    this.#run = run;
  }

  add(definition: TimerFunction, schedule: TimerSchedule): void {
    this.#timers.set(definition.name, { definition, schedule, cancel: undefined, lastMs: undefined });
  }

  /** Begins the schedules, `silenceMs` from now. */
  start(silenceMs = 0): void {
    if (silenceMs === 0) this.#begin();
    else this.#endSilence = setAlarm(Date.now() + silenceMs, () => this.#begin());
  }

  #begin(): void {
    for (const timer of this.#timers.values()) {
      if (timer.definition.runOnStartup) void this.#fire(timer);
      else this.#arm(timer);
    }
  }

  /** Runs a function now, in addition to its schedule. Returns false when there is no timer function of that name. */
  fire(name: string): boolean {
    const timer = this.#timers.get(name);
    if (timer === undefined) return false;
    void this.#run(timer.definition, timerInput(timer));
    return true;
  }

  stop(): void {
    this.#isStopped = true;
    this.#endSilence();
    for (const timer of this.#timers.values()) timer.cancel?.();
  }

  #arm(timer: Timer): void {
    const dueMs = this.#isStopped ? undefined : timer.schedule.nextMs(Date.now());
    if (dueMs !== undefined) timer.cancel = setAlarm(dueMs, () => void this.#fire(timer));
  }

  async #fire(timer: Timer): Promise<void> {
    const input = timerInput(timer);
    timer.lastMs = Date.now();
    await this.#run(timer.definition, input);
    this.#arm(timer);
  }
}

function timerInput(timer: Timer): { readonly json: string } {
  const nextMs = timer.schedule.nextMs(Date.now());
  const afterNextMs = nextMs === undefined ? undefined : timer.schedule.nextMs(nextMs);
  const hasStatus = nextMs !== undefined && afterNextMs !== undefined && afterNextMs - nextMs >= STATUS_FROM_MS;
  const last = timer.lastMs === undefined ? '0001-01-01T00:00:00+00:00' : new Date(timer.lastMs).toISOString();
  const status = hasStatus ? { Last: last, Next: new Date(nextMs).toISOString(), LastUpdated: last } : null;
  return { json: JSON.stringify({ Schedule: { AdjustForDST: true }, ScheduleStatus: status, IsPastDue: false }) };
}

export type TimerSchedule = {
  /** The first time to run strictly after `afterMs` (both Unix milliseconds), or undefined when there is none. */
  nextMs(afterMs: number): number | undefined;
};

/**
 * Parses a timer trigger's schedule: NCRONTAB in UTC with six fields (seconds first) or five, or a time span
 * (`hh:mm:ss`), which is the interval between two runs.
 * @throws Error when the text is neither
 */
export function timerSchedule(text: string): TimerSchedule {
  const spanMs = timeSpanMs(text);
  if (spanMs !== undefined) {
    if (spanMs <= 0) throw new Error(`Schedule "${text}": a time span must be longer than zero.`);
    return { nextMs: (afterMs) => afterMs + spanMs };
  }
  const cron = parseCron(text);
  return { nextMs: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime() };
}

function parseCron(text: string): Cron {
  try {
    // In NCRONTAB, day of month and day of week must both match (by default, croner accepts either), `5/10` means every
    // tenth from 5 on, and months and days can have their full names.
    const short = text.trim().replaceAll(/[a-z]{4,}/gi, (name) => name.slice(0, 3));
    const options = {
      timezone: 'UTC',
      domAndDow: true,
      paused: true,
      mode: '5-or-6-parts',
      sloppyRanges: true,
    } as const;
    return new Cron(short, options);
  } catch (error) {
    const expected = 'NCRONTAB (six fields, seconds first) nor hh:mm:ss';
    throw new Error(`Schedule "${text}" is neither ${expected}: ${messageOf(error)}`);
  }
}

const TIME_SPAN = /^(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,7}))?$/;

/** Milliseconds of a .NET time span (`[d.]hh:mm:ss[.fff]`), or undefined for any other text. */
export function timeSpanMs(text: string): number | undefined {
  const match = TIME_SPAN.exec(text.trim());
  if (match === null) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1, 5).map((part) => Number(part ?? 0));
  const fractionMs = Number(`0.${match[5] ?? '0'}`) * 1_000;
  return ((days * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1_000 + fractionMs;
}

/** The longest delay that setTimeout supports. A longer wait is split. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

/** Calls `ring` once at `atMs` (Unix milliseconds) or shortly after, never earlier. Returns a function that cancels it. */
export function setAlarm(atMs: number, ring: () => void): () => void {
  let handle: NodeJS.Timeout;
  const wait = (): void => {
    const leftMs = Math.min(Math.max(atMs - Date.now(), 0), LONGEST_WAIT_MS);
    handle = setTimeout(() => (Date.now() < atMs ? wait() : ring()), leftMs);
  };
  wait();
  return () => clearTimeout(handle);
}
