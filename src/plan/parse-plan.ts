import { isMap, LineCounter, parseDocument } from 'yaml';
import type { PlanProblem } from './plan-problem.ts';
import { describeIssue, describeProblem } from './plan-problem.ts';
import { danglingReferences } from './plan-references.ts';
import { type Plan, planSchema } from './plan-schema.ts';

/** More than any plan needs, and little enough to parse at once. */
const MAX_PLAN_CHARACTERS = 1_000_000;

/** A plan, or everything that is wrong with it. */
export type ParsedPlan =
  | { readonly ok: true; readonly plan: Plan }
  | { readonly ok: false; readonly problems: readonly PlanProblem[] };

/**
 * Parses a plan from YAML or JSON (which is YAML). Never throws for bad input: every problem comes back at once, each
 * with its path, its line and what was expected.
 */
export function parsePlan(text: string): ParsedPlan {
  if (text.length > MAX_PLAN_CHARACTERS) {
    return refused({
      path: '',
      line: 1,
      column: 1,
      message: `expected a plan of at most ${MAX_PLAN_CHARACTERS} characters`,
    });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (document.errors.length > 0) {
    return refused(
      ...document.errors.map((error) => {
        const { line, col } = lines.linePos(error.pos[0]);
        return { path: '', line, column: col, message: `not valid YAML: ${error.message}` };
      }),
    );
  }
  if (!isMap(document.contents)) {
    return refused({
      path: '',
      line: 1,
      column: 1,
      message: 'expected a plan: a mapping with name, targets and scenarios',
    });
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    return refused({ path: '', line: 1, column: 1, message: `not valid YAML: ${(error as Error).message}` });
  }
  const result = planSchema.safeParse(value, { reportInput: true });
  const dangling = danglingReferences(value);
  if (result.success && dangling.length === 0) return { ok: true, plan: result.data };
  return refused(
    ...(result.error?.issues ?? []).flatMap((issue) => describeIssue(issue, value, document, lines)),
    ...dangling.map(({ path, message }) => describeProblem(path, message, document, lines)),
  );
}

function refused(...problems: PlanProblem[]): ParsedPlan {
  const inOrder = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  return { ok: false, problems: inOrder };
}
