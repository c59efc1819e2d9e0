import { parsePlan } from '../plan/parse-plan.ts';
import type { Plan } from '../plan/plan-schema.ts';
import { policyRefusals, refusalSentence } from '../plan/policy.ts';
import { problemText } from '../plan/problem.ts';
import { feedsUsed } from '../plan/references.ts';
import type { ArrivalScenario, Scenario } from '../plan/scenario-schema.ts';
import { planExtent } from '../plan/slices.ts';
import { operationOf } from '../plan/step-schema.ts';
import { durationOf, maxVusOf, type StagedScenario, stagesOf } from '../plan/timeline.ts';
import { compileProblems, missingSecrets } from '../run/plan-problems.ts';
import { EXIT_CODE, showPlanProblems, showProblems, UsageError } from './command-context.ts';
import { readOptions } from './options.ts';
import { openPlan, PLAN_OPTIONS } from './plan-options.ts';
import { print, printableLine } from './terminal.ts';

/**
 * `mcp-surge validate PLAN`: shows every problem of a plan, or what it would do and whether it may do so here; contacts
 * nothing. Takes the options of `run` that change the plan or what it is allowed to do, and ends with the exit code with
 * which `run` would refuse the plan.
 */
export async function validateCommand(args: string[]): Promise<number> {
  const { values, positionals } = readOptions(args, PLAN_OPTIONS);
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) throw new UsageError('expected one plan: mcp-surge validate PLAN');
  const { text, context, readFile } = openPlan(file, values);
  const { policy } = context;
  const parsed = parsePlan(text, readFile);
  if (!parsed.ok) {
    print(process.stderr, showPlanProblems(file, parsed.problems));
    return EXIT_CODE.invalidPlan;
  }
  const { plan } = parsed;
  const refusals = policyRefusals(plan, policy).map((refusal) => refusalSentence(refusal, policy));
  // A vault is not asked, because nothing is contacted.
  const missing = process.env.SURGE_KEY_VAULT_URL ? [] : await missingSecrets(plan, context.secrets);
  const unready = [...compileProblems(plan), ...missing].map(problemText);
  const lines = [`${file} is a valid plan: ${plan.name}`, ...describePlan(plan)];
  print(process.stdout, `${lines.map(printableLine).join('\n')}\n`);
  if (refusals.length > 0) print(process.stderr, showProblems(`${file} is not allowed to run here:`, refusals));
  if (unready.length > 0) print(process.stderr, showProblems('Preflight would fail here:', unready));
  if (refusals.length > 0) return EXIT_CODE.invalidPlan;
  return unready.length > 0 ? EXIT_CODE.preflightFailed : EXIT_CODE.pass;
}

function describePlan(plan: Plan): string[] {
  const { vus, peakRate, durationMs, leastDurationMs } = planExtent(plan);
  const scenarios = Object.entries(plan.scenarios).flatMap(([name, scenario]) => {
    const [head, ...details] = describeScenario(scenario, plan.feeds);
    return [`  ${name}: ${head}`, ...details.map((line) => `    ${line}`)];
  });
  const duration = leastDurationMs < durationMs ? `at most ${seconds(durationMs)}` : seconds(durationMs);
  const rate = peakRate === 0 ? '' : `, at most ${counted(peakRate, 'start')} a second`;
  return [
    ...scenarios,
    `  total: ${virtualUsers(vus)}, ${duration}${rate}`,
    ...(plan.warmUp === 0
      ? []
      : [`  warm-up: the first ${seconds(plan.warmUp)} are left out of all figures except the time series`]),
    ...(plan.schedule === undefined ? [] : [`  schedule: "${plan.schedule}" (UTC)`]),
  ];
}

/** What a scenario would do: its load, its sessions, its calls and its feeds, a line each. */
function describeScenario(scenario: Scenario, feeds: Plan['feeds']): string[] {
  const { executor, target, startTime, steps } = scenario;
  const start = startTime === 0 ? '' : `, beginning ${seconds(startTime)} after the run's start`;
  const used = feedsUsed(steps, new Set(Object.keys(feeds))).map((name) => {
    const { order = '', rows = [] } = feeds[name] ?? {};
    return `${name} (${counted(rows.length, 'row')}, ${order})`;
  });
  return [
    `${executor} against ${target}: ${describeLoad(scenario)}${start}`,
    describeSessions(scenario),
    describeCalls(scenario),
    ...(used.length === 0 ? [] : [`feeds: ${used.join(', ')}`]),
  ];
}

