import type { Plan } from '../plan/plan-schema.ts';
import { planExtent, type Share, type Slice } from '../plan/slices.ts';
import type { Target } from '../plan/target-schema.ts';
import type { Recorder } from '../sample/recorder.ts';
import { Agent } from '../scenario/agent.ts';
import { compileScenario } from '../scenario/compile-scenario.ts';
import { runConstantVus } from '../traffic/constant-vus.ts';
import { randomFor } from '../traffic/random.ts';
import { startOffsetMs } from '../traffic/start-offset.ts';
import type { RunContext } from './run-context.ts';
import type { SliceClients } from './slice-clients.ts';
import type { SliceWriter } from './slice-writer.ts';
import type { TargetClient } from './target-client.ts';

export type ShareWork = {
  readonly context: RunContext;
  readonly plan: Plan;
  readonly slice: Slice;
  readonly share: Share;
  readonly clients: SliceClients;
  readonly recorder: Recorder;
  readonly writer: SliceWriter;
  readonly stopping: AbortSignal;
};

/** Runs a slice's share of one scenario until its virtual users have ended. */
export async function runShare(work: ShareWork): Promise<void> {
  const { context, plan, slice, share, clients, recorder, writer, stopping } = work;
  const { scenario, name, fromMs, toMs } = share;
  const { clock } = context;
  const client = clients.get(scenario.target) as TargetClient;
  const target = plan.targets[scenario.target] as Target;
  // A target that refuses our credentials gets no further load.
  const over = AbortSignal.any([stopping, client.rejected]);
  const chooseStep = compileScenario(plan, scenario);
  const iterationOperation = recorder.operation(scenario.target, name);
  const { vus: vusOfRun } = planExtent(plan);
  const vus = share.vus.map((vu) => {
    const random = randomFor(plan.seed, vu, slice.window);
    return new Agent({
      vu,
      startOffsetMs: startOffsetMs(vu, vusOfRun),
      openSession: () => client.openSession(),
      chooseStep,
      thinkTime: scenario.thinkTime,
      maxRetryAfterMs: target.maxRetryAfter,
      random,
      clock,
      recorder,
      iterationOperation,
      stopping: over,
    });
  });
  await runConstantVus({ vus, fromMs, toMs, clock, stopping: over, onActive: (change) => writer.countVu(change) });
}
