import { quoted } from '../../plan/bounded-text.ts';
import { asRecord } from '../../plan/primitives.ts';
import type { Target } from '../../plan/target-schema.ts';
import { LONGEST_CALL_MS } from '../../sample/block.ts';
import type { Clock } from '../../traffic/clock.ts';
import { unreadable } from '../http/classify.ts';
import { TOO_LONG } from '../http/continued-calls.ts';
import type { Exchange } from '../http/exchange.ts';
import { type Judgement, type ResultJudge, USEFUL } from '../http/json-rpc.ts';
import type { TargetConnection } from '../http/target-connection.ts';
import { answerInput } from '../operations/answer-input.ts';
import { addParams, type Call } from '../operations/call.ts';
import type { Tool } from '../operations/tool.ts';
import { succeeded } from './session.ts';

/** True for the answer of a server that does not know a task which it has created. */
export function isLostTask({ request, outcome }: Pick<Exchange, 'request' | 'outcome'>): boolean {
  return outcome === 'RPC_-32602' && request.rpcMethod === 'tasks/get';
}

/** How a call ended that its first answer had not ended. */
export type CallEnd =
  | {
      /** The request that brought the result or failed. */
      readonly last: Exchange;
      /** What the result came to; undefined when the request failed, whose outcome is then the call's. */
      readonly judgement?: Judgement;
    }
  /** Nothing more is waited for. */
  | { readonly last?: undefined; readonly judgement: Judgement };

/**
 * Waits for the end of a call that its first answer has not ended, and completes the call's sample. Whatever is thrown
 * while the further answers are judged is the call's outcome.
 * @param rest sends what follows the first answer
 */
export async function concludeCall(
  connection: Pick<TargetConnection, 'conclude'>,
  call: Exchange,
  rest: () => Promise<CallEnd>,
): Promise<void> {
  const end = await rest().catch((error: unknown): CallEnd => {
    const report = (bug: unknown) =>
      console.error('The answer to a call could not be judged; please report this:', bug);
    return { last: call, judgement: unreadable(error, report) };
  });
  const { outcome, message } = outcomeOf(end);
  connection.conclude(call, { ...end.judgement, outcome, message }, end.last);
}

/** A warning about the request that brought the result is one about the call. */
function outcomeOf({ last, judgement }: CallEnd): Pick<Judgement, 'outcome' | 'message'> {
  if (last === undefined) return judgement;
  return judgement === undefined || judgement.outcome === 'OK' ? last : judgement;
}

/** How to wait for a task. */
type TaskOptions = {
  readonly clock: Clock;
  /** As in SessionOptions. */
  readonly ended: AbortSignal;
  readonly elicitation: Target['elicitation'];
  /** True once the call has ended from our side, so that nothing more is sent for it. */
  readonly isOver: () => boolean;
  /** When it ends from our side at the latest, epoch milliseconds. */
  readonly endsByMs: number;
};

/** When a call ends from our side at the latest, epoch milliseconds. */
export function latestEndOf({ sample }: Exchange): number {
  return sample.startMs + LONGEST_CALL_MS;
}

/** Sends a request that follows from the call. */
type SendPart = (part: Call) => Promise<Exchange>;

/** A request that follows from a call. Its result is judged for the call, so its own outcome says only whether it came. */
function partOf(call: Call, method: string, taskId: string, params: string, judge: ResultJudge = () => USEFUL): Call {
  const operation = `${method}:${call.name}`;
  return { operation, kind: 'protocol', method, name: taskId, params, judge, progress: false };
}

/** The call of a tool that runs only as a task (revision 2025-11-25, "Tasks": `execution.taskSupport: required`). */
export function callAsTask(call: Call): Call {
  return { ...call, params: addParams(call.params, '"task":{}'), judge: judgeLegacyCreated };
}

/**
 * Polls the task that a tool call has created (revision 2025-11-25) until it is done, and fetches its result. Each
 * `tasks/get` is a sample, and so is the `tasks/result`. A task that waits for input asks for it on the stream of
 * `tasks/result`; it gets what the plan allows.
 * @param created the call itself, which succeeded
 */
