import assert from 'node:assert/strict';
import { it } from 'node:test';
import { renderText } from '../../src/report/text/text.ts';
import { readReport, readRun } from '../../src/run/run-documents.ts';
import { runInProcess } from '../../src/run/run-in-process.ts';
import { timingOf } from '../../src/run/timing.ts';
import { memoryRunStore } from '../../src/store/memory-run-store.ts';
import { planText } from '../support/a-plan.ts';
import { legacyServer, startMcpServer } from '../support/mcp-server.ts';
import { testContext } from '../support/run-context.ts';
import { createdRun } from '../support/whole-run.ts';

/** Runs two slices, of which the named lanes cannot be committed. */
async function runWithFailures(t: { after(done: () => void): void }, lanes: readonly number[]) {
  const server = await startMcpServer(legacyServer);
  t.after(() => server.close());
  const memory = memoryRunStore();
  const store: typeof memory = {
    ...memory,
    commitSlice: async (runId, commit) => {
      if (lanes.includes(Number(commit.sliceId.at(-1)))) throw new Error('The disk is full.');
      return memory.commitSlice(runId, commit);
    },
  };
  const sizing = { vusPerLane: 1, ratePerLane: 1, windowMs: 60_000 };
  const context = testContext({ store, sizing, timing: timingOf(300) });
  const target = { url: `${server.origin}/mcp`, protocol: '2025-11-25', allowWrites: ['look'] };
  const runId = await createdRun(context, planText({ target, scenario: { vus: 2, duration: '1s' } }));
  assert.deepEqual(await runInProcess(context, runId), []);
  const report = (await readReport(store, runId)) ?? assert.fail('no report');
  const counted = report.operations.find((each) => each.operation === 'tools/call:look')?.count;
  assert.ok(server.of('tools/call').length > 10);
  assert.equal(counted, server.of('tools/call').length, 'the report does not have every call');
  return { report, record: await readRun(store, runId) };
}

it('reports what all slices measured if one of them fails, and says why it failed first', async (t) => {
  const { report, record } = await runWithFailures(t, [1]);
  assert.equal(report.verdict.status, 'invalid');
  assert.match(report.verdict.reasons[0] ?? '', /^Slice 2 of 2 failed: .*The disk is full\.$/);
  assert.deepEqual(record.faults, [report.verdict.reasons[0]]);
  assert.deepEqual(report.generator.slices.causes, [{ cause: 'failed', slices: 1 }]);
  // It had stored everything before it failed.
  assert.deepEqual([report.generator.unreported, report.generator.unaccounted], [1, null]);
  assert.match(renderText(report, { width: 200 }).split('\n').slice(0, 8).join('\n'), /Slice 2 of 2 failed/);
});

it('has a report if all slices fail', async (t) => {
  const { report } = await runWithFailures(t, [0, 1]);
  assert.equal(report.verdict.status, 'invalid');
  assert.equal(report.faults?.length, 2);
});
