import { isLoopback } from '../net/address-rules.ts';
import type { Plan } from '../plan/plan-schema.ts';
import type { Problem } from '../plan/problem.ts';
import { planExtent } from '../plan/slices.ts';
import type { RunLoad, RunRecord } from '../store/run-store.ts';

/** What the operator allows of all runs together. */
export type RunLimits = {
  readonly maxActiveRuns: number;
  readonly maxTotalVus: number;
  /** Starts a second. */
  readonly maxTotalRate: number;
  /** Whether several runs may load one target at the same time. */
  readonly allowSharedTargets: boolean;
  /** How the operator allows more, as the end of a sentence. */
  readonly howToAllow: Readonly<Record<LimitCode, string>>;
};

export type LimitCode = 'too-many-runs' | 'too-many-vus' | 'rate-too-high' | 'shared-target';

/** The part of a run that limits depend on. */
export type LimitedRun = Pick<RunRecord, 'runId' | 'planName' | 'load'>;

/** The most that a plan asks for. */
export function loadOf(plan: Plan): RunLoad {
  const { vus, peakRate } = planExtent(plan);
  const origins = Object.values(plan.targets).map(({ url }) => targetOrigin(url));
  return { vus, rate: peakRate, origins: [...new Set(origins)] };
}

/** Finds every limit that a plan would break together with other runs; each problem says how to go on. */
export function limitProblems(plan: Plan, others: readonly LimitedRun[], limits: RunLimits): Problem[] {
  const problems: Problem[] = [];
  const add = (code: LimitCode, path: string, message: string, blocking: readonly LimitedRun[] = others) => {
    const wait = blocking.length === 0 ? 'T' : `Wait until ${blocking.length === 1 ? 'it' : 'one'} has ended; t`;
    problems.push({ path, message: `${message}. ${wait}o allow more, ${limits.howToAllow[code]}.` });
  };
  if (others.length >= limits.maxActiveRuns) {
    const most = limits.maxActiveRuns === 1 ? '1 run' : `${limits.maxActiveRuns} runs`;
    add('too-many-runs', '', `${most} may be active at the same time, and ${namesOf(others)} ${areOf(others)} active`);
  }
  const { vus, rate } = loadOf(plan);
  const beside = others.length === 0 ? '' : ` together with ${namesOf(others)}`;
  const totalVus = total(vus, others, (load) => load.vus);
  if (totalVus > limits.maxTotalVus) {
    const message = `the scenarios have ${totalVus} virtual users${beside}`;
    add('too-many-vus', 'scenarios', `${message}; ${limits.maxTotalVus} are allowed in all runs together`);
  }
  const totalRate = total(rate, others, (load) => load.rate);
  if (totalRate > limits.maxTotalRate) {
    const message = `the scenarios start ${totalRate} iterations a second${beside}`;
    add('rate-too-high', 'scenarios', `${message}; ${limits.maxTotalRate} are allowed in all runs together`);
  }
  if (limits.allowSharedTargets) return problems;
  for (const [name, { url }] of Object.entries(plan.targets)) {
    const origin = targetOrigin(url);
    const same = others.filter(({ load }) => load?.origins.includes(origin));
    if (same.length === 0) continue;
    const message = `${namesOf(same)} already ${same.length === 1 ? 'loads' : 'load'} ${origin}`;
    add('shared-target', `targets.${name}.url`, message, same);
  }
  return problems;
}

/** A sum without floating-point noise. Runs of earlier versions have no stored load. */
function total(own: number, others: readonly LimitedRun[], of: (load: RunLoad) => number): number {
  const sum = others.reduce((all, { load }) => all + (load === undefined ? 0 : of(load)), own);
  return Math.round(sum * 1e6) / 1e6;
}

/** A target's origin. All names of this machine count as the same one. */
function targetOrigin(url: string): string {
  const { origin, protocol, port } = new URL(url);
  return isLoopback(url) ? `${protocol}//127.0.0.1${port === '' ? '' : `:${port}`}` : origin;
}

/** The number of runs that a message names. */
const MOST_NAMED = 5;

function namesOf(runs: readonly LimitedRun[]): string {
  const named = runs.slice(0, MOST_NAMED).map(({ runId, planName }) => `run ${runId} (${planName})`);
  const left = runs.length - named.length;
  return `${named.join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
}

function areOf({ length }: readonly unknown[]): string {
  return length === 1 ? 'is' : 'are';
}