function describeLoad(scenario: Scenario): string {
  const duration = seconds(durationOf(scenario));
  switch (scenario.executor) {
    case 'constant-vus':
      return `${virtualUsers(scenario.vus)} for ${duration}`;
    case 'ramping-vus':
      return `${virtualUsers(scenario.startVUs)} at first, ${describeStages(scenario)}; ${duration} in total`;
    case 'constant-arrival-rate':
      return `${starts(scenario.rate, scenario)} for ${duration}, with ${arrivalVus(scenario)}`;
    case 'ramping-arrival-rate': {
      const rates = `${starts(scenario.startRate, scenario)} at first, ${describeStages(scenario)}`;
      return `${rates}; ${duration} in total, with ${arrivalVus(scenario)}`;
    }
    case 'per-vu-iterations': {
      const each = scenario.vus === 1 ? '' : 'each of ';
      return `${counted(scenario.iterations, 'iteration')} by ${each}${virtualUsers(scenario.vus)}, at most ${duration}`;
    }
    case 'shared-iterations':
      return `${counted(scenario.iterations, 'iteration')} shared by ${virtualUsers(scenario.vus)}, at most ${duration}`;
  }
}

function describeStages(scenario: StagedScenario): string {
  const texts = stagesOf(scenario).map(({ durationMs, fromLevel, toLevel }) => {
    if (durationMs === 0) return `jump to ${toLevel}`;
    return fromLevel === toLevel ? `${toLevel} for ${seconds(durationMs)}` : `to ${toLevel} in ${seconds(durationMs)}`;
  });
  return texts.join(', ');
}

function starts(rate: number, { timeUnit }: ArrivalScenario): string {
  return `${counted(rate, 'start')} ${timeUnit === 1000 ? 'a second' : `every ${seconds(timeUnit)}`}`;
}

function arrivalVus(scenario: ArrivalScenario): string {
  const { preAllocatedVUs } = scenario;
  const most = maxVusOf(scenario);
  return most === preAllocatedVUs ? virtualUsers(most) : `${preAllocatedVUs} to ${virtualUsers(most)}`;
}

const SESSION_REUSE = {
  call: 'a session for each call',
  iteration: 'a session for each iteration',
  vu: 'a session for each virtual user',
} as const;

function describeSessions({ sessions: { reuse, close }, steps }: Scenario): string {
  const partly = `${Math.round(close.abandon * 10_000) / 100} % abandoned, the others closed`;
  const end = close.abandon === 0 ? 'closed' : close.abandon === 1 ? 'abandoned' : partly;
  const idle = steps.length > 0 ? '' : reuse === 'vu' ? ', held open without calls' : ', without calls';
  return `${SESSION_REUSE[reuse]}${idle}, ${end} at its end`;
}

function describeCalls({ steps, order, callsPerIteration }: Scenario): string {
  if (steps.length === 0) return 'no calls';
  if (order === 'fixed') return `calls in this order: ${steps.map(operationOf).join(', ')}`;
  const total = steps.reduce((sum, { weight }) => sum + weight, 0);
  const calls = steps.map((step) => `${operationOf(step)} (${Math.round((step.weight * 1000) / total) / 10} %)`);
  const { min, max } =
    typeof callsPerIteration === 'number' ? { min: callsPerIteration, max: callsPerIteration } : callsPerIteration;
  return `${min === max ? min : `${min} to ${max}`} ${max === 1 ? 'call' : 'calls'} per iteration: ${calls.join(', ')}`;
}

function virtualUsers(count: number): string {
  return counted(count, 'virtual user');
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}

/** A number with its noun, with at most three decimals; a smaller number with two significant digits. */
function counted(count: number, noun: string): string {
  const rounded = Math.round(count * 1000) / 1000;
  return `${rounded > 0 ? rounded : Number(count.toPrecision(2))} ${noun}${count === 1 ? '' : 's'}`;
}
