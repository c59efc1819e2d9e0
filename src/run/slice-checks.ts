import type { Plan } from '../plan/plan-schema.ts';
import { type Policy, policyRefusals, refusalSentence } from '../plan/policy.ts';
import type { RunRecord, RunSchedule } from '../store/run-store.ts';

/** The place of a slice in its run. */
type SlicePlace = { readonly lane: number; readonly window: number };

/**
 * Checks, before a slice makes load, what the starter and preflight have checked: whoever has the key of the Durable HTTP
 * API can start a slice without them.
 * @throws with everything that is refused
 */
export function checkSlice(
  plan: Plan,
  record: RunRecord & { readonly schedule: RunSchedule },
  place: SlicePlace,
  policy: Policy,
): void {
  const { runId, schedule, targets = [] } = record;
  if (!isIndex(place.lane, schedule.lanes) || !isIndex(place.window, schedule.windows)) {
    throw new Error(
      `Run ${runId} has ${schedule.lanes} lanes and ${schedule.windows} windows; there is no lane ${place.lane} in window ${place.window}.`,
    );
  }
  const refusals = policyRefusals(plan, policy).map((refusal) => refusalSentence(refusal, policy));
  if (refusals.length > 0) throw new Error(`The policy of this process refuses run ${runId}: ${refusals.join(' ')}`);
  const writes = unpermittedWrites(plan, targets);
  if (writes.length > 0) throw new Error(`Run ${runId} must not make load: ${writes.join(' ')}`);
}

function isIndex(value: number, count: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < count;
}

/** The tools that the plan calls although preflight did not find them read-only and the plan does not allow writes. */
function unpermittedWrites(plan: Plan, targets: NonNullable<RunRecord['targets']>): readonly string[] {
  const refused = Object.values(plan.scenarios).flatMap(({ target: name, steps }) => {
    const allowed = new Set([
      ...(plan.targets[name]?.allowWrites ?? []),
      ...(targets.find((target) => target.name === name)?.readOnlyTools ?? []),
    ]);
    return steps.flatMap(({ tool }) =>
      tool === undefined || allowed.has(tool)
        ? []
        : `preflight did not find tool "${tool}" of ${name} to be read-only; to call it anyway, add it to targets.${name}.allowWrites.`,
    );
  });
  return [...new Set(refused)];
}
