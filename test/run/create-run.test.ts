import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { createRun } from '../../src/run/create-run.ts';
import { readPlan } from '../../src/run/run-documents.ts';
import { relativeFileReader } from '../../src/run/text-file.ts';
import { planText } from '../support/a-plan.ts';
import { testContext } from '../support/run-context.ts';

const text = planText({ plan: { feeds: { ids: { file: 'ids.txt' } } } });

it('stores the rows of a file with the plan, so that slices on other machines have them', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-surge-create-'));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'ids.txt'), 'one\ntwo\n');
  const context = testContext();
  const created = await createRun(context, { text, trigger: 'command', readFile: relativeFileReader(folder) });
  assert.ok('record' in created, JSON.stringify(created));
  assert.deepEqual((await readPlan(context.store, created.record.runId)).feeds.ids?.rows, [['one'], ['two']]);
  // With other rows it is another plan, so that an idempotency key would not return the first run.
  await writeFile(join(folder, 'ids.txt'), 'three\n');
  const other = await createRun(context, { text, trigger: 'command', readFile: relativeFileReader(folder) });
  assert.ok('record' in other && other.record.planHash !== created.record.planHash);
});

it('refuses a feed file in a plan without files of its own, and says what to do', async () => {
  const created = await createRun(testContext(), { text, trigger: 'http' });
  assert.ok(created.outcome === 'invalid');
  const [problem, ...others] = created.problems;
  assert.deepEqual(others, []);
  assert.equal(problem?.path, 'feeds.ids.file');
  assert.match(problem?.message ?? '', /comes without files; write the rows into the plan/);
});

it('requires data for the comparison on request, without making it another plan', async () => {
  const hashes: string[] = [];
  for (const requireData of [false, true]) {
    const context = testContext();
    const created = await createRun(context, { text: planText(), trigger: 'command', requireData });
    assert.ok('record' in created, JSON.stringify(created));
    hashes.push(created.record.planHash);
    assert.equal((await readPlan(context.store, created.record.runId)).comparison.requireData, requireData);
  }
  assert.equal(hashes[0], hashes[1]);
});
