import { tree } from './tree.ts';

/** What the protocol itself may send, whatever the steps. */
const PROTOCOL = [
  ...[
    'initialize',
    'notifications/initialized',
    'server/discover',
    'tools/list',
    'notifications/cancelled',
    'GET',
    'DELETE',
  ],
  ...['ping', 'elicitation/create', 'sampling/createMessage', 'roots/list'].map((method) => `response:${method}`),
  'response',
];

const LISTS: Readonly<Record<string, string>> = {
  tools: 'tools/list',
  resources: 'resources/list',
  'resource-templates': 'resources/templates/list',
  prompts: 'prompts/list',
};

/** Every operation that requests of these steps, as they were written, may be counted under. */
export function operationsOf(steps: readonly unknown[]): string[] {
  return [...new Set([...steps.flatMap(operationsOfStep), ...PROTOCOL])];
}

/** What the calls of a step, as it was written, are counted under. */
export function operationOf(step: unknown): string {
  return operationsOfStep(step)[0] ?? '';
}

/** That of the call itself comes first; the others are those of a tool call that a server makes a task of. */
function operationsOfStep(step: unknown): string[] {
  const { tool, resource, prompt, complete, list, ping } = tree(step);
  if (tool !== undefined) {
    const tasks = ['get', 'update', 'result', 'cancel'].map((verb) => `tasks/${verb}:${tool}`);
    return [`tools/call:${tool}`, ...tasks];
  }
  if (resource !== undefined) return [`resources/read:${resource}`];
  if (prompt !== undefined) return [`prompts/get:${prompt}`];
  if (complete !== undefined) return [`completion/complete:${tree(complete).prompt ?? tree(complete).resource}`];
  if (typeof list === 'string') return [LISTS[list] ?? list];
  return ping === undefined ? [] : ['ping'];
}
