import type { Plan } from '../../src/plan/plan-schema.ts';
import { layoutOf, type ScenarioSegment, segmentsOf, sliceOf } from '../../src/plan/slices.ts';
import type { Recorder } from '../../src/sample/recorder.ts';
import type { ScenarioClient } from '../../src/scenario/session-keeper.ts';
import { type McpSegmentRun, prepareSegment } from '../../src/scenario/virtual-user.ts';
import type { Clock } from '../../src/traffic/clock.ts';
import type { Iteration } from '../../src/traffic/executor.ts';
import { OPEN_GATE } from '../../src/traffic/fence.ts';

export type SegmentRunOptions = {
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly client: ScenarioClient;
  readonly stopping?: AbortSignal;
  /** Keys of the segment to replace. */
  readonly segment?: Partial<ScenarioSegment>;
};

/** The first scenario of a plan at work, as a slice prepares it; the whole run, from 0 ms on. */
export function aSegmentRun(plan: Plan, { clock, recorder, client, ...more }: SegmentRunOptions): McpSegmentRun {
  const { stopping = new AbortController().signal } = more;
  const layout = layoutOf(plan, { vusPerLane: 1e9, ratePerLane: 1e9, windowMs: 1e12 });
  const segment = segmentsOf(plan, sliceOf(layout, 0, 0, 0))[0] as ScenarioSegment;
  const shared = { plan, clock, gate: OPEN_GATE, recorder, stopping, onActive: () => {} };
  return prepareSegment(shared, { ...segment, ...more.segment }, client);
}

/** An iteration of the only virtual user, which sets its own pace. */
export function nth(number: number): Iteration {
  return { number, ordinal: number, intendedMs: undefined };
}
