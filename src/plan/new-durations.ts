import { parseDuration } from './primitives.ts';
import { list, tree } from './tree.ts';

type NewText = { readonly path: readonly (string | number)[]; readonly text: string };

/**
 * Where a scenario, as it was written, says how long it lasts, and what is to stand there so that it lasts another time:
 * the longest time of one that counts its iterations; all stages, in proportion, of one that has stages.
 * @param duration as a plan writes it
 */
export function newDurations(scenario: unknown, duration: string): NewText[] {
  const { executor, stages } = tree(scenario);
  if (executor === 'per-vu-iterations' || executor === 'shared-iterations') {
    return [{ path: ['maxDuration'], text: duration }];
  }
  return executor === 'ramping-vus' || executor === 'ramping-arrival-rate'
    ? newStages(list(stages), duration)
    : [{ path: ['duration'], text: duration }];
}

/** None when a duration is none, for parsing to refuse; what rounding leaves over goes to the longest stage. */
function newStages(stages: readonly unknown[], duration: string): NewText[] {
  const wanted = parseDuration(duration);
  const given = stages.map((stage) => parseDuration(String(tree(stage).duration)));
  const known = given.filter((ms) => ms !== undefined);
  const total = known.reduce((sum, ms) => sum + ms, 0);
  if (known.length < given.length || total === 0) return [];
  const scaled = known.map((ms) => (wanted === undefined ? 0 : Math.round((ms * wanted) / total)));
  const rest = (wanted ?? 0) - scaled.reduce((sum, ms) => sum + ms, 0);
  const longest = known.indexOf(Math.max(...known));
  return scaled.map((ms, index) => ({
    path: ['stages', index, 'duration'],
    text: wanted === undefined ? duration : `${index === longest ? ms + rest : ms}ms`,
  }));
}
