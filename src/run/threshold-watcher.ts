import type { Plan } from '../plan/plan-schema.ts';
import { holds } from '../verdict/condition.ts';
import { conditionsOf, type ReadCondition } from '../verdict/conditions-of.ts';
import { emptySnapshot, observedBetween, type Snapshot } from '../verdict/live-thresholds.ts';
import { measure } from '../verdict/measure.ts';
import { type Stage, stagesOf } from '../verdict/stages-of.ts';
import type { Abort } from '../verdict/verdict.ts';
import { WatchHistory } from './watch-history.ts';

/**
 * Holds the conditions of a plan that end the run against running totals. Those over the run see all since the warm-up,
 * those over a length of time what came in that time, those over stages what came since the stage began.
 */
export class ThresholdWatcher {
  readonly #runStartMs: number;
  readonly #conditions: readonly ReadCondition[];
  readonly #stages: readonly Stage[];
  readonly #beginning: Snapshot;
  readonly #histories = new Map<number, WatchHistory>();
  #stage: { readonly index: number; readonly began: Snapshot } | undefined;

  /** @param runStartMs planned start, epoch */
  constructor(plan: Plan, runStartMs: number) {
    this.#runStartMs = runStartMs;
    this.#conditions = conditionsOf(plan).filter(({ abortOnFail }) => abortOnFail);
    this.#stages = stagesOf(plan)?.stages ?? [];
    this.#beginning = emptySnapshot(runStartMs + plan.warmUp);
    for (const { over } of this.#conditions) {
      if (typeof over !== 'number' || this.#histories.has(over)) continue;
      const history = new WatchHistory(over);
      history.add(this.#beginning);
      this.#histories.set(over, history);
    }
  }

  /** False when no condition of the plan could end the run. */
  get isNeeded(): boolean {
    return this.#conditions.length > 0;
  }

  /** True when a condition looks at durations. */
  get needsDurations(): boolean {
    return this.#conditions.some(({ threshold: { metric } }) => metric.endsWith('_duration'));
  }

  /** How far back it looks, milliseconds, apart from the whole run. */
  get reachMs(): number {
    return Math.max(0, ...this.#histories.keys());
  }

  /**
   * Takes the totals of a moment, which is later than the one before.
   * @returns the first condition that does not hold, if one does not
   */
  see(now: Snapshot): Abort | undefined {
    if (now.atMs <= this.#beginning.atMs) return undefined;
    const stage = this.#stageAt(now);
    const aborts = this.#conditions.map((condition) => this.#lookAt(condition, now, stage));
    for (const history of this.#histories.values()) history.add(now);
    return aborts.find((abort) => abort !== undefined);
  }

  #lookAt(condition: ReadCondition, now: Snapshot, stage: Stage | undefined): Abort | undefined {
    const { over, threshold, metric, expression, delayAbortEval } = condition;
    const stageMs = over === 'stage' ? stage?.fromMs : 0;
    if (stageMs === undefined || now.atMs < this.#runStartMs + stageMs + delayAbortEval) return undefined;
    const since = this.#since(over, now);
    const seen = since === undefined || since === now ? undefined : observedBetween(since, now);
    const observed = seen === undefined ? null : measure(threshold, seen);
    if (observed === null || holds(observed, threshold)) return undefined;
    return { metric, expression, over, observed, atSeconds: (now.atMs - this.#runStartMs) / 1000 };
  }

  #since(over: ReadCondition['over'], now: Snapshot): Snapshot | undefined {
    if (over === 'run') return this.#beginning;
    return over === 'stage' ? this.#stage?.began : this.#histories.get(over)?.before(now.atMs);
  }

  /** The stage under way; the first snapshot within it is where it began, so that nothing of the one before is in it. */
  #stageAt(now: Snapshot): Stage | undefined {
    const atMs = now.atMs - this.#runStartMs;
    const stage = this.#stages.find(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs);
    if (stage !== undefined && stage.index !== this.#stage?.index) {
      const isFirst = this.#runStartMs + stage.fromMs <= this.#beginning.atMs;
      this.#stage = { index: stage.index, began: isFirst ? this.#beginning : now };
    }
    return stage;
  }
}
