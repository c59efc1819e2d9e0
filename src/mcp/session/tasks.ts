import { asRecord } from '../../plan/primitives.ts';
import type { Target } from '../../plan/target-schema.ts';
import type { Clock } from '../../traffic/clock.ts';
import type { Exchange } from '../http/exchange.ts';
import { type Judgement, type ResultJudge, USEFUL } from '../http/json-rpc.ts';
import { answerInput } from '../operations/answer-input.ts';
import { addParams, type Call } from '../operations/call.ts';
import type { Tool } from '../operations/tool.ts';
import { succeeded } from './session.ts';

/** How often to ask for a task whose server does not say. */
const DEFAULT_POLL_MS = 1000;
/** A server that says 0 is asked no faster than this. */
const MIN_POLL_MS = 20;

/** When to ask for a task again, and when no more. */
export type PollTimes = {
  readonly clock: Clock;
  /** As in SessionOptions. */
  readonly ended: AbortSignal;
};

/**
 * Asks for a task until it is done or the asking fails; the last answer is returned. How long that may take is the
 * scenario's business, up to the end of the load: then the waiting ends at once, and asking once more fails.
 * @param pollMs as the server wishes; what later answers say instead counts from then on
 */
export async function pollTask(
  { clock, ended }: PollTimes,
  pollMs: unknown,
  get: () => Promise<Exchange>,
): Promise<Exchange> {
  let waitMs = pollMs;
  for (;;) {
    await clock.sleepUntil(clock.now() + intervalOf(waitMs), ended);
    const exchange = await get();
    if (!succeeded(exchange)) return exchange;
    const { status, pollInterval, pollIntervalMs } = exchange.result as Record<string, unknown>;
    if (status !== 'working' && status !== 'submitted') return exchange;
    waitMs = pollIntervalMs ?? pollInterval ?? waitMs;
  }
}

function intervalOf(pollMs: unknown): number {
  return typeof pollMs === 'number' ? Math.max(MIN_POLL_MS, pollMs) : DEFAULT_POLL_MS;
}

/** The call of a tool that runs only as a task (revision 2025-11-25, "Tasks": `execution.taskSupport: required`). */
export function callAsTask(call: Call): Call {
  return { ...call, params: addParams(call.params, '"task":{}'), judge: judgeLegacyCreated };
}

/**
 * Calls a tool as a task and asks for it until it is done. Every request is a sample: the call itself, each `tasks/get`,
 * and the `tasks/result` that brings what the tool has to say, which is returned. A task that waits for input asks for it
 * on the stream of `tasks/result`, as far as the plan lets us answer.
 * @param send sends the call itself, and the requests that follow it
 */
export async function legacyTask(
  call: Call,
  tool: Tool,
  ways: PollTimes & { readonly elicitation: Target['elicitation'] },
  send: (part: Call) => Promise<Exchange>,
): Promise<Exchange> {
  const created = await send(call);
  if (!succeeded(created)) return created;
  const { taskId, pollInterval } = (created.result as { task: LegacyTask }).task;
  const params = JSON.stringify({ taskId });
  const part = (method: string, judge: ResultJudge): Call => {
    return { operation: `${method}:${tool.name}`, method, name: taskId, params, judge, progress: false };
  };
  const get = part('tasks/get', (result) => judgeLegacyTask(result, ways.elicitation));
  const polled = await pollTask(ways, pollInterval, () => send(get));
  // A failed task has a result too, or the error that it ended in.
  if (!succeeded(polled)) return polled;
  return send(part('tasks/result', call.judge));
}

type LegacyTask = { readonly taskId: string; readonly status: string; readonly pollInterval?: unknown };

function judgeLegacyCreated(result: unknown): Judgement {
  const task = (result as { task?: Partial<LegacyTask> } | null)?.task;
  if (typeof task?.taskId === 'string' && typeof task.status === 'string') return USEFUL;
  return { outcome: 'PROTO_SHAPE', message: 'expected result.task with taskId and status' };
}

function judgeLegacyTask(result: unknown, elicitation: Target['elicitation']): Judgement {
  const { status, statusMessage } = (result ?? {}) as { status?: unknown; statusMessage?: unknown };
  if (status === 'input_required' && elicitation === 'none') {
    return { outcome: 'RPC_INPUT_REQUIRED', message: `the task waits for input: ${statusMessage ?? ''}` };
  }
  if (status === 'cancelled')
    return { outcome: 'TOOL_ERROR', message: `the task was cancelled: ${statusMessage ?? ''}` };
  return typeof status === 'string' ? USEFUL : { outcome: 'PROTO_SHAPE', message: 'expected a task with a status' };
}

