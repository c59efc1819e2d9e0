import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { InFlight } from './concurrency.ts';
import type { Log } from './log.ts';
import {
  failureMessage,
  type Invocation,
  type InvocationOutcome,
  type RegisteredBinding,
  type RegisteredFunction,
  type TypedData,
} from './worker/worker-protocol.ts';

/** A function as its trigger defines it. */
export type FunctionDefinition = HttpFunction | TimerFunction | OrchestratorFunction | ActivityFunction | OtherFunction;

type Base = {
  readonly name: string;
  /** Name of the trigger's binding, which is also the name of its input. */
  readonly triggerName: string;
  /** Names of the durable client bindings. */
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
type OtherFunction = Base & { readonly type: 'other'; readonly triggerType: string };

const httpTrigger = z.looseObject({ route: z.string().optional(), methods: z.array(z.string()).optional() });
const timerTrigger = z.looseObject({ schedule: z.string(), runOnStartup: z.boolean().optional() });

/**
 * Finds the trigger and the bindings of a function that the app registered.
 * @throws Error for a durable entity, which this host does not run
 */
export function functionDefinition(registered: RegisteredFunction): FunctionDefinition {
  const bindings = Object.entries(registered.bindings);
  const trigger = bindings.find(([, binding]) => binding.type.toLowerCase().endsWith('trigger'));
  if (trigger === undefined) throw new Error(`Function "${registered.name}" has no trigger.`);
  const [triggerName, binding] = trigger;
  const durableClients = bindings.filter(([, other]) => isDurableClient(other)).map(([name]) => name);
  return { ...triggerMembers(registered.name, binding), name: registered.name, triggerName, durableClients };
}

function isDurableClient(binding: RegisteredBinding): boolean {
  return binding.direction === 'in' && /^(durable|orchestration)Client$/i.test(binding.type);
}

type WithoutBase<T> = T extends Base ? Omit<T, keyof Base> : never;

/** The members that depend on the kind of trigger. */
function triggerMembers(name: string, binding: RegisteredBinding): WithoutBase<FunctionDefinition> {
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

/** A finished invocation: what the worker received and what it answered. */
export type InvocationRecord = {
  readonly invocation: Invocation;
  readonly outcome: InvocationOutcome;
};

/**
 * Runs a function once with the input of its trigger. A failure is an outcome, not a rejection. `worker` is the number of
 * the durable worker; without it, the worker of all other functions runs the function.
 */
export type RunFunction = (
  definition: FunctionDefinition,
  input: TypedData,
  triggerMetadata?: Readonly<Record<string, TypedData>>,
  worker?: number,
) => Promise<InvocationOutcome>;

type RunnerOptions = {
  readonly invoke: (invocation: Invocation, worker: number | undefined) => Promise<InvocationOutcome>;
  /** JSON of the durable client binding. */
  readonly durableClient: string;
  readonly log: Log;
  readonly onInvocation?: ((record: InvocationRecord) => void) | undefined;
};

/** Makes an invocation from a trigger's input and the function's bindings, and counts invocations in flight. */
export class FunctionRunner {
  readonly #options: RunnerOptions;
  readonly #inFlight = new InFlight();

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  readonly run: RunFunction = async (definition, input, triggerMetadata = {}, worker) => {
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
      const outcome = await this.#options.invoke(invocation, worker);
      this.#report(definition, invocation, outcome, performance.now() - startedAt);
      return outcome;
    } finally {
      this.#inFlight.leave();
    }
  };

  /** Resolves when no invocation is in flight. */
  idle(): Promise<void> {
    return this.#inFlight.idle();
  }

  #report(definition: FunctionDefinition, invocation: Invocation, outcome: InvocationOutcome, durationMs: number) {
    this.#options.onInvocation?.({ invocation, outcome });
    // A failed orchestrator returns its answer inside the error. The engine logs the end of the orchestration.
    if (outcome.ok || definition.type === 'orchestrator') return;
    const { name } = definition;
    const details = outcome.failure.kind === 'threw' ? outcome.failure.error.stack : failureMessage(outcome.failure);
    const head = `Executed 'Functions.${name}' (Failed, Id=${invocation.invocationId}, Duration=${durationMs.toFixed()}ms)`;
    const category = `Function.${name}`;
    this.#options.log({ level: 'error', category, functionName: name, message: `${head}\n${details}` });
  }
}
