import { randomUUID } from 'node:crypto';
import type { FunctionDefinition } from './function-definition.ts';
import { InFlight } from './in-flight.ts';
import type { Log } from './log.ts';
import type { TypedData } from './worker/typed-data.ts';
import { failureMessage } from './worker/worker-failure.ts';
import type { InvocationOutcome } from './worker/worker-process.ts';
import type { Invocation } from './worker/worker-protocol.ts';

/** One finished invocation: what went to the worker and what came back. */
export interface InvocationRecord {
  readonly invocation: Invocation;
  readonly outcome: InvocationOutcome;
}

export type RunFunction = (
  definition: FunctionDefinition,
  input: TypedData,
  triggerMetadata?: Readonly<Record<string, TypedData>>,
) => Promise<InvocationOutcome>;

export interface RunnerOptions {
  readonly invoke: (invocation: Invocation) => Promise<InvocationOutcome>;
  /** JSON of the durable client binding. */
  readonly durableClient: string;
  readonly log: Log;
  readonly onInvocation?: ((record: InvocationRecord) => void) | undefined;
}

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
