import { z } from 'zod';
import { patternSchema } from './linear-pattern.ts';
import { VALUE_NAME } from './placeholder.ts';
import { asRecord, knowsAllKeys } from './primitives.ts';

const jsonPointer = z
  .string()
  .regex(/^(\/([^~]|~[01])*)*$/, 'expected a JSON pointer such as "/structuredContent/items/0/id"');

/** A condition on useful replies; a failed check makes the outcome TOOL_ASSERT. */
export const checkSchema = z.union(
  [
    z.strictObject({ contains: z.string().min(1) }),
    z.strictObject({ matches: patternSchema }),
    z.strictObject({ notEmpty: z.literal(true) }),
    /** The result has this value at a JSON pointer (RFC 6901), e.g. `/structuredContent/total`. */
    z.strictObject({ pointer: jsonPointer, equals: z.json('expected a value that JSON can hold') }),
    /** The result, or the value at a pointer into it, matches a JSON Schema. */
    z.strictObject({ schema: z.record(z.string(), z.json()), pointer: jsonPointer.optional() }),
    /** Length of the result's text in bytes of UTF-8. */
    z
      .strictObject({ size: z.strictObject({ min: z.int().min(0).optional(), max: z.int().min(0).optional() }) })
      .refine(({ size: { min, max } }) => (min ?? 0) <= (max ?? Number.POSITIVE_INFINITY), {
        error: 'expected min to be at most max',
        path: ['size', 'min'],
      }),
  ],
  'expected one of {contains: text}, {matches: regular expression}, {notEmpty: true}, {pointer, equals}, {schema} or {size: {min, max}}',
);

/** Where to find a value in a reply; later steps of the same iteration use it as `{{name}}`. */
const captureSchema = z.union(
  [
    z.strictObject({ pointer: jsonPointer }),
    /** The first group of a regular expression in the result's text, or the whole match if it has no group. */
    z.strictObject({ matches: patternSchema }),
  ],
  'expected {pointer: JSON pointer into the result} or {matches: regular expression over its text}',
);

/** The actions; a step has exactly one of these keys. */
const ACTIONS = ['tool', 'resource', 'prompt', 'complete', 'list', 'ping'] as const;
type Action = (typeof ACTIONS)[number];

/** Keys that only some actions can have. */
const ONLY_FOR: Readonly<Record<string, readonly Action[]>> = {
  arguments: ['tool', 'prompt'],
  validateArguments: ['tool', 'prompt'],
  progress: ['tool'],
  checks: ['tool', 'resource', 'prompt', 'complete'],
  capture: ['tool', 'resource', 'prompt', 'complete'],
};

const texts = z.record(z.string(), z.string());

/** A value for the server to complete: of a prompt's argument or of a variable in a resource template. */
const completeSchema = z
  .strictObject({
    prompt: z.string().min(1).optional(),
    /** A template from resources/templates/list, e.g. `repo://{owner}/{name}`. */
    resource: z.string().min(1).optional(),
    argument: z.strictObject({ name: z.string().min(1), value: z.string() }),
    /** Values of arguments that were chosen before. */
    context: texts.optional(),
  })
  .refine(({ prompt, resource }) => (prompt === undefined) !== (resource === undefined), {
    error: 'expected one of prompt and resource',
    when: knowsAllKeys,
  });

/**
 * One call of an iteration. `{{name}}` in a text that is sent as data is replaced by a value of a feed, a captured value or
 * a generated one.
 */
export const stepSchema = z
  .strictObject({
    tool: z.string().min(1).optional(),
    /** A resource to read. */
    resource: z
      .string()
      .max(2000)
      .regex(/^([A-Za-z][A-Za-z0-9+.-]*:|\{\{)/, 'expected a URI with its scheme, e.g. "file:///notes.txt"')
      .optional(),
    prompt: z.string().min(1).optional(),
    complete: completeSchema.optional(),
    /** Read to the last page; each page is a request. */
    list: z.enum(['tools', 'resources', 'resource-templates', 'prompts']).optional(),
    ping: z.literal(true).optional(),
    /** How often this step is drawn, relative to the other steps. */
    weight: z.number().positive().max(1_000_000).default(1),
    /** Arguments of a tool, or of a prompt, which takes only texts. */
    arguments: z.record(z.string(), z.json('expected a value that JSON can hold')).optional(),
    /** False for a negative test: preflight does not compare the arguments with what the target says about them. */
    validateArguments: z.boolean().optional(),
    /** Asks the server to report progress; the answer is then an event stream. */
    progress: z.boolean().optional(),
    checks: z.array(checkSchema).default([]),
    /** Values for later steps of the same iteration; a reply without one of them is TOOL_CAPTURE. */
    capture: z
      .record(z.string().regex(VALUE_NAME, 'expected a name of letters, digits and _'), captureSchema)
      .default({}),
  })
  .superRefine(
    (step, context) => {
      const [action, ...others] = ACTIONS.filter((key) => step[key] !== undefined);
      const add = (path: string[], message: string, input: unknown) =>
        context.addIssue({ code: 'custom', path, message, input });
      if (action === undefined) return add([], `expected one of ${ACTIONS.join(', ')}`, step);
      for (const other of others)
        add([other], `expected one of ${ACTIONS.join(', ')}; this step already has ${action}`, undefined);
      for (const [key, actions] of Object.entries(ONLY_FOR)) {
        // As the file has it, because this also runs on a step whose values were refused.
        const value: unknown = step[key as keyof typeof step];
        const isEmpty = value === null || (typeof value === 'object' && Object.keys(value).length === 0);
        const given = value !== undefined && !isEmpty;
        if (given && !actions.includes(action)) {
          add([key], `expected no ${key} with ${action}, only with ${actions.join(', ')}`, undefined);
        }
      }
      if (action !== 'prompt') return;
      for (const [name, value] of Object.entries(asRecord(step.arguments))) {
        if (typeof value !== 'string')
          add(['arguments', name], 'expected a text, because prompts take no other arguments', value);
      }
    },
    { when: knowsAllKeys },
  );

export type Check = z.output<typeof checkSchema>;
export type Capture = z.output<typeof captureSchema>;
/** Exactly one of `tool`, `resource`, `prompt`, `complete`, `list` and `ping` is set. */
export type Step = z.output<typeof stepSchema>;
export type ListName = NonNullable<Step['list']>;

/** The operations that the protocol itself may send, whatever the steps. */
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

/** Every operation that the requests of these steps can count as. @param steps as the file has them */
export function operationsOf(steps: readonly unknown[]): string[] {
  return [...new Set([...steps.flatMap(operationsOfStep), ...PROTOCOL])];
}

/** The operation that the calls of a step count as. @param step as the file has it */
export function operationOf(step: unknown): string {
  return operationsOfStep(step)[0] ?? '';
}

/** The operation of the call comes first; the others are those of a tool call that the server turns into a task. */
function operationsOfStep(step: unknown): string[] {
  const { tool, resource, prompt, complete, list, ping } = asRecord(step);
  if (tool !== undefined) {
    const tasks = ['get', 'update', 'result', 'cancel'].map((verb) => `tasks/${verb}:${tool}`);
    return [`tools/call:${tool}`, ...tasks];
  }
  if (resource !== undefined) return [`resources/read:${resource}`];
  if (prompt !== undefined) return [`prompts/get:${prompt}`];
  if (complete !== undefined)
    return [`completion/complete:${asRecord(complete).prompt ?? asRecord(complete).resource}`];
  if (typeof list === 'string') return [LISTS[list] ?? list];
  return ping === undefined ? [] : ['ping'];
}
