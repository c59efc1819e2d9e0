import { createRun } from '../../src/run/create-run.ts';
import { readReport } from '../../src/run/run-documents.ts';
import { runInProcess } from '../../src/run/run-in-process.ts';
import { planText } from '../support/a-plan.ts';
import { testContext } from '../support/run-context.ts';

// Run by a test as a process: loads the server at each URL that its parent sends with 20 virtual users, and answers with
// what came of it. The memory is that of the whole process so far.

export type HostileResult = {
  /** Requests by operation and outcome, those that were useful left out. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly useful: number;
  readonly problems: readonly string[];
  readonly seconds: number;
  /** The longest time that the main thread worked without a turn of the event loop. */
  readonly maxStallMs: number;
  readonly maxRssMb: number;
};

const MAX_STALL_MS = 10_000;

process.on('message', async (url: string) => process.send?.(await run(url)));
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function run(url: string): Promise<HostileResult> {
  const context = testContext({ maxStallMs: MAX_STALL_MS });
  const startedMs = performance.now();
  const text = planText({
    target: { url, protocol: '2025-11-25', eventStream: true, timeouts: { total: '700ms' } },
    scenario: {
      executor: 'per-vu-iterations',
      vus: 20,
      iterations: 2,
      duration: undefined,
      maxDuration: '4s',
      gracefulStop: '500ms',
      sessions: { reuse: 'iteration' },
      order: 'fixed',
      steps: [
        { tool: 'look', checks: [{ matches: '(a|b)*e' }], capture: { id: { pointer: '' } } },
        { tool: 'look', arguments: { id: '{{id}}' } },
      ],
    },
  });
  const created = await createRun(context, { text, trigger: 'command' });
  if (!('record' in created)) throw new Error(JSON.stringify(created));
  const { runId } = created.record;
  const stopMeter = startStallMeter();
  const problems = await runInProcess(context, runId);
  const maxStallMs = stopMeter();
  const report = await readReport(context.store, runId);
  const outcomes: Record<string, number> = {};
  for (const { operation, outcome, count } of [...(report?.failures ?? []), ...(report?.warnings ?? [])]) {
    outcomes[`${operation} ${outcome}`] = count;
  }
  return {
    outcomes,
    useful: report?.totals.useful ?? 0,
    problems: problems.map((problem) => JSON.stringify(problem)),
    seconds: (performance.now() - startedMs) / 1000,
    maxStallMs,
    maxRssMb: process.resourceUsage().maxRSS / 1024,
  };
}

const TICK_MS = 5;

/** Measures the longest time that the main thread worked without a turn of the event loop. CPU time, because the machine is busy. */
function startStallMeter(): () => number {
  let before = process.threadCpuUsage();
  let longestUs = 0;
  const timer = setInterval(() => {
    const now = process.threadCpuUsage();
    longestUs = Math.max(longestUs, now.user + now.system - before.user - before.system);
    before = now;
  }, TICK_MS);
  return () => {
    clearInterval(timer);
    return longestUs / 1000;
  };
}
