import { asRecord, isRecord } from '../../plan/primitives.ts';
import { type Judgement, type ResultJudge, USEFUL } from '../http/json-rpc.ts';
import { type Call, shapeError } from './call.ts';

const PROMPTS_GET = 'prompts/get';

/** Makes requests for one prompt. Its arguments are JSON text of an object of strings. */
export function getPrompt(name: string, judge: ResultJudge = judgePrompt): (argumentsJson: string) => Call {
  const operation = `${PROMPTS_GET}:${name}`;
  const head = `{"name":${JSON.stringify(name)},"arguments":`;
  return (argumentsJson) => ({
    operation,
    method: PROMPTS_GET,
    name,
    params: `${head}${argumentsJson}}`,
    judge,
    progress: false,
  });
}

/** Judges the result of prompts/get. A prompt without messages counts as empty, like a tool result without content. */
export function judgePrompt(result: unknown): Judgement {
  if (!isRecord(result) || !Array.isArray(result.messages)) return shapeError(PROMPTS_GET, 'an array "messages"');
  for (const [index, message] of result.messages.entries()) {
    if (!isRecord(message) || typeof message.role !== 'string')
      return shapeError(PROMPTS_GET, `messages[${index}].role`);
    if (!isRecord(message.content)) return shapeError(PROMPTS_GET, `an object messages[${index}].content`);
  }
  if (result.messages.length > 0) return USEFUL;
  return { outcome: 'TOOL_EMPTY', message: 'The prompt has no messages.' };
}

/** The texts of a prompt's messages, one per line. The result must have been judged before. */
export function textOfPrompt(result: unknown): string {
  const { messages } = result as { messages: readonly { content: { type?: unknown; text?: unknown } }[] };
  return messages.flatMap(({ content }) => (typeof content.text === 'string' ? content.text : [])).join('\n');
}

const RESOURCES_READ = 'resources/read';

/**
 * Makes requests for resources. The URI is JSON text. All samples count under one label, whatever the URI: each
 * operation is a row of the report, and a template may have any number of URIs.
 */
export function readResource(label: string, judge: ResultJudge = judgeResource): (uriJson: string) => Call {
  const operation = `${RESOURCES_READ}:${label}`;
  return (uriJson) => ({
    operation,
    method: RESOURCES_READ,
    name: JSON.parse(uriJson),
    params: `{"uri":${uriJson}}`,
    judge,
    progress: false,
  });
}

/**
 * Judges the result of resources/read. A resource without any contents is a warning, as with tools: the agent got
 * nothing, but no rule was broken. A resource with an empty text is useful.
 */
export function judgeResource(result: unknown): Judgement {
  if (!isRecord(result) || !Array.isArray(result.contents)) return shapeError(RESOURCES_READ, 'an array "contents"');
  for (const [index, part] of result.contents.entries()) {
    if (!isRecord(part) || typeof part.uri !== 'string') return shapeError(RESOURCES_READ, `contents[${index}].uri`);
    if (typeof part.text !== 'string' && typeof part.blob !== 'string') {
      return shapeError(RESOURCES_READ, `contents[${index}].text or .blob`);
    }
  }
  return result.contents.length > 0 ? USEFUL : { outcome: 'TOOL_EMPTY', message: 'The resource has no contents.' };
}

/** The texts of a resource's contents, one per line. The result must have been judged before. */
export function textOfResource(result: unknown): string {
  const { contents } = result as { contents: readonly { text?: unknown }[] };
  return contents.flatMap(({ text }) => (typeof text === 'string' ? text : [])).join('\n');
}

const COMPLETION_COMPLETE = 'completion/complete';

/** What has the argument: a prompt, by its name, or a resource template, by its URI template. */
type Completed = { readonly prompt: string } | { readonly resource: string };

/**
 * Makes requests to complete one argument. The value so far is JSON text, and so is the context: an object with the
 * values of other arguments.
 */
export function completeArgument(
  completed: Completed,
  argument: string,
  judge: ResultJudge = judgeCompletion,
): (valueJson: string, contextJson?: string) => Call {
  const [name, ref] =
    'prompt' in completed
      ? [completed.prompt, { type: 'ref/prompt', name: completed.prompt }]
      : [completed.resource, { type: 'ref/resource', uri: completed.resource }];
  const operation = `${COMPLETION_COMPLETE}:${name}`;
  const head = `{"ref":${JSON.stringify(ref)},"argument":{"name":${JSON.stringify(argument)},"value":`;
  return (valueJson, contextJson) => {
    const context = contextJson === undefined ? '' : `,"context":{"arguments":${contextJson}}`;
    return {
      operation,
      method: COMPLETION_COMPLETE,
      name: undefined,
      params: `${head}${valueJson}}${context}}`,
      judge,
      progress: false,
    };
  };
}

/** Judges the result of completion/complete. A completion without proposals is useful too. */
export function judgeCompletion(result: unknown): Judgement {
  const completion = asRecord(result).completion;
  if (!isRecord(completion) || !Array.isArray(completion.values)) {
    return shapeError(COMPLETION_COMPLETE, 'an array "completion.values"');
  }
  if (completion.values.every((value) => typeof value === 'string')) return USEFUL;
  return shapeError(COMPLETION_COMPLETE, 'only strings in completion.values');
}

/** The proposals of a completion, one per line. The result must have been judged before. */
export function textOfCompletion(result: unknown): string {
  return (result as { completion: { values: readonly string[] } }).completion.values.join('\n');
}
