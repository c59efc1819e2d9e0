import type { Target } from '../../plan/target-schema.ts';
import { type Judgement, type ResultJudge, USEFUL } from '../exchange/judgement.ts';
import type { Exchange } from '../http/exchange.ts';
import { addParams } from '../operations/add-params.ts';
import type { Call } from '../operations/call.ts';
import type { Tool } from '../operations/tool.ts';
import { type PollTimes, pollTask } from './poll-task.ts';
import { succeeded } from './succeeded.ts';

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
