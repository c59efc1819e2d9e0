import { compareOperation } from '../comparison/compare-runs.ts';
import type { ComparedRun, Comparison, OperationName, RunName } from '../comparison/comparison.ts';
import type { ComparisonRules } from '../plan/comparison-schema.ts';

/** The difference between two durations that is none: goodbyes and last answers take their time. */
const DURATION_SLACK = 0.05;

/**
 * Holds every operation of a run against the same one of a baseline run.
 * @throws when a batch's histogram is damaged
 */
export function compareRuns(baseline: ComparedRun, current: ComparedRun, rules: ComparisonRules): Comparison {
  const before = new Map(baseline.operations.map((each) => [nameOf(each), each]));
  const after = new Map(current.operations.map((each) => [nameOf(each), each]));
  return {
    baseline: runName(baseline),
    current: runName(current),
    rules,
    operations: current.operations.flatMap((each) => {
      const former = before.get(nameOf(each));
      return former === undefined ? [] : [compareOperation(former, each, rules)];
    }),
    onlyInBaseline: baseline.operations.filter((each) => !after.has(nameOf(each))).map(operationName),
    onlyInCurrent: current.operations.filter((each) => !before.has(nameOf(each))).map(operationName),
    notes: notesOf(baseline, current),
  };
}

function notesOf(baseline: ComparedRun, current: ComparedRun): string[] {
  const notes: string[] = [];
  if (baseline.plan.hash !== current.plan.hash) {
    notes.push(
      `The runs had different plans (${baseline.plan.name} ${baseline.plan.hash}, ${current.plan.name} ${current.plan.hash}), so a difference may be one of the load.`,
    );
  }
  const [before, after] = [baseline.durationSeconds, current.durationSeconds];
  if (Math.abs(before - after) > DURATION_SLACK * Math.max(before, after)) {
    notes.push(
      `The runs lasted differently long: the baseline ${before.toFixed(1)} s, this one ${after.toFixed(1)} s.`,
    );
  }
  for (const [name, { verdict }] of [['baseline', baseline] as const, ['current', current] as const]) {
    if (verdict.status === 'invalid') {
      notes.push(`The ${name} run's verdict is invalid: its figures prove nothing, and neither does the comparison.`);
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

function operationName({ target, operation }: OperationName): OperationName {
  return { target, operation };
}

function nameOf({ target, operation }: OperationName): string {
  return `${target}\n${operation}`;
}
