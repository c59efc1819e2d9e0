import { runArrival } from './arrival-rate.ts';
import { runConstantVus, runPerVuIterations, runSharedIterations } from './closed.ts';
import type { ExecutorOptions, StartCounts } from './executor.ts';
import { runRampingVus } from './ramping-vus.ts';

/**
 * Makes the starts of a slice's share of a scenario, as its executor says. Resolves when the last virtual user has
 * finished its iteration and ended.
 * @throws when a virtual user rejects, which is a bug of ours
 */
export function runExecutor(options: ExecutorOptions): Promise<StartCounts> {
  const { scenario } = options.share;
  switch (scenario.executor) {
    case 'constant-vus':
      return runConstantVus(options);
    case 'ramping-vus':
      return runRampingVus(options, scenario);
    case 'constant-arrival-rate':
    case 'ramping-arrival-rate':
      return runArrival(options, scenario);
    case 'per-vu-iterations':
      return runPerVuIterations(options, scenario);
    case 'shared-iterations':
      return runSharedIterations(options, scenario);
  }
}
