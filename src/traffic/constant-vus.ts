import type { Clock } from './clock.ts';

/** What an executor drives: one virtual user that can be asked for iterations and pauses. */
export type VirtualUser = {
  /** Milliseconds after the start at which it begins. */
  readonly startOffsetMs: number;
  /** Runs one iteration; failures of the target are data, so this rejects only for bugs of ours. */
  iterate(iteration: number): Promise<void>;
  /** Milliseconds to pause after the iteration. */
  think(): number;
  /** Ends what the virtual user holds open. */
  end(): Promise<void>;
};

export type ConstantVusOptions = {
  readonly vus: readonly VirtualUser[];
  /** Epoch milliseconds: iterations begin in [fromMs, toMs), a virtual user's first after its start offset. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly clock: Clock;
  /** When it aborts, no further iteration begins. */
  readonly stopping: AbortSignal;
  /** Told of every change in the number of virtual users at work. */
  readonly onActive: (change: 1 | -1) => void;
};

/**
 * A closed model: every virtual user calls, thinks and calls again until the end. Resolves when the last one has
 * finished its iteration and ended.
 */
export async function runConstantVus(options: ConstantVusOptions): Promise<void> {
  const { vus, fromMs, toMs, clock, stopping, onActive } = options;
  await Promise.all(
    vus.map(async (vu) => {
      await clock.sleepUntil(Math.min(toMs, fromMs + vu.startOffsetMs), stopping);
      onActive(1);
      for (let iteration = 0; clock.now() < toMs && !stopping.aborted; iteration++) {
        await vu.iterate(iteration);
        await clock.sleepUntil(Math.min(toMs, clock.now() + vu.think()), stopping);
      }
      onActive(-1);
      await vu.end();
    }),
  );
}
