import { boundedJson } from '../../plan/bounded-text.ts';
import { type LinearPattern, planPattern } from '../../plan/linear-pattern.ts';
import { isRecord } from '../../plan/primitives.ts';
import type { Target } from '../../plan/target-schema.ts';
import { readsLikeError } from '../../sample/error-text.ts';
import { type Judgement, type ResultJudge, USEFUL } from '../http/json-rpc.ts';
import { type Call, shapeError } from './call.ts';
import type { Tool } from './tool.ts';

const judgeShape: ResultJudge = (result, tool) => judgeToolResult(result, [], tool);

/** Makes calls of one tool. Everything but the arguments (JSON text of an object) is prepared once. */
export function callTool(
  name: string,
  judge: ResultJudge = judgeShape,
  progress = false,
): (argumentsJson: string) => Call {
  const method = 'tools/call';
  const operation = `${method}:${name}`;
  const head = `{"name":${JSON.stringify(name)},"arguments":`;
  return (argumentsJson) => ({ operation, method, name, params: `${head}${argumentsJson}}`, judge, progress });
}

type SoftError = { readonly pattern: LinearPattern; readonly outcome: 'TOOL_QUOTA' | 'TOOL_SOFT_ERROR' };

/** Compiles a target's patterns for errors that appear in the text of ordinary results. */
export function compileSoftErrors(softErrors: Target['softErrors']): readonly SoftError[] {
  return softErrors.map(({ pattern, outcome }) => ({ pattern: planPattern(pattern), outcome }));
}

/**
 * Judges the result of tools/call, without the plan's own checks. The first problem decides: a wrong shape, an error of
 * the tool, a soft error in the text, structured content that is missing or does not match the tool's outputSchema (MCP
 * 2025-06-18, "Output Schema"), no content at all, a text that reads like a failure.
 * @param tool what tools/list said about the tool, where that is known
 */
export function judgeToolResult(result: unknown, softErrors: readonly SoftError[], tool?: Tool): Judgement {
  if (!isRecord(result)) return shapeError('tools/call', `an object, got ${boundedJson(result)}`);
  const problem = contentProblem(result);
  if (problem !== undefined) return shapeError('tools/call', problem);
  const text = textOfTool(result);
  if (result.isError === true) return { outcome: 'TOOL_ERROR', message: text };
  for (const { pattern, outcome } of softErrors) {
    if (pattern.test(text)) return { outcome, message: text };
  }
  const mismatch = tool?.outputProblem?.(result.structuredContent);
  if (typeof mismatch === 'string') return { outcome: 'TOOL_SCHEMA', message: mismatch };
  if (text === '' && result.structuredContent === undefined && !hasOtherContent(result)) {
    return { outcome: 'TOOL_EMPTY', message: 'The result has no content.' };
  }
  if (readsLikeError(text)) return { outcome: 'TOOL_READS_LIKE_ERROR', message: text };
  if (mismatch !== undefined) {
    return { outcome: 'TOOL_UNCHECKED', message: `the outputSchema cannot be checked: ${mismatch.unchecked}` };
  }
  return USEFUL;
}

/** The texts in a tool result's content, one per line. The result must have been judged before. */
export function textOfTool(result: unknown): string {
  const texts: string[] = [];
  for (const { type, text } of contentOf(result)) if (type === 'text') texts.push(text as string);
  return texts.join('\n');
}

/** What does not match the specification. Content may be absent: clients treat that as empty. */
function contentProblem({ content = [] }: Readonly<Record<string, unknown>>): string | undefined {
  if (!Array.isArray(content)) return 'an array "content"';
  for (const [index, part] of content.entries()) {
    if (!isRecord(part) || typeof part.type !== 'string') return `content[${index}].type`;
    if (part.type === 'text' && typeof part.text !== 'string') return `content[${index}].text`;
  }
  return undefined;
}

function hasOtherContent(result: unknown): boolean {
  return contentOf(result).some(({ type }) => type !== 'text');
}

function contentOf(result: unknown): readonly { readonly type: string; readonly text?: unknown }[] {
  return (result as { content?: readonly { type: string }[] }).content ?? [];
}
