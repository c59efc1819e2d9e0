import type { Plan } from '../plan/plan-schema.ts';
import type { Share } from '../plan/slices.ts';
import type { Target } from '../plan/target-schema.ts';
import { isArrival, isIterationBound } from '../plan/timeline.ts';
import { plainSample } from '../sample/plain-sample.ts';
import type { Recorder } from '../sample/recorder.ts';
import { compileScenario } from '../scenario/compile-scenario.ts';
import { Agent } from '../scenario/virtual-user.ts';
import type { StartCounts } from '../traffic/executor.ts';
import { type Random, randomFor } from '../traffic/random.ts';
import { runExecutor } from '../traffic/run-executor.ts';
import type { Iteration, VirtualUser } from '../traffic/virtual-user.ts';
import { endInTime } from './end-in-time.ts';
import type { RunContext } from './run-context.ts';
import type { SliceClients } from './slice-clients.ts';
import type { SliceWriter } from './slice-writer.ts';
import type { TargetClient } from './target-client.ts';

export type ShareWork = {
  readonly context: RunContext;
  readonly plan: Plan;
  readonly share: Share;
  readonly clients: SliceClients;
  readonly recorder: Recorder;
  readonly writer: SliceWriter;
  readonly stopping: AbortSignal;
};

/** Runs a slice's share of one scenario until its virtual users have ended, or are ended. */
export async function runShare(work: ShareWork): Promise<StartCounts> {
  const { context, plan, share, clients, recorder, writer } = work;
  const { scenario, name } = share;
  const { clock } = context;
  const client = clients.get(scenario.target) as TargetClient;
  // A target that refuses our credentials gets no further load.
  const stopping = AbortSignal.any([work.stopping, client.rejected]);
  const iterationOperation = recorder.operation(scenario.target, name);
  const ended = new AbortController();
  const newVu = agentsOf(work, client, {
    iterationOperation,
    stopping,
    ended: AbortSignal.any([ended.signal, client.ended]),
  });
  const done = new AbortController();
  const limit = endInTime({ clock, share, connection: client.connection, stopping, ended, done: done.signal });
  try {
    return await runExecutor({
      share,
      newVu,
      clock,
      stopping,
      lateAfterMs: plan.generator.lateAfter,
      onActive: (change) => writer.countVu(change),
      onDropped: ({ number: iteration, intendedMs: startMs = clock.now() }: Iteration) => {
        const of = { operation: iterationOperation, outcome: 'CLIENT_ABORT', startMs, vu: 0, iteration } as const;
        recorder.add(plainSample({ kind: 'droppedIteration', durationMs: 0, ...of }));
      },
    });
  } finally {
    done.abort();
    await limit;
  }
}

/** Makes the share's virtual users, by their numbers in the run. */
function agentsOf(
  { context, plan, share, recorder }: ShareWork,
  client: TargetClient,
  more: {
    readonly iterationOperation: number;
    readonly stopping: AbortSignal;
    readonly ended: AbortSignal;
  },
): (vu: number) => VirtualUser {
  const { scenario, firstVu, toMs } = share;
  const compiled = compileScenario(plan, scenario);
  const { maxRetryAfter } = plan.targets[scenario.target] as Target;
  const sessionOperation = recorder.operation(scenario.target, 'session');
  const randomOf = randomsOf(plan, share);
  return (vu) =>
    new Agent({
      vu,
      place: vu - firstVu,
      scenario,
      compiled,
      newSession: (ended) => client.openSession(undefined, ended),
      abortRequests: (reason) => client.connection.abortAll(reason, (of) => of === vu),
      randomOf,
      maxRetryAfterMs: maxRetryAfter,
      untilMs: toMs,
      clock: context.clock,
      recorder,
      sessionOperation,
      ...more,
    });
}

/**
 * What each iteration draws from, the same whatever the number of lanes. Virtual users that set the pace count their
 * iterations anew in every window, so there the window is part of it.
 */
function randomsOf({ seed }: Plan, { scenario, index, window }: Share): (ordinal: number) => Random {
  const countedAnew = isArrival(scenario) || isIterationBound(scenario) ? 0 : window;
  return (ordinal) => randomFor(seed, index, ordinal, countedAnew);
}
