import { type Judgement, type ResultJudge, USEFUL } from '../exchange/judgement.ts';
import type { Call } from './call.ts';
import { isRecord } from './is-record.ts';
import { misshapen } from './misshapen.ts';

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
  if (!isRecord(result) || !Array.isArray(result.messages)) return misshapen(PROMPTS_GET, 'an array "messages"');
  for (const [index, message] of result.messages.entries()) {
    if (!isRecord(message) || typeof message.role !== 'string')
      return misshapen(PROMPTS_GET, `messages[${index}].role`);
    if (!isRecord(message.content)) return misshapen(PROMPTS_GET, `an object messages[${index}].content`);
  }
  if (result.messages.length > 0) return USEFUL;
  return { outcome: 'TOOL_EMPTY', message: 'The prompt has no messages.' };
}

/** The texts of a prompt's messages, one a line; of a result that was judged before. */
export function textOfPrompt(result: unknown): string {
  const { messages } = result as { messages: readonly { content: { type?: unknown; text?: unknown } }[] };
  return messages.flatMap(({ content }) => (typeof content.text === 'string' ? content.text : [])).join('\n');
}
