import type { Plan } from '../plan/plan-schema.ts';
import type { Fold } from '../summary/fold.ts';
import type { RequestTotals, Summary } from '../summary/summary.ts';
import { findCeiling, judgeStages } from './ceiling.ts';
import { feedEndSentences } from './feed-end.ts';
import { type AnswerProblems, findAnswerProblems } from './judge-answers.ts';
import { judgeGenerator } from './judge-generator.ts';
import { judgeThresholds } from './judge-thresholds.ts';
import { scenarioDelays } from './scenario-delays.ts';
import type { Abort, BrokenCondition, Ceiling, GeneratorCheck, ThresholdResult, Verdict } from './verdict.ts';

export type Judged = {
  readonly verdict: Verdict;
  readonly thresholds: readonly ThresholdResult[];
  readonly rules: readonly GeneratorCheck[];
  /** Only for plans with conditions over stages. */
  readonly ceiling?: Ceiling;
};

/**
 * The verdict of a run. A stopped run is `stopped`, whatever it showed. If a rule about the load is broken, the run is
 * `invalid`, whatever its thresholds say: neither pass nor fail could be trusted. A run that one of its conditions
 * aborted has failed. A condition over stages is the exception, because it found the ceiling that it looked for. A run with
 * an operation that never had a useful answer has failed too. A run without thresholds, or with an operation that was never
 * called, is `unjudged`.
 */
export function judge(
  plan: Plan,
  fold: Fold,
  summary: Summary,
  stopRequested: boolean,
  abort: Abort | undefined = undefined,
): Judged {
  const stages = judgeStages(plan, fold, summary.durationSeconds, abort);
  const ceiling = findCeiling(plan, stages);
  const thresholds = judgeThresholds(plan, fold, summary.durationSeconds, stages);
  const rules = judgeGenerator(plan.generator, summary.generator, scenarioDelays(plan, fold));
  const judged = { thresholds, rules, ...(ceiling === undefined ? {} : { ceiling }) };
  const isStopped = stopRequested && abort === undefined;
  const answers = findAnswerProblems(plan, fold);
  const verdict = isStopped
    ? { ...STOPPED, reasons: [...STOPPED.reasons, ...answers.failed] }
    : verdictOf(summary, judged, abort, answers);
  const reasons = [...verdict.reasons, ...feedEndSentences(plan, summary.scenarios)];
  return { verdict: { ...verdict, reasons }, ...judged };
}

const STOPPED: Verdict = { status: 'stopped', reasons: ['The run was stopped before its end.'] };

function verdictOf(
  summary: Summary,
  { thresholds, rules, ceiling }: Omit<Judged, 'verdict'>,
  abort: Abort | undefined,
  answers: AnswerProblems,
): Verdict {
  const aborted = abort === undefined || abort.over === 'stage' ? [] : [abortSentence(abort)];
  const brokenRules = rules.filter(({ ok }) => !ok);
  if (brokenRules.length > 0) {
    const reasons = brokenRules.map(({ rule, detail }) => `Rule "${rule}" is broken: ${detail}.`);
    return { status: 'invalid', reasons: [...reasons, ...answers.failed, ...aborted] };
  }
  const found = ceiling === undefined ? [] : [ceilingSentence(ceiling)];
  const failed = thresholds.filter((result) => !result.ok && !isAbortCondition(result, abort));
  const broken = [...aborted, ...failed.map(thresholdSentence), ...found];
  if (answers.failed.length > 0) {
    return { status: 'fail', reasons: [...answers.failed, ...broken, ...answers.uncalled] };
  }
  if (summary.totals.requests === 0) {
    return { status: 'invalid', reasons: ['No requests were measured.', ...answers.uncalled] };
  }
  if (failed.length + aborted.length > 0) return { status: 'fail', reasons: [...broken, ...answers.uncalled] };
  const others = thresholds.filter(({ over }) => over !== 'stage').length;
  const met = others === 0 ? found : [...found, metSentence(others)];
  if (answers.uncalled.length > 0) return { status: 'unjudged', reasons: [...answers.uncalled, ...met] };
  return thresholds.length === 0
    ? { status: 'unjudged', reasons: [unjudgedSentence(summary)] }
    : { status: 'pass', reasons: met };
}

