import type { ResultJudge } from '../mcp/exchange/judgement.ts';
import type { Check } from '../plan/step-schema.ts';
import { outcomeClass } from '../sample/outcome.ts';
import { compileCheck } from './compile-check.ts';

/**
 * Adds a step's checks to the judge of its results. They look at results that were found useful or only worth a warning,
 * and turn them into TOOL_ASSERT when they do not hold.
 * @param textOf the text of such a result
 */
export function compileJudge(
  judge: ResultJudge,
  textOf: (result: unknown) => string,
  checks: readonly Check[],
): ResultJudge {
  if (checks.length === 0) return judge;
  const compiled = checks.map(compileCheck);
  return (result, tool) => {
    const judgement = judge(result, tool);
    if (outcomeClass(judgement.outcome) === 'failed') return judgement;
    const text = textOf(result);
    for (const check of compiled) {
      const problem = check(text);
      if (problem !== undefined) return { outcome: 'TOOL_ASSERT', message: problem };
    }
    return judgement;
  };
}
