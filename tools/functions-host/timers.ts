import { setAlarm } from './alarm.ts';
import type { TimerFunction } from './function-definition.ts';
import type { RunFunction } from './function-runner.ts';
import type { TimerSchedule } from './timer-schedule.ts';

/** Schedules with a shorter pause have no status, as on Azure. */
const STATUS_FROM_MS = 60_000;

interface Timer {
  readonly definition: TimerFunction;
  readonly schedule: TimerSchedule;
  cancel: (() => void) | undefined;
  lastMs: number | undefined;
}

/** Runs timer functions at their times. A function never overlaps itself: a tick during its run is left out. */
export class Timers {
  readonly #run: RunFunction;
  readonly #timers = new Map<string, Timer>();
  #isStopped = false;

  constructor(run: RunFunction) {
    this.#run = run;
  }

  add(definition: TimerFunction, schedule: TimerSchedule): void {
    this.#timers.set(definition.name, { definition, schedule, cancel: undefined, lastMs: undefined });
  }

  start(): void {
    for (const timer of this.#timers.values()) {
      if (timer.definition.runOnStartup) {
        void this.#fire(timer);
      } else {
        this.#arm(timer);
      }
    }
  }

  /** Fires a function now, beside its schedule; false when there is no timer of that name. */
  fire(name: string): boolean {
    const timer = this.#timers.get(name);
    if (timer === undefined) {
      return false;
    }
    void this.#run(timer.definition, timerInput(timer));
    return true;
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers.values()) {
      timer.cancel?.();
    }
  }

  #arm(timer: Timer): void {
    const dueMs = this.#isStopped ? undefined : timer.schedule.nextMs(Date.now());
    if (dueMs !== undefined) {
      timer.cancel = setAlarm(dueMs, () => void this.#fire(timer));
    }
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
