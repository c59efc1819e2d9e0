import type { Target } from '../../plan/target-schema.ts';
import { type Judgement, type ResultJudge, USEFUL } from '../exchange/judgement.ts';
import type { Exchange } from '../http/exchange.ts';
import { answerInput } from '../operations/answer-input.ts';
import type { Call } from '../operations/call.ts';
import { isRecord } from '../operations/is-record.ts';
import type { Tool } from '../operations/tool.ts';
import { type PollTimes, pollTask } from './poll-task.ts';
import { succeeded } from './succeeded.ts';

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
  return isRecord(inputRequests) ? inputRequests : {};
}

function judgeModernTask(
  result: unknown,
  call: Call,
  tool: Tool | undefined,
  wanted: (task: Task) => string | undefined,
): Judgement {
  const task = isRecord(result) ? result : {};
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