type Task = Readonly<Record<string, unknown>>;
type Ways = PollTimes & { readonly elicitation: Target['elicitation'] };

/** A task that asks for input more often than this never ends. */
const MAX_UPDATES = 10;

/**
 * Asks for the task that a server made of a tool call (extension `io.modelcontextprotocol/tasks`, SEP-2663) until it is
 * done; input that it asks for meanwhile is sent by `tasks/update`, as far as the plan lets us, and for each key once: the
 * task may show it as wanted for a while after. The `tasks/get` that brings the tool's result is returned. Every request
 * is a sample.
 */
export async function modernTask(
  call: Call,
  created: Exchange,
  tool: Tool | undefined,
  ways: Ways,
  send: (part: Call) => Promise<Exchange>,
): Promise<Exchange> {
  const { taskId, pollIntervalMs } = created.result as { taskId: string; pollIntervalMs?: unknown };
  const given = new Set<string>();
  let updates = 0;
  const wanted = (task: Task) => inputFor(task, given, updates < MAX_UPDATES ? ways.elicitation : 'none');
  const part = (method: string, judge: ResultJudge, more = ''): Call => {
    const params = `{"taskId":${JSON.stringify(taskId)}${more}}`;
    return { operation: `${method}:${call.name}`, method, name: taskId, params, judge, progress: false };
  };
  const get = part('tasks/get', (result) => judgeModernTask(result, call, tool, wanted));
  for (;;) {
    const polled = await pollTask(ways, pollIntervalMs, () => send(get));
    const task = polled.result as Task;
    if (!succeeded(polled) || task.status !== 'input_required') return polled;
    const input = wanted(task);
    if (input === undefined || input === '') continue;
    updates++;
    for (const key of Object.keys(requestsOf(task))) given.add(key);
    const updated = await send(part('tasks/update', () => USEFUL, `,${input}`));
    if (!succeeded(updated)) return updated;
  }
}

/** True for a result that is a task and not yet what was asked for. */
export function isTask(result: unknown): boolean {
  return (result as { resultType?: unknown } | null)?.resultType === 'task';
}

export function judgeModernCreated(result: unknown): Judgement {
  if (typeof (result as { taskId?: unknown }).taskId === 'string') return USEFUL;
  return { outcome: 'PROTO_SHAPE', message: 'expected a taskId in a result of type task' };
}

/**
 * The input that a task asks for and has not been given, in the form of a result that asks for some.
 * @returns members for params, empty when all was given; undefined when the plan does not answer it
 */
function inputFor(task: Task, given: ReadonlySet<string>, elicitation: Target['elicitation']): string | undefined {
  const open = Object.entries(requestsOf(task)).filter(([key]) => !given.has(key));
  if (open.length === 0 && given.size > 0) return '';
  return answerInput({ resultType: 'input_required', inputRequests: Object.fromEntries(open) }, elicitation);
}

function requestsOf({ inputRequests }: Task): Task {
  return asRecord(inputRequests);
}

function judgeModernTask(
  result: unknown,
  call: Call,
  tool: Tool | undefined,
  wanted: (task: Task) => string | undefined,
): Judgement {
  const task = asRecord(result);
  switch (task.status) {
    case 'working':
      return USEFUL;
    case 'completed':
      return call.judge(task.result, tool);
    case 'input_required':
      if (wanted(task) !== undefined) return USEFUL;
      return { outcome: 'RPC_INPUT_REQUIRED', message: 'the task waits for input that the plan does not give' };
    case 'failed': {
      const { code, message } = (task.error ?? {}) as { message?: unknown; code?: unknown };
      const outcome = Number.isSafeInteger(code) ? (`RPC_${code as number}` as const) : 'TOOL_ERROR';
      return { outcome, message: `the task failed: ${message ?? ''}` };
    }
    case 'cancelled':
      return { outcome: 'TOOL_ERROR', message: 'the task was cancelled' };
  }
  return { outcome: 'PROTO_SHAPE', message: 'expected a task with a status that the extension knows' };
}
