import { asRecord, isRecord } from '../../plan/primitives.ts';
import { type Judgement, type ResultJudge, USEFUL } from '../http/json-rpc.ts';
import { type Call, shapeError } from './call.ts';

const PROMPTS_GET = 'prompts/get';

/** Makes requests for one prompt; its arguments are JSON text of an object of texts. */
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

/** Judges the result of prompts/get. A prompt without messages is as empty as a tool's answer without content. */
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

/** The texts of a prompt's messages, one a line; of a result that was judged before. */
export function textOfPrompt(result: unknown): string {
  const { messages } = result as { messages: readonly { content: { type?: unknown; text?: unknown } }[] };
  return messages.flatMap(({ content }) => (typeof content.text === 'string' ? content.text : [])).join('\n');
}

const RESOURCES_READ = 'resources/read';

/**
 * Makes requests for resources; the URI is JSON text. Their samples are counted under one label however many URIs they
 * read: operations are columns of every report, and a template has any number of URIs.
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
 * Judges the result of resources/read. A resource that has no contents at all is a warning, as with tools: the agent got
 * nothing, yet no rule was broken. One whose text is empty is a resource like any other.
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

/** The texts of a resource's contents, one a line; of a result that was judged before. */
export function textOfResource(result: unknown): string {
  const { contents } = result as { contents: readonly { text?: unknown }[] };
  return contents.flatMap(({ text }) => (typeof text === 'string' ? text : [])).join('\n');
}

const COMPLETION_COMPLETE = 'completion/complete';

/** Whose argument is completed: a prompt's, by its name, or a resource template's, by its URI template. */
export type Completed = { readonly prompt: string } | { readonly resource: string };

/**
 * Makes requests to complete one argument: its value so far is JSON text, and so is the context, an object with the
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

/** Judges the result of completion/complete; that there is nothing to propose is an answer. */
export function judgeCompletion(result: unknown): Judgement {
  const completion = asRecord(result).completion;
  if (!isRecord(completion) || !Array.isArray(completion.values)) {
    return shapeError(COMPLETION_COMPLETE, 'an array "completion.values"');
  }
  if (completion.values.every((value) => typeof value === 'string')) return USEFUL;
  return shapeError(COMPLETION_COMPLETE, 'nothing but texts in completion.values');
}

/** The proposals of a completion, one a line; of a result that was judged before. */
export function textOfCompletion(result: unknown): string {
  return (result as { completion: { values: readonly string[] } }).completion.values.join('\n');
}
