import { randomUUID } from 'node:crypto';
import { executionStarted, type HistoryEvent, type ParentInstance } from './history-event.ts';

type RuntimeStatus = 'Pending' | 'Running' | 'Suspended' | 'Completed' | 'Failed' | 'Terminated';

/** An orchestration instance: its current generation, and the events that wait for its next episode. */
export type Instance = {
  readonly instanceId: string;
  readonly name: string;
  readonly parent: ParentInstance | undefined;
  /** Changes with every generation. Results of work that an older generation scheduled are dropped. */
  executionId: string;
  /** JSON text, or null for none. */
  input: string | null;
  status: RuntimeStatus;
  /** JSON text of a result; plain text of a failure or of the reason for terminating. */
  output: string | null;
  customStatus: unknown;
  createdMs: number;
  updatedMs: number;
  history: HistoryEvent[];
  inbox: HistoryEvent[];
  /** Functions that cancel the pending timers. */
  readonly timers: Set<() => void>;
  isInEpisode: boolean;
};

/** How a generation of an orchestration ended. `result` is JSON for a value, plain text for a failure. */
export type Completion = FinalCompletion | { readonly status: 'ContinuedAsNew'; readonly input: string };

/** The end of an instance, as opposed to the start of its next generation. */
export type FinalCompletion =
  | { readonly status: 'Completed'; readonly result: string }
  | { readonly status: 'Failed'; readonly result: string; readonly details: string }
  | { readonly status: 'Terminated'; readonly result: string };

export type NewInstance = {
  readonly name: string;
  readonly instanceId?: string | undefined;
  readonly input: string | null;
  readonly parent?: ParentInstance | undefined;
};

/** All orchestration instances, in memory. */
export class TaskHub {
  readonly #instances = new Map<string, Instance>();

  find(instanceId: string): Instance | undefined {
    return this.#instances.get(instanceId);
  }

  all(): readonly Instance[] {
    return [...this.#instances.values()];
  }

  /** Adds an instance with its start event in the inbox. Returns the active instance when there is one with the same id. */
  create(start: NewInstance): { readonly created: Instance } | { readonly active: Instance } {
    const instanceId = start.instanceId ?? randomUUID().replaceAll('-', '');
    const existing = this.#instances.get(instanceId);
    if (existing !== undefined && !isFinished(existing)) return { active: existing };
    const isChild = start.parent !== undefined;
    const instance: Instance = {
      instanceId,
      name: start.name,
      parent: start.parent,
      executionId: isChild ? randomUUID().replaceAll('-', '') : randomUUID(),
      input: start.input,
      status: 'Pending',
      output: null,
      customStatus: null,
      createdMs: Date.now(),
      updatedMs: Date.now(),
      history: [],
      inbox: [],
      timers: new Set(),
      isInEpisode: false,
    };
    instance.inbox.push(executionStarted(instance));
    this.#instances.set(instanceId, instance);
    return { created: instance };
  }

  remove(instance: Instance): void {
    clearTimers(instance);
    this.#instances.delete(instance.instanceId);
  }

  /** Ends the instance. */
  finish(instance: Instance, { status, result }: FinalCompletion): void {
    clearTimers(instance);
    instance.status = status;
    instance.output = result;
    instance.updatedMs = Date.now();
    instance.inbox = [];
  }

  /** Begins a new generation with a new history and execution id. Events that wait in the inbox go to it. */
  continueAsNew(instance: Instance, input: string): void {
    clearTimers(instance);
    instance.executionId = randomUUID();
    instance.input = input;
    instance.history = [];
    instance.createdMs = Date.now();
    instance.updatedMs = Date.now();
    instance.inbox = [executionStarted(instance), ...instance.inbox];
  }
}

export function isFinished({ status }: Instance): boolean {
  return status === 'Completed' || status === 'Failed' || status === 'Terminated';
}

export function clearTimers(instance: Instance): void {
  for (const cancel of instance.timers) cancel();
  instance.timers.clear();
}
