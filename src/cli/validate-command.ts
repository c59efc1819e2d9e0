import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { parsePlan } from '../plan/parse-plan.ts';
import type { Plan } from '../plan/plan-schema.ts';
import { planExtent } from '../plan/slices.ts';
import { readBeside } from '../run/read-beside.ts';
import { counted, describeScenario, seconds } from './describe-scenario.ts';
import { EXIT_CODE } from './exit-code.ts';
import { readPlanFile } from './plan-file.ts';
import { showPlanProblems } from './show-problems.ts';
import { UsageError } from './usage-error.ts';

/** `mcp-surge validate PLAN`: every problem of a plan at once, or what it would do; contacts nothing. */
export async function validateCommand(args: string[]): Promise<number> {
  const { positionals } = parseArgs({ args, allowPositionals: true });
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) throw new UsageError('expected one plan: mcp-surge validate PLAN');
  const parsed = parsePlan(readPlanFile(file), readBeside(dirname(file)));
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
