import type { PlanProblem } from '../plan/plan-problem.ts';

/** A plan's problems as editors and people read them: `file:line:column path: what was expected`. */
export function showPlanProblems(file: string, problems: readonly PlanProblem[]): string {
  const lines = problems.map(
    ({ line, column, path, message }) => `  ${file}:${line}:${column}  ${path === '' ? '' : `${path}: `}${message}`,
  );
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return `${file} is no valid plan: ${count}.\n${lines.join('\n')}\n`;
}

/** Reasons that are not bound to a line. */
export function showProblems(title: string, problems: readonly string[]): string {
  return `${title}\n${problems.map((problem) => `  ${problem}`).join('\n')}\n`;
}
