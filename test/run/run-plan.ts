import assert from 'node:assert/strict';
import type { Report } from '../../src/report/report.ts';
import type { RunContext } from '../../src/run/run-context.ts';
import { readReport } from '../../src/run/run-documents.ts';
import { runInProcess } from '../../src/run/run-in-process.ts';
import { SAMPLE_FLAG, SAMPLE_KIND } from '../../src/sample/block.ts';
import { planText } from '../support/a-plan.ts';
import { testContext } from '../support/run-context.ts';
import { createdRun } from '../support/whole-run.ts';

export type ReadSample = {
  readonly kind: string;
  readonly operation: string;
  readonly outcome: string;
  readonly vu: number;
  readonly iteration: number;
  readonly startMs: number;
  readonly durationMs: number;
  readonly lagMs: number;
  readonly first: boolean;
};

/** Creates a run of scenarios against one server, whose tools it may call. */
export async function createRunOf(
  context: RunContext,
  origin: string,
  scenarios: Readonly<Record<string, object>>,
  plan: object = {},
): Promise<string> {
  const target = { url: `${origin}/mcp`, protocol: '2025-11-25', allowWrites: ['look', 'hang'] };
  const aimed = Object.entries(scenarios).map(([name, scenario]) => [name, { target: 'web', ...scenario }]);
  const text = planText({ target, plan: { scenarios: Object.fromEntries(aimed), ...plan } });
  return createdRun(context, text);
}

/** Runs scenarios to their end, and reads back all that was recorded. */
export async function runPlan(
  origin: string,
  scenarios: Readonly<Record<string, object>>,
  plan: object = {},
  sizing: Partial<RunContext['sizing']> = {},
): Promise<{ readonly samples: ReadSample[]; readonly report: Report }> {
  const context = testContext({ sizing: { vusPerLane: 100, ratePerLane: 1000, windowMs: 60_000, ...sizing } });
  const runId = await createRunOf(context, origin, scenarios, plan);
  assert.deepEqual(await runInProcess(context, runId), []);
  const report = (await readReport(context.store, runId)) ?? assert.fail();
  return { samples: await samplesOf(context, runId), report };
}

/** All samples of a run's committed slices. */
async function samplesOf({ store }: RunContext, runId: string): Promise<ReadSample[]> {
  const kinds = Object.keys(SAMPLE_KIND);
  const samples: ReadSample[] = [];
  const { schedule } = (await store.getRun(runId)) ?? assert.fail();
  const { lanes = 0, windows = 0 } = schedule ?? {};
  for (let slice = 0; slice < lanes * windows; slice++) {
    const pad = (index: number) => String(index).padStart(4, '0');
    const sliceId = `w${pad(Math.floor(slice / lanes))}-l${pad(slice % lanes)}`;
    const { commit } = await store.readAttempts(runId, sliceId);
    for await (const block of store.readBlocks(runId, sliceId, commit?.attemptIds[0] ?? '')) {
      const { columns, operations, outcomes, originMs } = block;
      for (let at = 0; at < block.count; at++) {
        samples.push({
          kind: kinds[columns.kind[at] as number] as string,
          operation: operations[columns.operation[at] as number]?.operation as string,
          outcome: outcomes[columns.outcome[at] as number] as string,
          vu: columns.vu[at] as number,
          iteration: columns.iteration[at] as number,
          startMs: originMs + (columns.startUs[at] as number) / 1000,
          durationMs: (columns.durationUs[at] as number) / 1000,
          lagMs: (columns.lagUs[at] as number) / 1000,
          first: ((columns.flags[at] as number) & SAMPLE_FLAG.firstOfSession) > 0,
        });
      }
    }
  }
  return samples;
}