export async function legacyTask(
  call: Call,
  created: Exchange,
  tool: Tool | undefined,
  options: TaskOptions,
  send: SendPart,
): Promise<CallEnd> {
  const { taskId, pollInterval } = (created.result as { task: LegacyTask }).task;
  const params = JSON.stringify({ taskId });
  const get = partOf(call, 'tasks/get', taskId, params, judgeStatus);
  const polled = await pollTask(options, created, pollInterval, () => send(get));
  const cut = endAfter(polled, created, options);
  if (cut !== undefined) return cut;
  const problem = legacyTaskProblem(polled.result, options.elicitation);
  if (problem !== undefined) return { last: polled, judgement: problem };
  // A failed task has a result too, or the error that it ended in.
  const last = await send(partOf(call, 'tasks/result', taskId, params));
  return succeeded(last) ? { last, judgement: call.judge(last.result, tool) } : { last };
}

/**
 * How a call ended without the end of its task; undefined when its task has ended.
 * @param polled the last poll; `created` when nothing was polled
 */
function endAfter(polled: Exchange, created: Exchange, { clock, isOver, endsByMs }: TaskOptions): CallEnd | undefined {
  if (!succeeded(polled) || isOver()) return { last: polled };
  const isOpen = polled === created || isWorking(polled.result);
  return isOpen && clock.now() >= endsByMs ? { judgement: TOO_LONG } : undefined;
}

function isWorking(result: unknown): boolean {
  const { status } = asRecord(result);
  return status === 'working' || status === 'submitted';
}

/** The longest id of a task: every poll sends it back in a header. */
const MAX_TASK_ID_CHARACTERS = 1024;
const TASK_ID = `a taskId of at most ${MAX_TASK_ID_CHARACTERS} characters`;

function isTaskId(value: unknown): boolean {
  return typeof value === 'string' && value.length <= MAX_TASK_ID_CHARACTERS;
}

type LegacyTask = { readonly taskId: string; readonly status: string; readonly pollInterval?: unknown };

export function judgeLegacyCreated(result: unknown): Judgement {
  const task = (result as { task?: Partial<LegacyTask> } | null)?.task;
  if (isTaskId(task?.taskId) && typeof task?.status === 'string') return USEFUL;
  return { outcome: 'PROTO_SHAPE', message: `expected result.task with status and ${TASK_ID}` };
}

function judgeStatus(result: unknown): Judgement {
  if (typeof asRecord(result).status === 'string') return USEFUL;
  return { outcome: 'PROTO_SHAPE', message: 'expected a task with a status' };
}

/** Why a task that works no longer will have no result; undefined when it has one. */
function legacyTaskProblem(result: unknown, elicitation: Target['elicitation']): Judgement | undefined {
  const { status, statusMessage } = asRecord(result);
  if (status === 'input_required' && elicitation === 'none') {
    return { outcome: 'RPC_INPUT_REQUIRED', message: `the task waits for input: ${quoted(statusMessage ?? '')}` };
  }
  if (status !== 'cancelled') return undefined;
  return { outcome: 'TOOL_ERROR', message: `the task was cancelled: ${quoted(statusMessage ?? '')}` };
}

type ModernTask = Readonly<Record<string, unknown>>;

/** How often a task may ask for input, in case it never stops asking. */
const MAX_UPDATES = 10;

/**
 * Polls the task that a server made of a tool call (extension `io.modelcontextprotocol/tasks`, SEP-2663) until it is
 * done. Input that it asks for is sent with `tasks/update`, as far as the plan allows, and once for each key: the task
 * may still list a key as open for a while afterwards. The last `tasks/get` brings the tool's result. Each request is a
 * sample.
 * @param created the request whose result was the task
 */
