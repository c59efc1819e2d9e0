import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Log } from './log.ts';
import type { InvocationOutcome } from './worker/worker-process.ts';
import {
  failureMessage,
  type Invocation,
  type RegisteredBinding,
  type RegisteredFunction,
  type TypedData,
} from './worker/worker-protocol.ts';

type Base = {
  readonly name: string;
  /** Name of the trigger's binding, under which its input travels. */
  readonly triggerName: string;
  /** Names of the durable client bindings beside the trigger. */
  readonly durableClients: readonly string[];
};

export type HttpFunction = Base & {
  readonly type: 'http';
  readonly route: string;
  readonly methods: readonly string[];
};
export type TimerFunction = Base & {
  readonly type: 'timer';
  readonly schedule: string;
  readonly runOnStartup: boolean;
};
export type OrchestratorFunction = Base & { readonly type: 'orchestrator' };
export type ActivityFunction = Base & { readonly type: 'activity' };
export type OtherFunction = Base & { readonly type: 'other'; readonly triggerType: string };
export type FunctionDefinition = HttpFunction | TimerFunction | OrchestratorFunction | ActivityFunction | OtherFunction;

const httpTrigger = z.looseObject({ route: z.string().optional(), methods: z.array(z.string()).optional() });
const timerTrigger = z.looseObject({ schedule: z.string(), runOnStartup: z.boolean().optional() });

/**
 * Reads what an app registered.
 * @throws Error for a durable entity, which this host does not run.
 */
export function functionDefinition(registered: RegisteredFunction): FunctionDefinition {
  const bindings = Object.entries(registered.bindings);
  const trigger = bindings.find(([, binding]) => binding.type.toLowerCase().endsWith('trigger'));
  if (trigger === undefined) throw new Error(`Function "${registered.name}" has no trigger.`);
  const [triggerName, binding] = trigger;
  const durableClients = bindings.filter(([, other]) => isDurableClient(other)).map(([name]) => name);
  return { ...typed(registered.name, binding), name: registered.name, triggerName, durableClients };
}

function isDurableClient(binding: RegisteredBinding): boolean {
  return binding.direction === 'in' && /^(durable|orchestration)Client$/i.test(binding.type);
}

type Typed<T> = T extends Base ? Omit<T, keyof Base> : never;

function typed(name: string, binding: RegisteredBinding): Typed<FunctionDefinition> {
  switch (binding.type) {
    case 'httpTrigger': {
      const { route = name, methods = [] } = httpTrigger.parse(binding);
      return { type: 'http', route, methods: methods.map((method) => method.toUpperCase()) };
    }
    case 'timerTrigger': {
      const { schedule, runOnStartup = false } = timerTrigger.parse(binding);
      return { type: 'timer', schedule, runOnStartup };
    }
    case 'orchestrationTrigger':
      return { type: 'orchestrator' };
    case 'activityTrigger':
      return { type: 'activity' };
    case 'entityTrigger':
      throw new Error(`Function "${name}" is a durable entity. The local host runs orchestrators and activities only.`);
    default:
      return { type: 'other', triggerType: binding.type };
  }
}

/** One finished invocation: what went to the worker and what came back. */
export type InvocationRecord = {
  readonly invocation: Invocation;
  readonly outcome: InvocationOutcome;
};

export type RunFunction = (
  definition: FunctionDefinition,
  input: TypedData,
  triggerMetadata?: Readonly<Record<string, TypedData>>,
) => Promise<InvocationOutcome>;

export type RunnerOptions = {
  readonly invoke: (invocation: Invocation) => Promise<InvocationOutcome>;
  /** JSON of the durable client binding. */
  readonly durableClient: string;
  readonly log: Log;
  readonly onInvocation?: ((record: InvocationRecord) => void) | undefined;
};

/** Makes the invocation that a trigger asks for, bindings included, and counts what is in flight. */
export class FunctionRunner {
  readonly #options: RunnerOptions;
  readonly #inFlight = new InFlight();

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  readonly run: RunFunction = async (definition, input, triggerMetadata = {}) => {
    const client = { string: this.#options.durableClient };
    const invocation: Invocation = {
      invocationId: randomUUID(),
      functionName: definition.name,
      inputData: [
        { name: definition.triggerName, data: input },
        ...definition.durableClients.map((name) => ({ name, data: client })),
      ],
      triggerMetadata,
    };
    this.#inFlight.enter();
    const startedAt = performance.now();
    try {
      const outcome = await this.#options.invoke(invocation);
      this.#report(definition, invocation, outcome, performance.now() - startedAt);
      return outcome;
    } finally {
      this.#inFlight.leave();
    }
  };

  /** Resolves once no invocation is in flight. */
  idle(): Promise<void> {
    return this.#inFlight.idle();
  }

  #report(definition: FunctionDefinition, invocation: Invocation, outcome: InvocationOutcome, durationMs: number) {
    const { name } = definition;
    this.#options.onInvocation?.({ invocation, outcome });
    // A failing orchestrator is no failed call: its answer travels inside the error. The task hub reports its end.
    if (!outcome.ok && definition.type !== 'orchestrator') {
      const details = outcome.failure.kind === 'threw' ? outcome.failure.error.stack : failureMessage(outcome.failure);
      const head = `Executed 'Functions.${name}' (Failed, Id=${invocation.invocationId}, Duration=${durationMs.toFixed()}ms)`;
      const category = `Function.${name}`;
      this.#options.log({ level: 'error', category, functionName: name, message: `${head}\n${details}` });
    }
  }
}

/** Counts what is under way, so that somebody can wait until nothing is. */
export class InFlight {
  #count = 0;
  #waiting: (() => void)[] = [];

  enter(count = 1): void {
    this.#count += count;
  }

  leave(): void {
    this.#count--;
    if (this.#count === 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const resolve of waiting) resolve();
    }
  }

  idle(): Promise<void> {
    return this.#count === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }
}
