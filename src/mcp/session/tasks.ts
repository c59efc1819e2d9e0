import { asRecord } from '../../plan/primitives.ts';
import type { Target } from '../../plan/target-schema.ts';
import type { Clock } from '../../traffic/clock.ts';
import type { Exchange } from '../http/exchange.ts';
import { type Judgement, type ResultJudge, USEFUL } from '../http/json-rpc.ts';
import { answerInput } from '../operations/answer-input.ts';
import { addParams, type Call } from '../operations/call.ts';
import type { Tool } from '../operations/tool.ts';
import { succeeded } from './session.ts';

/** How to wait for a task. */
type TaskOptions = {
  readonly clock: Clock;
  /** As in SessionOptions. */
  readonly ended: AbortSignal;
  readonly elicitation: Target['elicitation'];
};

/** Sends a request that follows from the call. */
type SendPart = (part: Call) => Promise<Exchange>;

/** The call of a tool that runs only as a task (revision 2025-11-25, "Tasks": `execution.taskSupport: required`). */
export function callAsTask(call: Call): Call {
  return { ...call, params: addParams(call.params, '"task":{}'), judge: judgeLegacyCreated };
}

/**
 * Polls the task that a tool call has created (revision 2025-11-25) until it is done, and fetches its result. Each
 * `tasks/get` is a sample, and so is the `tasks/result` that is returned. A task that waits for input asks for it on
 * the stream of `tasks/result`; it gets what the plan allows.
 * @param created the call itself, which succeeded
 */
export async function legacyTask(
  call: Call,
  created: Exchange,
  tool: Tool,
  options: TaskOptions,
  send: SendPart,
): Promise<Exchange> {
  const { taskId, pollInterval } = (created.result as { task: LegacyTask }).task;
  const params = JSON.stringify({ taskId });
  const part = (method: string, judge: ResultJudge): Call => {
    return {
      operation: `${method}:${tool.name}`,
      kind: 'protocol',
      method,
      name: taskId,
      params,
      judge,
      progress: false,
    };
  };
  const get = part('tasks/get', (result) => judgeLegacyTask(result, options.elicitation));
  const polled = await pollTask(options, pollInterval, () => send(get));
  // A failed task has a result too, or the error that it ended in.
  if (!succeeded(polled)) return polled;
  return send(part('tasks/result', (result) => call.judge(result, tool)));
}

type LegacyTask = { readonly taskId: string; readonly status: string; readonly pollInterval?: unknown };

function judgeLegacyCreated(result: unknown): Judgement {
  const task = (result as { task?: Partial<LegacyTask> } | null)?.task;
  if (typeof task?.taskId === 'string' && typeof task.status === 'string') return USEFUL;
  return { outcome: 'PROTO_SHAPE', message: 'expected result.task with taskId and status' };
}

function judgeLegacyTask(result: unknown, elicitation: Target['elicitation']): Judgement {
  const { status, statusMessage } = asRecord(result);
  if (status === 'input_required' && elicitation === 'none') {
    return { outcome: 'RPC_INPUT_REQUIRED', message: `the task waits for input: ${statusMessage ?? ''}` };
  }
  if (status === 'cancelled')
    return { outcome: 'TOOL_ERROR', message: `the task was cancelled: ${statusMessage ?? ''}` };
  return typeof status === 'string' ? USEFUL : { outcome: 'PROTO_SHAPE', message: 'expected a task with a status' };
}

type ModernTask = Readonly<Record<string, unknown>>;

/** How often a task may ask for input, in case it never stops asking. */
const MAX_UPDATES = 10;

/**
 * Polls the task that a server made of a tool call (extension `io.modelcontextprotocol/tasks`, SEP-2663) until it is
 * done. Input that it asks for is sent with `tasks/update`, as far as the plan allows, and once for each key: the task
 * may still list a key as open for a while afterwards. Returns the `tasks/get` that brings the tool's result. Each
 * request is a sample.
 * @param created the call itself, which succeeded
 */
export async function modernTask(
  call: Call,
  created: Exchange,
  tool: Tool | undefined,
  options: TaskOptions,
  send: SendPart,
): Promise<Exchange> {
  const { taskId, pollIntervalMs } = created.result as { taskId: string; pollIntervalMs?: unknown };
  const given = new Set<string>();
  let updates = 0;
  const wanted = (task: ModernTask) => inputFor(task, given, updates < MAX_UPDATES ? options.elicitation : 'none');
  const part = (method: string, judge: ResultJudge, more = ''): Call => {
    const params = `{"taskId":${JSON.stringify(taskId)}${more}}`;
    return {
      operation: `${method}:${call.name}`,
      kind: 'protocol',
      method,
      name: taskId,
      params,
      judge,
      progress: false,
    };
  };
  const get = part('tasks/get', (result) => judgeModernTask(result, call, tool, wanted));
  for (;;) {
    const polled = await pollTask(options, pollIntervalMs, () => send(get));
    const task = polled.result as ModernTask;
    if (!succeeded(polled) || task.status !== 'input_required') return polled;
    const input = wanted(task);
    if (input === undefined || input === '') continue;
    updates++;
    for (const key of Object.keys(asRecord(task.inputRequests))) given.add(key);
    const updated = await send(part('tasks/update', () => USEFUL, `,${input}`));
    if (!succeeded(updated)) return updated;
  }
}

/** True for a result that is a task instead of the tool's result. */
export function isTask(result: unknown): boolean {
  return (result as { resultType?: unknown } | null)?.resultType === 'task';
}

export function judgeModernCreated(result: unknown): Judgement {
  if (typeof (result as { taskId?: unknown }).taskId === 'string') return USEFUL;
  return { outcome: 'PROTO_SHAPE', message: 'expected a taskId in a result of type task' };
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

function judgeModernTask(
  result: unknown,
  call: Call,
  tool: Tool | undefined,
  wanted: (task: ModernTask) => string | undefined,
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
  return { outcome: 'PROTO_SHAPE', message: 'expected a task with a status that the extension defines' };
}

/** Interval between polls when the server does not say. */
const DEFAULT_POLL_MS = 1000;
/** Shortest interval between polls, for servers that say 0. */
const MIN_POLL_MS = 20;

/**
 * Polls a task until it is done or a poll fails, and returns the last poll. There is no time limit here: the scenario
 * sets it. When the load ends, the wait ends immediately and the next poll is refused.
 * @param pollMs the interval that the server wishes; a later answer may change it
 */
async function pollTask({ clock, ended }: TaskOptions, pollMs: unknown, get: () => Promise<Exchange>) {
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
