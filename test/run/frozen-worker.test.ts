import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { TableClient } from '@azure/data-tables';
import { conclude } from '../../src/run/conclude.ts';
import { preflight } from '../../src/run/preflight.ts';
import { readReport } from '../../src/run/run-documents.ts';
import type { SliceResult } from '../../src/run/run-slice.ts';
import { timingOf } from '../../src/run/timing.ts';
import { tableRunStore } from '../../src/store/open-run-store.ts';
import { startAzurite } from '../../tools/functions-host/azurite/azurite.ts';
import { legacyServer, startMcpServer } from '../support/mcp-server.ts';
import { testContext } from '../support/run-context.ts';
import { createRunOf } from './run-plan.ts';
import type { WorkerTask } from './slice-worker.ts';

const DEAD_AFTER_MS = 3000;
const RATE = 40;
const SECONDS = 9;
const SCRIPT = fileURLToPath(new URL('slice-worker.ts', import.meta.url));

it('makes no load in a worker that is frozen, replaced and woken, and counts every request', async (t) => {
  const [azurite, server] = await Promise.all([startAzurite(), startMcpServer(legacyServer)]);
  const workers: ChildProcess[] = [];
  t.after(async () => {
    for (const worker of workers) worker.kill('SIGKILL');
    await Promise.all([azurite.stop(), server.close()]);
  });
  const table = { connectionString: azurite.connectionString, table: 'frozen' };
  const store = tableRunStore(
    TableClient.fromConnectionString(table.connectionString, table.table, { allowInsecureConnection: true }),
  );
  // The workers have to start first.
  const context = testContext({ store, timing: timingOf(DEAD_AFTER_MS), startDelayMs: 2500 });
  const steps = [{ tool: 'look', arguments: { start: '{{$iteration}}' } }];
  const rate = { executor: 'constant-arrival-rate', rate: RATE, duration: `${SECONDS}s`, preAllocatedVUs: 20, steps };
  const runId = await createRunOf(context, server.origin, { rate });
  const found = await preflight(context, runId, 'preflight');
  const { startAtMs, endAtMs } = 'schedule' in found ? found.schedule : assert.fail();
  const probes = server.incoming.length;
  const atSecond = (second: number) => delay(startAtMs + second * 1000 - Date.now());
  const start = (holder: string, attempt: number) => {
    const task: WorkerTask = { ...table, runId, holder, attempt, endAtMs, deadAfterMs: DEAD_AFTER_MS };
    const worker = spawn(process.execPath, [SCRIPT, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'ignore'] });
    workers.push(worker);
    return { worker, result: text(worker.stdout).then((json) => JSON.parse(json) as SliceResult) };
  };

  const first = start('first', 0);
  const holder = async () => (await store.readAttempts(runId, 'w0000-l0000')).leases[0]?.holder ?? '';
  const isOver = () => Date.now() >= endAtMs;
  while ((await holder()) === '' && !isOver()) await delay(20);
  const second = start('second', 1);
  await atSecond(1.5);
  first.worker.kill('SIGSTOP');
  await delay(100);
  const beforeFreeze = server.incoming.length;
  // A worker whose call to the store takes long asks again under a further id.
  const isSecond = (id = '') => id.startsWith('second');
  while (!isSecond(await holder()) && !isOver()) await delay(20);
  const callsAtTakeOver = server.of('tools/call').length;
  while (server.of('tools/call').length === callsAtTakeOver && !isOver()) await delay(20);
  first.worker.kill('SIGCONT');

  assert.equal((await first.result).state, 'superseded');
  assert.equal((await second.result).state, 'committed');
  await once(second.worker, 'close').catch(() => undefined);
  await conclude(context, runId);
  const report = (await readReport(store, runId)) ?? assert.fail('no report');

  const calls = server.of('tools/call').map(({ atMs, params }) => {
    const { start: number } = params.arguments as { readonly start: number };
    const sentMs = performance.timeOrigin + atMs - startAtMs;
    return { number, sentMs, lagMs: sentMs - (number * 1000) / RATE };
  });
  assert.equal(new Set(calls.map(({ number }) => number)).size, calls.length, 'a start was made twice');
  for (const { sentMs } of calls) {
    const within = calls.filter((call) => call.sentMs >= sentMs && call.sentMs < sentMs + 1000);
    const lateMs = Math.max(...within.map(({ lagMs }) => lagMs));
    assert.ok(within.length <= RATE * 1.05 + (RATE * lateMs) / 1000 + 1, `${within.length} calls in a second`);
  }
  // What came until the freeze was sent by the first, and everything later by the second: each says what it has sent.
  const reported = report.operations.reduce((sum, { count }) => sum + count, 0);
  assert.equal(reported, server.incoming.length - probes);
  const { commit, reports = [] } = await store.readAttempts(runId, 'w0000-l0000');
  assert.ok(commit?.attemptIds[0] === 'first' && isSecond(commit.attemptIds.at(-1)), commit?.attemptIds.join());
  const [ofFirst] = reports;
  assert.equal(ofFirst?.holder, 'first');
  let sentByFirst = 0;
  for await (const block of store.readBlocks(runId, 'w0000-l0000', 'first')) {
    for (let at = 0; at < block.count; at++)
      if (block.columns.kind[at] === 0 && block.columns.socketUs[at] !== 0xffff_ffff) sentByFirst++;
  }
  assert.equal(sentByFirst, beforeFreeze - probes, 'the first worker sent requests after it had woken');
  assert.ok(calls.length > callsAtTakeOver, 'the second worker sent nothing');
});
