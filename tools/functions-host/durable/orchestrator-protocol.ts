import { z } from 'zod';
import { failureMessage, type InvocationOutcome, type TypedData } from '../worker/worker-protocol.ts';
import type { HistoryEvent } from './history-event.ts';

/** Constants that the extension sends with every episode. The misspelt name is the extension's. */
const protocol = {
  upperSchemaVersion: 1,
  upperSchemaVersionNew: 3,
  longRunningTimerIntervalDuration: '3.00:00:00',
  maximumShortTimerDuration: '6.00:00:00',
  defaultHttpAsyncRequestSleepTimeMillseconds: 30_000,
};

/** What an orchestrator receives of its instance. */
type Orchestration = {
  readonly instanceId: string;
  /** JSON text, or null for none. */
  readonly input: string | null;
  readonly parent: { readonly instanceId: string } | undefined;
  /** The episodes before this one. */
  readonly history: readonly HistoryEvent[];
};

type TriggerInput = {
  readonly data: TypedData;
  readonly triggerMetadata: Readonly<Record<string, TypedData>>;
};

/** The input of an orchestrator for one episode: the whole history, which ends with this episode's events. */
export function orchestratorInput(
  instance: Orchestration,
  history: readonly HistoryEvent[],
  triggerName: string,
): TriggerInput {
  const payload = {
    history,
    input: parsed(instance.input),
    instanceId: instance.instanceId,
    isReplaying: instance.history.length > 0,
    parentInstanceId: instance.parent?.instanceId ?? null,
    ...protocol,
  };
  const { history: _, ...metadata } = payload;
  const data = { string: JSON.stringify(payload) };
  return { data, triggerMetadata: { [triggerName]: data, ...typedMembers(metadata) } };
}

/** The input of an activity. The members of an object are repeated in the trigger's metadata. */
export function activityInput(input: string, instanceId: string, triggerName: string): TriggerInput {
  const data = { string: input };
  const value = parsed(input);
  const members = typeof value === 'object' && value !== null && !Array.isArray(value) ? typedMembers(value) : {};
  return { data, triggerMetadata: { ...members, [triggerName]: data, data, instanceId: { string: instanceId } } };
}

function typedMembers(value: object): Record<string, TypedData> {
  const present = Object.entries(value).filter(([, member]) => member !== null && member !== undefined);
  return Object.fromEntries(
    present.map(([name, member]) => [
      name,
      typeof member === 'string' ? { string: member } : { json: JSON.stringify(member) },
    ]),
  );
}

/** The value of a JSON text, or the text itself when it is not JSON. */
function parsed(json: string | null): unknown {
  try {
    return json === null ? null : JSON.parse(json);
  } catch {
    return json;
  }
}

/** The actions that an orchestrator can ask for, with the numbers of durable-functions. */
export const actionType = {
  callActivity: 0,
  callActivityWithRetry: 1,
  callSubOrchestrator: 2,
  callSubOrchestratorWithRetry: 3,
  continueAsNew: 4,
  createTimer: 5,
  waitForExternalEvent: 6,
  callEntity: 7,
  callHttp: 8,
  signalEntity: 9,
  whenAny: 11,
  whenAll: 12,
  lockEntities: 13,
  releaseEntities: 14,
} as const;
type ActionNumbers = typeof actionType;

const retry = z.object({
  firstRetryIntervalInMilliseconds: z.number(),
  maxNumberOfAttempts: z.number(),
  backoffCoefficient: z.number().nullish(),
  maxRetryIntervalInMilliseconds: z.number().nullish(),
  retryTimeoutInMilliseconds: z.number().nullish(),
});
export type RetryOptions = z.infer<typeof retry>;

const call = { functionName: z.string(), input: z.unknown().optional() };
const subCall = { ...call, instanceId: z.string().nullish() };
const simple = [
  z.object({ actionType: z.literal(actionType.callActivity), ...call }),
  z.object({ actionType: z.literal(actionType.callActivityWithRetry), ...call, retryOptions: retry }),
  z.object({ actionType: z.literal(actionType.callSubOrchestrator), ...subCall }),
  z.object({ actionType: z.literal(actionType.callSubOrchestratorWithRetry), ...subCall, retryOptions: retry }),
  z.object({ actionType: z.literal(actionType.continueAsNew), input: z.unknown().optional() }),
  z.object({ actionType: z.literal(actionType.createTimer), fireAt: z.string(), isCanceled: z.boolean() }),
  z.object({ actionType: z.literal(actionType.waitForExternalEvent), externalEventName: z.string() }),
  z.object({ actionType: z.literal([actionType.callEntity, actionType.signalEntity]) }),
  z.object({ actionType: z.literal([actionType.lockEntities, actionType.releaseEntities]) }),
  z.object({ actionType: z.literal(actionType.callHttp) }),
] as const;

type CompoundAction = {
  readonly actionType: ActionNumbers['whenAll'] | ActionNumbers['whenAny'];
  readonly compoundActions: readonly OrchestratorAction[];
};
export type OrchestratorAction = z.infer<(typeof simple)[number]> | CompoundAction;

const compound = z.object({
  actionType: z.literal([actionType.whenAll, actionType.whenAny]),
  compoundActions: z.lazy(() => z.array(action)),
});
const action: z.ZodType<OrchestratorAction> = z.discriminatedUnion('actionType', [...simple, compound]);

const stateSchema = z.object({
  isDone: z.boolean(),
  // A list of lists because of an older protocol; it contains one list.
  actions: z.array(z.array(action)).transform((lists) => lists.flat()),
  output: z.unknown().optional(),
  customStatus: z.unknown().optional(),
  error: z.string().optional(),
});

/** The result of running an orchestrator for one episode. */
export type OrchestratorReply = {
  readonly actions: readonly OrchestratorAction[];
  readonly customStatus: unknown;
  readonly end:
    | { readonly kind: 'waiting' }
    | { readonly kind: 'returned'; readonly output: unknown }
    | { readonly kind: 'threw'; readonly message: string; readonly stack: string }
    /** The worker gave no answer: it exited, there was none, or durable-functions could not read the history. */
    | { readonly kind: 'noAnswer'; readonly message: string };
};

/** When an orchestrator fails, the message of the error contains its state as JSON after this label. */
const STATE_LABEL = '\n\n$OutOfProcData$:';

/**
 * Reads the worker's answer to the invocation of an orchestrator.
 * @throws when the answer is not in the format of durable-functions
 */
export function orchestratorReply(outcome: InvocationOutcome): OrchestratorReply {
  if (outcome.ok) {
    const { actions, customStatus, isDone, output } = stateSchema.parse(JSON.parse(outcome.value?.json ?? 'null'));
    return { actions, customStatus, end: isDone ? { kind: 'returned', output } : { kind: 'waiting' } };
  }
  const { failure } = outcome;
  const message = failureMessage(failure);
  const stack = failure.kind === 'threw' ? failure.error.stack : '';
  const at = message.indexOf(STATE_LABEL);
  if (at < 0) {
    const text = failure.kind === 'threw' ? `Result: Failure\nException: ${message}\nStack: ${stack}` : message;
    return { actions: [], customStatus: undefined, end: { kind: 'noAnswer', message: text } };
  }
  const state = stateSchema.parse(JSON.parse(message.slice(at + STATE_LABEL.length)));
  const { actions, customStatus, error = '' } = state;
  return { actions, customStatus, end: { kind: 'threw', message: error, stack } };
}
