import type { ResultJudge } from '../mcp/exchange/judgement.ts';
import type { Json } from '../plan/feed.ts';
import type { Check } from '../plan/step-schema.ts';
import { outcomeClass } from '../sample/outcome.ts';
import { compileCheck } from './checks.ts';
import type { CompiledCapture } from './compile-capture.ts';

/** Reads the text of a result that was judged before. */
export type TextOf = (result: unknown) => string;

/**
 * Adds a step's checks to the judge of its results. They look at results that were found useful or only worth a warning,
 * and turn them into TOOL_ASSERT when they do not hold.
 */
export function compileJudge(judge: ResultJudge, textOf: TextOf, checks: readonly Check[]): ResultJudge {
  if (checks.length === 0) return judge;
  const compiled = checks.map(compileCheck);
  return (result, tool) => {
    const judgement = judge(result, tool);
    if (outcomeClass(judgement.outcome) === 'failed') return judgement;
    const text = textOf(result);
    for (const check of compiled) {
      const problem = check(result, text);
      if (problem !== undefined) return { outcome: 'TOOL_ASSERT', message: problem };
    }
    return judgement;
  };
}

/**
 * Adds a step's captures to its judge: what they find in a result that is not judged a failure is kept, and one that lacks
 * it becomes TOOL_CAPTURE. In the judge and not after it, because only the judge sees the results of tasks as it sees all
 * others.
 * @param captured where to keep the values of this iteration
 */
export function captureInto(
  captured: Map<string, Json>,
  judge: ResultJudge,
  textOf: TextOf,
  captures: readonly CompiledCapture[],
): ResultJudge {
  return (result, tool) => {
    const judgement = judge(result, tool);
    if (outcomeClass(judgement.outcome) === 'failed') return judgement;
    const text = textOf(result);
    for (const { name, find, sought } of captures) {
      const value = find(result, text);
      if (value === undefined) {
        const message = `nothing to capture as ${name} ${sought}; the result's text is "${text}"`;
        return { outcome: 'TOOL_CAPTURE', message };
      }
      captured.set(name, value);
    }
    return judgement;
  };
}
