import type { Target } from '../../plan/target-schema.ts';
import type { Judgement } from '../exchange/classify.ts';

/** Looks at the result of a JSON-RPC response that succeeded; may find that it did not, after all. */
export type ResultJudge = (result: unknown) => Judgement;

type SoftError = { readonly pattern: RegExp; readonly outcome: 'TOOL_QUOTA' | 'TOOL_SOFT_ERROR' };

export const USEFUL: Judgement = { outcome: 'OK', message: '' };

/** Compiles a target's patterns for errors that stand in ordinary results. */
export function compileSoftErrors(softErrors: Target['softErrors']): readonly SoftError[] {
  return softErrors.map(({ pattern, outcome }) => ({ pattern: new RegExp(pattern, 'u'), outcome }));
}

/** Judges the result of tools/call up to, but without, the plan's own checks. */
export function judgeToolResult(result: unknown, softErrors: readonly SoftError[]): Judgement {
  if (typeof result !== 'object' || result === null || Array.isArray(result))
    return { outcome: 'PROTO_SHAPE', message: JSON.stringify(result) };
  const { isError, structuredContent } = result as { isError?: unknown; structuredContent?: unknown };
  const text = textOf(result);
  if (isError === true) return { outcome: 'TOOL_ERROR', message: text };
  for (const { pattern, outcome } of softErrors) {
    if (pattern.test(text)) return { outcome, message: text };
  }
  if (text === '' && structuredContent === undefined && !hasContent(result)) {
    return { outcome: 'TOOL_EMPTY', message: 'The result has no content.' };
  }
  return USEFUL;
}

/** The texts of a tool result's content, one a line. */
export function textOf(result: unknown): string {
  const { content } = result as { content?: unknown };
  if (!Array.isArray(content)) return '';
  const texts: string[] = [];
  for (const part of content) {
    if (part?.type === 'text' && typeof part.text === 'string') texts.push(part.text);
  }
  return texts.join('\n');
}

/** True when there is content of any kind but text. */
function hasContent(result: unknown): boolean {
  const { content } = result as { content?: unknown };
  return Array.isArray(content) && content.some((part) => part?.type !== 'text');
}
