import type { ComparisonRules } from '../plan/plan-schema.ts';
import { operationId } from '../sample/block.ts';
import type { OperationPair } from './batch-pairs.ts';
import { compareLatency, isBound } from './compare-latency.ts';
import {
  type ComparedCounts,
  type ComparedFigures,
  type ComparedOperation,
  type ComparedRun,
  type Comparison,
  judgedOf,
  type OperationComparison,
  type OperationName,
  type RunName,
  type TotalsComparison,
} from './comparison.ts';
import { compareUsefulShare } from './useful-share.ts';

/**
 * Compares every operation of a run with the same operation of a baseline run.
 * @throws when a batch's histogram is damaged
 */
export function compareRuns(baseline: ComparedRun, current: ComparedRun, rules: ComparisonRules): Comparison {
  const isOld = baseline.operations.some(({ kind }) => kind === undefined);
  const nameOf = (each: ComparedOperation) =>
    operationId(isOld ? nameWithoutKind(each) : { ...each, kind: each.kind ?? 'step' });
  const before = new Map(baseline.operations.map((each) => [nameOf(each), each]));
  const after = Map.groupBy(current.operations, nameOf);
  const ambiguous = [...after.values()].filter((rows) => rows.length > 1);
  const pairs = [...after].flatMap(([name, rows]): OperationPair[] => {
    const former = before.get(name);
    return former === undefined || rows.length > 1 ? [] : [[former, rows[0] as ComparedOperation]];
  });
  const steps = pairs.filter(([, { kind }]) => kind !== 'protocol');
  return {
    baseline: runName(baseline),
    current: runName(current),
    rules,
    totals: compareTotals(steps.length > 0 ? steps : pairs, rules),
    operations: pairs.map(([former, each]) => compareOperation(former, each, rules)),
    onlyInBaseline: baseline.operations.filter((each) => !after.has(nameOf(each))).map(operationName),
    onlyInCurrent: current.operations.filter((each) => !before.has(nameOf(each))).map(operationName),
    notes: [
      ...notesOf(baseline, current),
      ...(isOld ? [oldBaselineNote(ambiguous.map((rows) => rows[0] as ComparedOperation))] : []),
    ],
  };
}

/** What cannot be compared with a report whose rows do not say of which kind an operation is. */
function oldBaselineNote(ambiguous: readonly ComparedOperation[]): string {
  const made =
    "The baseline's report was made by an earlier version: its latencies leave out requests without an answer, and its rows do not tell the plan's steps from the requests of the protocol.";
  if (ambiguous.length === 0) return made;
  const names = ambiguous.map(({ operation, target }) => `${operation} of ${target}`).join(', ');
  return `${made} Both kinds are in this run, so they are not compared: ${names}.`;
}

/** Durations that differ by less count as equal: last answers and closing sessions take some time. */
const DURATION_SLACK = 0.05;

function notesOf(baseline: ComparedRun, current: ComparedRun): string[] {
  const notes: string[] = [];
  if (baseline.plan.hash !== current.plan.hash) {
    notes.push(
      `The runs had different plans (${baseline.plan.name} ${baseline.plan.hash}, ${current.plan.name} ${current.plan.hash}), so a difference may come from the load.`,
    );
  }
  const [before, after] = [baseline.durationSeconds, current.durationSeconds];
  if (Math.abs(before - after) > DURATION_SLACK * Math.max(before, after)) {
    notes.push(
      `The runs had different lengths: ${before.toFixed(1)} s for the baseline, ${after.toFixed(1)} s for this run.`,
    );
  }
  for (const [name, { verdict }] of [['baseline', baseline] as const, ['current', current] as const]) {
    if (verdict.status === 'invalid') {
      notes.push(`The ${name} run's verdict is invalid, so this comparison proves nothing.`);
    }
    if (verdict.status === 'stopped') notes.push(`The ${name} run was stopped before its end.`);
  }
  return notes;
}

function runName({
  runId,
  plan: { name, hash },
  startedAt,
  durationSeconds,
  verdict: { status },
}: ComparedRun): RunName {
  return { runId, plan: { name, hash }, startedAt, durationSeconds, verdict: { status } };
}

function operationName({ kind, ...each }: OperationName): OperationName {
  return { ...nameWithoutKind(each), ...(kind === undefined ? {} : { kind }) };
}

function nameWithoutKind({ target, operation }: OperationName): OperationName {
  return { target, operation };
}

/** Compares one operation of two runs. @throws when a batch's histogram is damaged */
export function compareOperation(
  baseline: ComparedOperation,
  current: ComparedOperation,
  rules: ComparisonRules,
): OperationComparison {
  const { target, operation, kind = 'step' } = current;
  const share = compareUsefulShare([[baseline, current]], rules);
  const figures = { baseline: figuresOf(baseline, rules), current: figuresOf(current, rules) };
  return { target, operation, kind, ...figures, ...share, ...compareLatency(baseline, current, share, rules) };
}

/** Compares the share of useful requests of several operations together; null when there are none. */
function compareTotals(pairs: readonly OperationPair[], rules: ComparisonRules): TotalsComparison | null {
  if (pairs.length === 0) return null;
  const baseline = pairs.map(([first]) => first);
  const current = pairs.map(([, second]) => second);
  return { baseline: countsOf(baseline), current: countsOf(current), ...compareUsefulShare(pairs, rules) };
}

function countsOf(operations: readonly ComparedOperation[]): ComparedCounts {
  const sum = (of: 'count' | 'useful' | 'failures' | 'blocked') =>
    operations.reduce((total, each) => total + (each[of] ?? 0), 0);
  const [useful, failures, blocked] = [sum('useful'), sum('failures'), sum('blocked')];
  const counts = { requests: sum('count'), useful, failures, ...(blocked === 0 ? {} : { blocked }) };
  const judged = judgedOf(counts);
  return { ...counts, usefulRate: judged === 0 ? 0 : useful / judged };
}

function figuresOf(operation: ComparedOperation, { metric }: ComparisonRules): ComparedFigures {
  const { latencyMs } = operation;
  const bound = isBound(operation, metric) ? { atLeast: true as const } : {};
  return { ...countsOf([operation]), latencyMs: latencyMs?.[metric] ?? null, ...bound };
}