export async function modernTask(
  call: Call,
  created: Exchange,
  tool: Tool | undefined,
  options: TaskOptions,
  send: SendPart,
): Promise<CallEnd> {
  const { taskId, pollIntervalMs } = created.result as { taskId: string; pollIntervalMs?: unknown };
  const id = `"taskId":${JSON.stringify(taskId)}`;
  const get = partOf(call, 'tasks/get', taskId, `{${id}}`, judgeModernStatus);
  const given = new Set<string>();
  for (let updates = 0; ; ) {
    const polled = await pollTask(options, created, pollIntervalMs, () => send(get));
    const cut = endAfter(polled, created, options);
    if (cut !== undefined) return cut;
    const task = polled.result as ModernTask;
    const input = inputFor(task, given, updates < MAX_UPDATES ? options.elicitation : 'none');
    if (task.status !== 'input_required' || input === undefined) {
      return { last: polled, judgement: judgeModernTask(task, call, tool) };
    }
    if (input === '') continue;
    updates++;
    for (const key of Object.keys(asRecord(task.inputRequests))) given.add(key);
    const updated = await send(partOf(call, 'tasks/update', taskId, `{${id},${input}}`));
    if (!succeeded(updated)) return { last: updated };
  }
}

/** True for a result that is a task instead of the tool's result. */
export function isTask(result: unknown): boolean {
  return (result as { resultType?: unknown } | null)?.resultType === 'task';
}

export function judgeModernCreated(result: unknown): Judgement {
  if (isTaskId((result as { taskId?: unknown }).taskId)) return USEFUL;
  return { outcome: 'PROTO_SHAPE', message: `expected ${TASK_ID} in a result of type task` };
}

/**
 * The input that a task still needs.
 * @returns members for params, empty when everything was given; undefined when the plan does not answer it
 */
function inputFor(task: ModernTask, given: ReadonlySet<string>, elicitation: Target['elicitation']) {
  const open = Object.entries(asRecord(task.inputRequests)).filter(([key]) => !given.has(key));
  if (open.length === 0 && given.size > 0) return '';
  return answerInput({ resultType: 'input_required', inputRequests: Object.fromEntries(open) }, elicitation);
}

const MODERN_STATUSES: ReadonlySet<unknown> = new Set([
  'working',
  'completed',
  'input_required',
  'failed',
  'cancelled',
]);

function judgeModernStatus(result: unknown): Judgement {
  if (MODERN_STATUSES.has(asRecord(result).status)) return USEFUL;
  return { outcome: 'PROTO_SHAPE', message: 'expected a task with a status that the extension defines' };
}

/** Judges a task that works no longer: its tool's result, or why there is none. */
function judgeModernTask(task: ModernTask, call: Call, tool: Tool | undefined): Judgement {
  switch (task.status) {
    case 'completed':
      return call.judge(task.result, tool);
    case 'failed': {
      const { code, message } = asRecord(task.error);
      const outcome = Number.isSafeInteger(code) ? (`RPC_${code as number}` as const) : 'TOOL_ERROR';
      return { outcome, message: `the task failed: ${quoted(message ?? '')}` };
    }
    case 'cancelled':
      return { outcome: 'TOOL_ERROR', message: 'the task was cancelled' };
  }
  return { outcome: 'RPC_INPUT_REQUIRED', message: 'the task waits for input that the plan does not give' };
}

/** Interval between polls when the server does not say. */
const DEFAULT_POLL_MS = 1000;
/** Shortest interval between polls, for servers that say 0. */
const MIN_POLL_MS = 20;

/**
 * Polls a task until it is done, a poll fails or the call has taken too long, and returns the last poll. When the load
 * ends, the wait ends immediately, and nothing more is sent for a call that has ended with it.
 * @param created returned when nothing was sent
 * @param pollMs the interval that the server wishes; a later answer may change it
 */
async function pollTask(
  { clock, ended, isOver, endsByMs }: TaskOptions,
  created: Exchange,
  pollMs: unknown,
  get: () => Promise<Exchange>,
): Promise<Exchange> {
  let last = created;
  let waitMs = pollMs;
  for (;;) {
    // The connection ends the call on time; this is a little later.
    await clock.sleepUntil(Math.min(clock.now() + intervalOf(waitMs), endsByMs + MIN_POLL_MS), ended);
    if (isOver() || clock.now() >= endsByMs) return last;
    last = await get();
    if (!succeeded(last) || !isWorking(last.result)) return last;
    const { pollInterval, pollIntervalMs } = last.result as Record<string, unknown>;
    waitMs = pollIntervalMs ?? pollInterval ?? waitMs;
  }
}

function intervalOf(pollMs: unknown): number {
  return typeof pollMs === 'number' ? Math.max(MIN_POLL_MS, pollMs) : DEFAULT_POLL_MS;
}
