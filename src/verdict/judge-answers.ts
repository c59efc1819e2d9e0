import type { Plan } from '../plan/plan-schema.ts';
import { operationOf } from '../plan/step-schema.ts';
import { warmUpPhasesOf } from '../plan/timeline.ts';
import { isOfKind, type OperationKind } from '../sample/block.ts';
import { isTimeout, type Outcome } from '../sample/outcome.ts';
import { type Cell, type Fold, sentOf } from '../summary/fold.ts';
import { sorted } from '../summary/percentiles.ts';

/** What a run shows about the operations and the scenarios of its plan, apart from its thresholds. */
export type AnswerProblems = {
  /** One sentence for each operation without a useful answer, and each scenario of which no iteration finished. */
  readonly failed: readonly string[];
  /** One sentence for each operation that was never called. */
  readonly uncalled: readonly string[];
};

type Operation = { readonly target: string; readonly operation: string };

/**
 * Finds the operations of a plan that nothing useful is known about. A run cannot pass with one of them, whatever its
 * thresholds say: a target that answers nothing has no latencies that could be too long.
 */
export function findAnswerProblems(plan: Plan, fold: Fold): AnswerProblems {
  const warmUpPhases = warmUpPhasesOf(plan);
  const failed: string[] = [];
  const uncalled: string[] = [];
  for (const operation of operationsOf(plan)) {
    const cells = cellsOf(fold, operation, 'step');
    const calls = cells.filter((cell) => sentOf(cell) > 0);
    const measured = calls.filter(({ phase }) => phase >= warmUpPhases);
    const judged = measured.length > 0 ? measured : calls;
    const blocked = cells.filter((cell) => cell.blocked !== undefined && cell.phase >= warmUpPhases);
    const refusal = measured.length > 0 ? undefined : refusalOf(fold, operation.target, calls, blocked);
    const when = calls.length > 0 ? ' after the warm-up' : '';
    if (judged.length > 0 && !judged.some(({ useful }) => useful.length > 0)) {
      const warm = measured.length > 0 ? '' : ', all sent during the warm-up';
      failed.push(`${named(operation)}: ${noneUseful(judged)}${warm}.`);
    } else if (refusal !== undefined) {
      failed.push(`${named(operation)}: never called${when}, because no session could be opened (${refusal}).`);
    } else if (measured.length === 0) {
      uncalled.push(`${named(operation)} was never called${when}, so the run shows nothing about it.`);
    }
  }
  return { failed: [...failed, ...unopenedSentences(plan, fold), ...unfinishedSentences(plan, fold)], uncalled };
}

/** The operations of the plan's steps, each once, in the order of the plan. */
function operationsOf({ scenarios }: Plan): Operation[] {
  const all = Object.values(scenarios).flatMap(({ target, steps }) => {
    return steps.map((step) => ({ target, operation: operationOf(step) }));
  });
  return [...new Map(all.map((each) => [named(each), each])).values()];
}

function cellsOf(fold: Fold, { target, operation }: Operation, kind: OperationKind): Cell[] {
  return fold.cells.filter((cell) => cell.target === target && cell.operation === operation && isOfKind(cell, kind));
}

function named({ target, operation }: Operation): string {
  return `${operation} of ${target}`;
}

/** Why an operation was not called, if opening its sessions failed; undefined otherwise. */
function refusalOf(fold: Fold, target: string, calls: readonly Cell[], blocked: readonly Cell[]): string | undefined {
  const refusal = calls.length === 0 ? openingRefusal(fold, target) : undefined;
  return refusal ?? (blocked.length > 0 ? outcomesOf(blocked, () => true).join(', ') : undefined);
}

/** The requests that open a session. */
const OPENING = ['initialize', 'notifications/initialized', 'tools/list'];

/** How opening sessions with a target failed; undefined when a session was opened, or none was tried. */
function openingRefusal(fold: Fold, target: string): string | undefined {
  for (const operation of OPENING) {
    const cells = cellsOf(fold, { target, operation }, 'protocol');
    if (cells.length > 0 && !cells.some(({ useful }) => useful.length > 0)) return `${operation}: ${noneUseful(cells)}`;
  }
  return undefined;
}

/** A sentence for each target whose only load are sessions, none of which could be opened. */
function unopenedSentences({ scenarios }: Plan, fold: Fold): string[] {
  const all = Object.values(scenarios);
  const targets = new Set(all.map(({ target }) => target));
  for (const { target, steps } of all) if (steps.length > 0) targets.delete(target);
  return [...targets].flatMap((target) => {
    const refusal = openingRefusal(fold, target);
    return refusal === undefined ? [] : [`No session with ${target} could be opened (${refusal}).`];
  });
}

/** A sentence for each scenario that began iterations and finished none. */
function unfinishedSentences({ scenarios }: Plan, fold: Fold): string[] {
  return Object.keys(scenarios).flatMap((scenario) => {
    const cells = fold.iterations.filter((cell) => cell.scenario === scenario);
    const begun = cells.reduce((sum, { aborted }) => sum + aborted, 0);
    if (begun === 0 || cells.some(({ durations }) => durations.length > 0)) return [];
    return [
      `Scenario ${scenario}: ${begun === 1 ? 'its only iteration did not finish' : `none of ${begun} iterations finished`}.`,
    ];
  });
}

/** The most frequent outcomes that a sentence lists. */
const MAX_OUTCOMES = 3;

/** How the requests of some cells ended, none of which was useful. */
function noneUseful(cells: readonly Cell[]): string {
  const sent = cells.reduce((sum, cell) => sum + sentOf(cell), 0);
  const waits = sorted(cells.flatMap(({ silent, censored }) => [silent, censored]));
  const longest = `longest wait ${((waits.at(-1) ?? 0) / 1e6).toFixed(1)} s`;
  if (waits.length === sent) {
    return sent === 1
      ? `its only call was not answered (${longest})`
      : `none of ${sent} calls was answered (${longest})`;
  }
  const silence = waits.length === 0 ? [] : [`${waits.length} without an answer, ${longest}`];
  const ended = [...outcomesOf(cells, (outcome) => !isTimeout(outcome)), ...silence].join(', ');
  return sent === 1 ? `its only call was not useful (${ended})` : `none of ${sent} calls was useful (${ended})`;
}

/** The failures by outcome, the most frequent first. @param isListed selects outcomes */
function outcomesOf(cells: readonly Cell[], isListed: (outcome: Outcome) => boolean): string[] {
  const counts = new Map<string, number>();
  for (const { failures } of cells) {
    for (const [outcome, count = 0] of Object.entries(failures)) {
      if (isListed(outcome as Outcome)) counts.set(outcome, (counts.get(outcome) ?? 0) + count);
    }
  }
  const all = [...counts].toSorted(([, a], [, b]) => b - a).map(([outcome, count]) => `${count} ${outcome}`);
  return all.length <= MAX_OUTCOMES ? all : [...all.slice(0, MAX_OUTCOMES), 'others'];
}
