import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { parsePlan } from '../plan/parse-plan.ts';
import type { Plan } from '../plan/plan-schema.ts';
import { feedsUsed } from '../plan/references.ts';
import type { ArrivalScenario, Scenario } from '../plan/scenario-schema.ts';
import { planExtent } from '../plan/slices.ts';
import { operationOf } from '../plan/step-schema.ts';
import { durationOf, maxVusOf, type StagedScenario, stagesOf } from '../plan/timeline.ts';
import { relativeFileReader } from '../run/run-in-process.ts';
import { EXIT_CODE, readPlanFile, showPlanProblems, UsageError } from './command-context.ts';

const OF_SESSION = {
  call: 'a session for each call',
  iteration: 'a session for each iteration',
  vu: 'a session for each virtual user',
} as const;

/** What a scenario would do, in words: its load, its sessions, its calls, its feeds. */
export function describeScenario(scenario: Scenario, feeds: Plan['feeds']): string[] {
  const { executor, target, startTime, steps } = scenario;
  const start = startTime === 0 ? '' : `, from ${seconds(startTime)} after the run's start`;
  const used = feedsUsed(steps, new Set(Object.keys(feeds))).map((name) => {
    const { order = '', rows = [] } = feeds[name] ?? {};
    return `${name} (${counted(rows.length, 'row')}, ${order})`;
  });
  return [
    `${executor} against ${target}: ${loadOf(scenario)}${start}`,
    sessionsOf(scenario),
    callsOf(scenario),
    ...(used.length === 0 ? [] : [`feeds ${used.join(', ')}`]),
  ];
}

/** Milliseconds as seconds. */
export function seconds(ms: number): string {
  return `${ms / 1000} s`;
}

/** A number with its noun, to three digits after the point or, of less, two that say something. */
export function counted(count: number, thing: string): string {
  const rounded = Math.round(count * 1000) / 1000;
  return `${rounded > 0 ? rounded : Number(count.toPrecision(2))} ${thing}${count === 1 ? '' : 's'}`;
}

function loadOf(scenario: Scenario): string {
  const lasting = seconds(durationOf(scenario));
  switch (scenario.executor) {
    case 'constant-vus':
      return `${virtualUsers(scenario.vus)} for ${lasting}`;
    case 'ramping-vus':
      return `${virtualUsers(scenario.startVUs)} at first, ${describeStages(scenario)}; ${lasting} in all`;
    case 'constant-arrival-rate':
      return `${starts(scenario.rate, scenario)} for ${lasting}, ${arrivalVus(scenario)}`;
    case 'ramping-arrival-rate': {
      const rates = `${starts(scenario.startRate, scenario)} at first, ${describeStages(scenario)}`;
      return `${rates}; ${lasting} in all, ${arrivalVus(scenario)}`;
    }
    case 'per-vu-iterations':
      return `${counted(scenario.iterations, 'iteration')} by ${scenario.vus === 1 ? '' : 'each of '}${virtualUsers(scenario.vus)}, ${lasting} at most`;
    case 'shared-iterations':
      return `${counted(scenario.iterations, 'iteration')} shared by ${virtualUsers(scenario.vus)}, ${lasting} at most`;
  }
}

function describeStages(scenario: StagedScenario): string {
  const texts = stagesOf(scenario).map(({ durationMs, fromLevel, toLevel }) => {
    if (durationMs === 0) return `at once ${toLevel}`;
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
  return most === preAllocatedVUs ? `by ${virtualUsers(most)}` : `by ${preAllocatedVUs} to ${virtualUsers(most)}`;
}

function virtualUsers(count: number): string {
  return counted(count, 'virtual user');
}

function sessionsOf({ sessions: { reuse, close }, steps }: Scenario): string {
  const abandoned = `${Math.round(close.abandon * 10_000) / 100} % left behind`;
  const end = close.abandon === 0 ? 'closed' : close.abandon === 1 ? 'left behind' : `${abandoned}, the others closed`;
  const idle = steps.length > 0 ? '' : reuse === 'vu' ? ', held open without calls' : ', without calls';
  return `${OF_SESSION[reuse]}${idle}, ${end} at its end`;
}

function callsOf({ steps, order, callsPerIteration }: Scenario): string {
  if (steps.length === 0) return 'no calls';
  if (order === 'fixed') return `calls in this order ${steps.map(operationOf).join(', ')}`;
  const total = steps.reduce((sum, { weight }) => sum + weight, 0);
  const calls = steps.map((step) => `${operationOf(step)} (${Math.round((step.weight * 1000) / total) / 10} %)`);
  const { min, max } =
    typeof callsPerIteration === 'number' ? { min: callsPerIteration, max: callsPerIteration } : callsPerIteration;
  return `${min === max ? min : `${min} to ${max}`} ${max === 1 ? 'call' : 'calls'} an iteration of ${calls.join(', ')}`;
}

/** `mcp-surge validate PLAN`: every problem of a plan at once, or what it would do; contacts nothing. */
export async function validateCommand(args: string[]): Promise<number> {
  const { positionals } = parseArgs({ args, allowPositionals: true });
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) throw new UsageError('expected one plan: mcp-surge validate PLAN');
  const parsed = parsePlan(readPlanFile(file), relativeFileReader(dirname(file)));
  if (!parsed.ok) {
    process.stderr.write(showPlanProblems(file, parsed.problems));
    return EXIT_CODE.invalidPlan;
  }
  process.stdout.write(`${file} is a valid plan: ${parsed.plan.name}\n${describePlan(parsed.plan).join('\n')}\n`);
  return EXIT_CODE.pass;
}

function describePlan(plan: Plan): string[] {
  const { vus, peakRate, durationMs, leastDurationMs } = planExtent(plan);
  const scenarios = Object.entries(plan.scenarios).flatMap(([name, scenario]) => {
    const [head, ...more] = describeScenario(scenario, plan.feeds);
    return [`  ${name}: ${head}`, ...more.map((line) => `    ${line}`)];
  });
  const rate = peakRate === 0 ? '' : `, ${counted(peakRate, 'start')} a second at most`;
  const lasting = leastDurationMs < durationMs ? `${seconds(durationMs)} at most` : seconds(durationMs);
  return [
    ...scenarios,
    `  in all ${counted(vus, 'virtual user')} over ${lasting}${rate}`,
    ...(plan.warmUp === 0 ? [] : [`  the first ${seconds(plan.warmUp)} are left out of all figures`]),
    ...(plan.schedule === undefined ? [] : [`  scheduled "${plan.schedule}" (UTC)`]),
  ];
}
