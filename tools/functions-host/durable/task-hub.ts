import { randomUUID } from 'node:crypto';
import type { Scheduled } from './action-player.ts';
import { executionStarted, type HistoryEvent, type ParentInstance } from './history-event.ts';

type RuntimeStatus = 'Pending' | 'Running' | 'Suspended' | 'Completed' | 'Failed' | 'Terminated';

/** Work that an orchestration scheduled and that has not ended. */
export type OpenWork = {
  readonly scheduled: Scheduled;
  /** The generation that scheduled it. */
  readonly executionId: string;
  /** True when a worker has received the activity. */
  hasBegun: boolean;
};

/** What is stored of an orchestration instance: its current generation, the events that wait for its next episode, and its open work. */
export type StoredInstance = {
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
  /** What a parent is told of a failure in addition to the output. */
  details: string | null;
  customStatus: unknown;
  createdMs: number;
  updatedMs: number;
  history: HistoryEvent[];
  /** Emptied when an episode is written into the history, so that a host that dies in an episode has lost nothing. */
  inbox: HistoryEvent[];
  /** Of an instance that has finished, and of older generations, only activities: those run on. */
  work: OpenWork[];
};

export type Instance = StoredInstance & {
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

/** Where a hub keeps its instances. Both methods return when the change is durable. */
export type HubStorage = {
  save(instance: StoredInstance): void;
  remove(instanceId: string): void;
};

/** All orchestration instances. They are in memory, and in a storage if there is one. */
export class TaskHub {
  readonly #instances = new Map<string, Instance>();
  readonly #storage: HubStorage | undefined;

  /** @param stored what the storage contains */
  constructor(storage?: HubStorage, stored: readonly StoredInstance[] = []) {
    this.#storage = storage;
    for (const instance of stored) {
      this.#instances.set(instance.instanceId, { ...instance, timers: new Set(), isInEpisode: false });
    }
  }

  find(instanceId: string): Instance | undefined {
    return this.#instances.get(instanceId);
  }

  all(): readonly Instance[] {
    return [...this.#instances.values()];
  }

  /** Makes the state of an instance durable. Must be called before anything that follows from it begins. */
  save(instance: Instance): void {
    if (this.#storage === undefined || this.find(instance.instanceId) !== instance) return;
    const { timers: _, isInEpisode: __, ...stored } = instance;
    this.#storage.save(stored);
  }

  /** Stores an instance with its start event in the inbox. Returns the active instance when there is one with the same id. */
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
      details: null,
      customStatus: null,
      createdMs: Date.now(),
      updatedMs: Date.now(),
      history: [],
      inbox: [],
      work: existing?.work ?? [],
      timers: new Set(),
      isInEpisode: false,
    };
    instance.inbox.push(executionStarted(instance));
    this.#instances.set(instanceId, instance);
    this.save(instance);
    return { created: instance };
  }

  remove(instance: Instance): void {
    clearTimers(instance);
    this.#instances.delete(instance.instanceId);
    this.#storage?.remove(instance.instanceId);
  }

  /** Ends the instance. */
  finish(instance: Instance, completion: FinalCompletion): void {
    leaveWork(instance);
    instance.status = completion.status;
    instance.output = completion.result;
    instance.details = completion.status === 'Failed' ? completion.details : null;
    instance.updatedMs = Date.now();
    instance.inbox = [];
  }

  /** Begins a new generation with a new history and execution id. Events that wait in the inbox go to it. */
  continueAsNew(instance: Instance, input: string): void {
    leaveWork(instance);
    instance.executionId = randomUUID();
    instance.input = input;
    instance.history = [];
    instance.createdMs = Date.now();
    instance.updatedMs = Date.now();
    instance.inbox = [executionStarted(instance), ...instance.inbox];
  }
}

export function isFinished({ status }: StoredInstance): boolean {
  return status === 'Completed' || status === 'Failed' || status === 'Terminated';
}

export function clearTimers(instance: Instance): void {
  for (const cancel of instance.timers) cancel();
  instance.timers.clear();
}

/** Drops what a generation waits for when it ends. Its activities are in a queue of their own, and run on. */
function leaveWork(instance: Instance): void {
  clearTimers(instance);
  instance.work = instance.work.filter(({ scheduled }) => scheduled.kind === 'activity');
}
