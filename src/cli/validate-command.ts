import { parseArgs } from 'node:util';
import { parsePlan } from '../plan/parse-plan.ts';
import { planExtent } from '../plan/slices.ts';
import { EXIT_CODE } from './exit-code.ts';
import { readPlanFile } from './plan-file.ts';
import { showPlanProblems } from './show-problems.ts';
import { UsageError } from './usage-error.ts';

/** `mcp-surge validate PLAN`: every problem of a plan at once, or what it would do; contacts nothing. */
export async function validateCommand(args: string[]): Promise<number> {
  const { positionals } = parseArgs({ args, allowPositionals: true });
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) throw new UsageError('expected one plan: mcp-surge validate PLAN');
  const parsed = parsePlan(readPlanFile(file));
  if (!parsed.ok) {
    process.stderr.write(showPlanProblems(file, parsed.problems));
    return EXIT_CODE.invalidPlan;
  }
  const { plan } = parsed;
  const { vus, durationMs } = planExtent(plan);
  process.stdout.write(`${file} is a valid plan: ${plan.name}\n`);
  for (const [name, { target, vus: count, duration, steps }] of Object.entries(plan.scenarios)) {
    const tools = steps.map(({ tool }) => tool).join(', ');
    process.stdout.write(
      `  ${name}: ${count} virtual users for ${duration / 1000} s against ${target}, calling ${tools}\n`,
    );
  }
  process.stdout.write(`  in all ${vus} virtual users over ${durationMs / 1000} s`);
  process.stdout.write(plan.schedule === undefined ? '\n' : `, scheduled "${plan.schedule}" (UTC)\n`);
  return EXIT_CODE.pass;
}