/** Whether a result is of the condition that aborted the run; it is reported once, as the abort. */
function isAbortCondition({ metric, expression, over }: ThresholdResult, abort: Abort | undefined): boolean {
  if (abort === undefined || abort.over === 'stage') return false;
  return metric === abort.metric && expression === abort.expression && (over ?? 'run') === abort.over;
}

/** Why the run was aborted. */
function abortSentence(abort: Abort): string {
  return `Aborted ${short(abort.atSeconds, 3)} s after the start: ${named(abort)}, ${observation(abort)}.`;
}

/** Up to which level the conditions over stages held. */
export function ceilingSentence({ held, broke, unit, scenario, stages }: Ceiling): string {
  if (broke !== null && held === null)
    return `Scenario ${scenario} broke at ${level(broke, unit)}, in its first stage.`;
  if (broke !== null) {
    return `Scenario ${scenario} held at ${level(held as number, unit)} and broke at ${short(broke)}.`;
  }
  if (held === null) return `Scenario ${scenario} completed none of its stages.`;
  const all = stages.every((stage) => stage.held === true) ? 'in every stage, up to' : 'up to';
  return `Scenario ${scenario} held ${all} ${level(held, unit)}.`;
}

/** What a failed threshold showed. */
function thresholdSentence(result: ThresholdResult): string {
  const { observed, at } = result;
  if (observed === null && result.over === 'stage' && at === undefined) {
    return `${named(result)}: no stage was completed, so it could not be evaluated.`;
  }
  if (observed === null) return `${named(result)}: no samples, so it could not be evaluated.`;
  return `${named(result)}: ${observation({ ...result, observed })}${at === undefined ? '' : placed(at)}.`;
}

/** What a condition observed. A lower bound can only be of a latency. */
function observation({ observed, atLeast, withoutAnswer = 0 }: Pick<Abort, 'observed' | 'atLeast' | 'withoutAnswer'>) {
  if (atLeast === undefined) return `observed ${short(observed)}`;
  return `observed at least ${short(observed)} ms, as ${percent(withoutAnswer)} of the requests had no answer`;
}

/** What a run without thresholds showed: the share of useful requests, and the operation with the smallest share. */
function unjudgedSentence({ totals, operations }: Summary): string {
  const all = `${percent(usefulShare(totals))} of ${judgedOf(totals)} requests were useful`;
  const steps = operations.filter(({ kind }) => kind === 'step');
  const [worst] = (steps.length > 0 ? steps : operations).toSorted((a, b) => usefulShare(a) - usefulShare(b));
  if (worst === undefined || usefulShare(worst) === 1) return `The plan has no thresholds: ${all}.`;
  return `The plan has no thresholds: ${all}; the worst operation was ${worst.operation} of ${worst.target} with ${percent(usefulShare(worst))}.`;
}

function usefulShare({
  useful,
  failures,
  blocked = 0,
}: Pick<RequestTotals, 'useful' | 'failures' | 'blocked'>): number {
  return useful === 0 ? 0 : useful / (useful + failures + blocked);
}

/** What a share of useful requests is a share of. */
function judgedOf({ useful, failures, blocked = 0 }: RequestTotals): number {
  return useful + failures + blocked;
}

/** Rounded down, so that no share but the whole is shown as 100 %. */
function percent(share: number): string {
  return `${Math.floor(share * 10_000 + 1e-6) / 100} %`;
}

function metSentence(count: number): string {
  return count === 1 ? 'The one threshold was met.' : `All ${count} thresholds met.`;
}

function named({ metric, expression, over = 'run' }: Partial<Pick<Abort, 'over'>> & Omit<BrokenCondition, 'observed'>) {
  if (over === 'run') return `${metric} ${expression}`;
  return `${metric} ${expression} over ${over === 'stage' ? 'each stage' : `${short(over / 1000)} s`}`;
}

function placed({ fromSeconds, toSeconds, stage }: NonNullable<ThresholdResult['at']>): string {
  const from = `from ${short(fromSeconds)} s to ${short(toSeconds)} s`;
  return stage === undefined ? ` ${from}` : ` in stage ${stage + 1}, ${from}`;
}

function level(value: number, unit: Ceiling['unit']): string {
  return `${short(value)} ${unit === 'vus' ? 'virtual users' : unit}`;
}

function short(value: number, digits = 6): string {
  return String(Number(value.toPrecision(digits)));
}
