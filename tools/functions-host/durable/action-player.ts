import { actionType, type OrchestratorAction, type RetryOptions } from './orchestrator-protocol.ts';

/** Something that the actions of an orchestration put into the world, numbered in the order of scheduling. */
export type Scheduled =
  | { readonly kind: 'activity'; readonly id: number; readonly name: string; readonly input: string }
  | {
      readonly kind: 'subOrchestration';
      readonly id: number;
      readonly name: string;
      readonly input: string | null;
      readonly instanceId: string | undefined;
    }
  | { readonly kind: 'timer'; readonly id: number; readonly fireAtMs: number };

/** Called when an action is over; the player needs to know only whether it failed. */
type Done = (succeeded: boolean) => void;

/** Timers that are longer are made of timers of LONG_TIMER_STEP_MS, as the extension and durable-functions both do. */
export const LONGEST_SHORT_TIMER_MS = 6 * 86_400_000;
export const LONG_TIMER_STEP_MS = 3 * 86_400_000;

/**
 * Plays an orchestration's list of actions against its history, as the Durable Task extension does for languages
 * that run in a worker: one action after the other, each awaited before the next begins, and a `whenAll` awaited until
 * all of its parts are over, also when one has failed. Ids are given in the order of scheduling. That is why actions
 * that an orchestrator yields twice (the rest of a failed `Task.all`) are scheduled twice.
 */
export class ActionPlayer {
  readonly scheduled: Scheduled[] = [];
  /** True once every action is over. */
  isFinished = false;
  /** Input of the next generation, as JSON, when the orchestrator continued as new. */
  continuedWith: { readonly input: string } | undefined;
  /** Time of the episode being played, in Unix milliseconds. */
  nowMs = 0;
  readonly #open = new Map<number, Done>();
  readonly #waiting = new Map<string, Done[]>();
  readonly #buffered = new Map<string, number>();

  begin(actions: readonly OrchestratorAction[]): void {
    const next = (index: number): void => {
      const action = actions[index];
      if (action === undefined) {
        this.isFinished = true;
      } else {
        this.#perform(action, () => next(index + 1));
      }
    };
    next(0);
  }

  complete(id: number, succeeded: boolean): void {
    const done = this.#open.get(id);
    this.#open.delete(id);
    done?.(succeeded);
  }

  /** An event that nobody waits for is kept until somebody does. */
  raise(name: string): void {
    // The latest to wait is served first, as in the extension and in durable-functions.
    const done = this.#waiting.get(name)?.pop();
    if (done === undefined) {
      this.#buffered.set(name, (this.#buffered.get(name) ?? 0) + 1);
    } else {
      done(true);
    }
  }

  #perform(action: OrchestratorAction, done: Done): void {
    switch (action.actionType) {
      case actionType.callActivity:
        this.#callActivity(action.functionName, action.input, done);
        break;
      case actionType.callActivityWithRetry: {
        const attempt = (over: Done) => this.#callActivity(action.functionName, action.input, over);
        this.#retry(action.retryOptions, attempt, done);
        break;
      }
      case actionType.callSubOrchestrator:
        this.#callSubOrchestrator(action, done);
        break;
      case actionType.callSubOrchestratorWithRetry:
        this.#retry(action.retryOptions, (over) => this.#callSubOrchestrator(action, over), done);
        break;
      case actionType.createTimer:
        this.#createTimer(Date.parse(action.fireAt), action.isCanceled, done);
        break;
      case actionType.waitForExternalEvent:
        this.#waitForEvent(action.externalEventName, done);
        break;
      case actionType.whenAll:
        this.#whenAll(action.compoundActions, done);
        break;
      case actionType.whenAny:
        this.#whenAny(action.compoundActions, done);
        break;
      case actionType.continueAsNew:
        this.continuedWith = { input: jsonLiteral(action.input) };
        done(true);
        break;
      case actionType.callHttp:
        throw new Error('The local host does not run callHttp: make the request in an activity.');
      default:
        throw new Error('The local host does not run durable entities: keep the state in a store of your own.');
    }
  }

  #schedule(scheduled: Scheduled, done: Done): void {
    this.scheduled.push(scheduled);
    this.#open.set(scheduled.id, done);
  }

  #callActivity(name: string, input: unknown, done: Done): void {
    this.#schedule({ kind: 'activity', id: this.scheduled.length, name, input: jsonLiteral(input) }, done);
  }

  #callSubOrchestrator(
    call: { readonly functionName: string; readonly input?: unknown; readonly instanceId?: string | null | undefined },
    done: Done,
  ): void {
    const input = call.input === undefined || call.input === null ? null : JSON.stringify(call.input);
    const { functionName: name, instanceId } = call;
    const id = this.scheduled.length;
    this.#schedule({ kind: 'subOrchestration', id, name, input, instanceId: instanceId || undefined }, done);
  }

  #createTimer(fireAtMs: number, isCanceled: boolean, done: Done): void {
    const isLong = fireAtMs - this.nowMs > LONGEST_SHORT_TIMER_MS;
    const stepMs = isLong ? this.nowMs + LONG_TIMER_STEP_MS : fireAtMs;
    const fired: Done = (ok) => (stepMs < fireAtMs ? this.#createTimer(fireAtMs, false, done) : done(ok));
    this.#schedule(
      { kind: 'timer', id: this.scheduled.length, fireAtMs: stepMs },
      isCanceled ? () => undefined : fired,
    );
    if (isCanceled) done(false);
  }

  #waitForEvent(name: string, done: Done): void {
    const buffered = this.#buffered.get(name) ?? 0;
    if (buffered > 0) {
      this.#buffered.set(name, buffered - 1);
      done(true);
    } else {
      this.#waiting.set(name, [...(this.#waiting.get(name) ?? []), done]);
    }
  }

  #whenAll(actions: readonly OrchestratorAction[], done: Done): void {
    let open = actions.length;
    let allSucceeded = true;
    for (const action of actions) {
      this.#perform(action, (succeeded) => {
        open--;
        allSucceeded &&= succeeded;
        if (open === 0) done(allSucceeded);
      });
    }
  }

  #whenAny(actions: readonly OrchestratorAction[], done: Done): void {
    let isOver = false;
    for (const action of actions) {
      this.#perform(action, () => {
        if (!isOver) {
          isOver = true;
          done(true);
        }
      });
    }
  }

  /** After every failed attempt, the last one too, a timer runs; durable-functions counts on its id. */
  #retry(options: RetryOptions, attempt: (over: Done) => void, done: Done): void {
    const { firstRetryIntervalInMilliseconds: firstMs, maxNumberOfAttempts } = options;
    const startedMs = this.nowMs;
    const tryOnce = (failed: number): void => {
      if (failed >= maxNumberOfAttempts) {
        done(false);
        return;
      }
      attempt((succeeded) => {
        const isTooLate = this.nowMs >= startedMs + (options.retryTimeoutInMilliseconds ?? Number.POSITIVE_INFINITY);
        if (succeeded || isTooLate) {
          done(succeeded);
          return;
        }
        const backoffMs = firstMs * (options.backoffCoefficient ?? 1) ** failed;
        const delayMs = Math.min(backoffMs, options.maxRetryIntervalInMilliseconds ?? LONGEST_SHORT_TIMER_MS);
        this.#createTimer(this.nowMs + delayMs, false, () => tryOnce(failed + 1));
      });
    };
    tryOnce(0);
  }
}

/** Inputs of activities come as a value, except strings, which durable-functions has made JSON already. */
function jsonLiteral(input: unknown): string {
  return typeof input === 'string' ? input : JSON.stringify(input ?? null);
}
