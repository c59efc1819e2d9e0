import { actionType, type OrchestratorAction, type RetryOptions } from './orchestrator-protocol.ts';

/** Work that an orchestration scheduled. Ids are given in the order of scheduling. */
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

/** Called when an action has ended. */
type Done = (succeeded: boolean) => void;

/** A longer timer is split into timers of LONG_TIMER_STEP_MS, as the extension and durable-functions both do. */
const LONGEST_SHORT_TIMER_MS = 6 * 86_400_000;
const LONG_TIMER_STEP_MS = 3 * 86_400_000;

/**
 * Plays an orchestration's list of actions against its history, as the Durable Task extension does for languages that run
 * in a worker. It performs one action after the other and awaits each before the next. A `whenAll` lasts until all of
 * its parts have ended, even when one has failed. Ids are given in the order of scheduling, so an action that an
 * orchestrator yields twice (the rest of a failed `Task.all`) is scheduled twice.
 */
export class ActionPlayer {
  readonly scheduled: Scheduled[] = [];
  /** True when every action has ended. */
  isFinished = false;
  /** Input of the next generation, as JSON, when the orchestrator continued as new. */
  continuedWith: { readonly input: string } | undefined;
  /** Time of the current episode, in Unix milliseconds. */
  nowMs = 0;
  readonly #open = new Map<number, Done>();
  readonly #waiting = new Map<string, Done[]>();
  readonly #buffered = new Map<string, number>();

  /** Performs the first action, and each further one when the action before it has ended. */
  begin(actions: readonly OrchestratorAction[]): void {
    const next = (index: number): void => {
      const action = actions[index];
      if (action === undefined) this.isFinished = true;
      else this.#perform(action, () => next(index + 1));
    };
    next(0);
  }

  /** Ends the scheduled work of that id. */
  complete(id: number, succeeded: boolean): void {
    const done = this.#open.get(id);
    this.#open.delete(id);
    done?.(succeeded);
  }

  /** Delivers an external event. An event that no action waits for is kept for a later one. */
  raise(name: string): void {
    // The action that began to wait last gets the event, as in the extension and in durable-functions.
    const done = this.#waiting.get(name)?.pop();
    if (done === undefined) this.#buffered.set(name, (this.#buffered.get(name) ?? 0) + 1);
    else done(true);
  }

  #perform(action: OrchestratorAction, done: Done): void {
    switch (action.actionType) {
      case actionType.callActivity:
        this.#callActivity(action.functionName, action.input, done);
        break;
      case actionType.callActivityWithRetry: {
        const attempt = (ended: Done) => this.#callActivity(action.functionName, action.input, ended);
        this.#retry(action.retryOptions, attempt, done);
        break;
      }
      case actionType.callSubOrchestrator:
        this.#callSubOrchestrator(action, done);
        break;
      case actionType.callSubOrchestratorWithRetry:
        this.#retry(action.retryOptions, (ended) => this.#callSubOrchestrator(action, ended), done);
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
        throw new Error('The local host does not support callHttp: make the request in an activity.');
      default:
        throw new Error('The local host does not support durable entities: keep the state in your own store.');
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
    let hasEnded = false;
    for (const action of actions) {
      this.#perform(action, () => {
        if (hasEnded) return;
        hasEnded = true;
        done(true);
      });
    }
  }

  /** A timer runs after every failed attempt, even after the last one, because durable-functions expects its id. */
  #retry(options: RetryOptions, attempt: (ended: Done) => void, done: Done): void {
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

/** The JSON of an activity's input. A string is already JSON, made by durable-functions. */
function jsonLiteral(input: unknown): string {
  return typeof input === 'string' ? input : JSON.stringify(input ?? null);
}
