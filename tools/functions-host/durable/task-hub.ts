import { randomUUID } from 'node:crypto';
import type { Completion } from './episode.ts';
import { executionStarted, type HistoryEvent, type ParentInstance } from './history-event.ts';

export type RuntimeStatus = 'Pending' | 'Running' | 'Suspended' | 'Completed' | 'Failed' | 'Terminated';

/** An orchestration instance: its present generation, with the events that wait for its next episode. */
export type Instance = {
  readonly instanceId: string;
  readonly name: string;
  readonly parent: ParentInstance | undefined;
  /** Changes with every generation; what an older one scheduled is dropped when it arrives. */
  executionId: string;
  /** JSON text, or null for none. */
  input: string | null;
  status: RuntimeStatus;
  /** JSON text of a result, plain text of a failure or of a reason to terminate. */
  output: string | null;
  customStatus: unknown;
  createdMs: number;
  updatedMs: number;
  history: HistoryEvent[];
  inbox: HistoryEvent[];
  /** What cancels the timers that have been set. */
  readonly timers: Set<() => void>;
  isInEpisode: boolean;
  lostEpisodes: number;
};

export type NewInstance = {
  readonly name: string;
  readonly instanceId?: string | undefined;
  readonly input: string | null;
  readonly parent?: ParentInstance | undefined;
};

export function isFinished({ status }: Instance): boolean {
  return status === 'Completed' || status === 'Failed' || status === 'Terminated';
}

/** The task hub: every instance, in memory. */
export class TaskHub {
  readonly #instances = new Map<string, Instance>();

  find(instanceId: string): Instance | undefined {
    return this.#instances.get(instanceId);
  }

  all(): readonly Instance[] {
    return [...this.#instances.values()];
  }

  /** Adds an instance with its start event in the inbox, or answers with the active one that has its id already. */
  create(start: NewInstance): { readonly created: Instance } | { readonly active: Instance } {
    const instanceId = start.instanceId ?? randomUUID().replaceAll('-', '');
    const present = this.#instances.get(instanceId);
    if (present !== undefined && !isFinished(present)) return { active: present };
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
      lostEpisodes: 0,
    };
    instance.inbox.push(executionStarted(instance));
    this.#instances.set(instanceId, instance);
    return { created: instance };
  }

  remove(instance: Instance): void {
    clearTimers(instance);
    this.#instances.delete(instance.instanceId);
  }

  /** Ends the instance for good. */
  finish(instance: Instance, { status, result }: Exclude<Completion, { status: 'ContinuedAsNew' }>): void {
    clearTimers(instance);
    instance.status = status;
    instance.output = result;
    instance.updatedMs = Date.now();
    instance.inbox = [];
  }

  /** Begins a new generation: a new history, a new execution id. Events that came in meanwhile go to it. */
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

export function clearTimers(instance: Instance): void {
  for (const cancel of instance.timers) cancel();
  instance.timers.clear();
}
