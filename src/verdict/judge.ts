import type { Plan } from '../plan/plan-schema.ts';
import type { Fold } from '../summary/fold.ts';
import type { Summary } from '../summary/summary.ts';
import { judgeGenerator } from './judge-generator.ts';
import { judgeThresholds } from './judge-thresholds.ts';
import type { HonestyResult, ThresholdResult, Verdict } from './verdict.ts';

export type Judged = {
  readonly verdict: Verdict;
  readonly thresholds: readonly ThresholdResult[];
  readonly rules: readonly HonestyResult[];
};

/**
 * The verdict of a run. A run that was stopped is `stopped` whatever it showed; one whose generator broke a rule is
 * `invalid` whatever its thresholds say, because neither pass nor fail could be believed.
 */
export function judge(plan: Plan, fold: Fold, summary: Summary, stopRequested: boolean): Judged {
  const thresholds = judgeThresholds(plan, fold, summary.durationSeconds);
  const rules = judgeGenerator(plan.generator, summary.generator);
  return { verdict: verdictOf(summary, thresholds, rules, stopRequested), thresholds, rules };
}

function verdictOf(
  summary: Summary,
  thresholds: readonly ThresholdResult[],
  rules: readonly HonestyResult[],
  stopRequested: boolean,
): Verdict {
  if (stopRequested) return { status: 'stopped', reasons: ['The run was stopped before its end.'] };
  const broken = rules.filter(({ ok }) => !ok);
  if (broken.length > 0) {
    return {
      status: 'invalid',
      reasons: broken.map(({ rule, detail }) => `The generator broke its rule "${rule}": ${detail}.`),
    };
  }
  if (summary.totals.requests === 0) return { status: 'invalid', reasons: ['Not a single request was measured.'] };
  const failed = thresholds.filter(({ ok }) => !ok);
  if (failed.length > 0) return { status: 'fail', reasons: failed.map(reasonOf) };
  const reason = thresholds.length === 0 ? 'The plan has no thresholds.' : held(thresholds.length);
  return { status: 'pass', reasons: [reason] };
}

function held(count: number): string {
  return count === 1 ? 'The one threshold holds.' : `All ${count} thresholds hold.`;
}

function reasonOf({ metric, expression, observed }: ThresholdResult): string {
  if (observed === null) return `${metric} ${expression}: there are no such samples, so nothing was shown.`;
  return `${metric} ${expression}: observed ${Number(observed.toPrecision(6))}.`;
}
