import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Plan } from '../../src/plan/plan-schema.ts';
import { activeRuns, problemsOfNewRun, problemsOfQueuedRun, problemsOfStart } from '../../src/run/admission.ts';
import { createRun } from '../../src/run/create-run.ts';
import { preflight } from '../../src/run/preflight.ts';
import type { RunContext } from '../../src/run/run-context.ts';
import { loadOf, type RunLimits } from '../../src/run/run-limits.ts';
import { memoryRunStore } from '../../src/store/memory-run-store.ts';
import type { RunSchedule, RunStore } from '../../src/store/run-store.ts';
import { aPlan, planText } from '../support/a-plan.ts';
import { aRunRecord } from '../support/a-run-record.ts';
import { testContext } from '../support/run-context.ts';

const LIMITS: RunLimits = {
  maxActiveRuns: 10,
  maxTotalVus: 1000,
  maxTotalRate: 1000,
  allowSharedTargets: false,
  howToAllow: { 'too-many-runs': '', 'too-many-vus': '', 'rate-too-high': '', 'shared-target': 'set SHARED' },
};
const NOW_MS = Date.UTC(2026, 10, 23, 6);
const SCHEDULE: RunSchedule = { startAtMs: NOW_MS, endAtMs: NOW_MS + 60_000, lanes: 1, windows: 1, windowMs: 60_000 };

function contextAt(store: RunStore, now = () => NOW_MS, changes: Partial<RunContext> = {}): RunContext {
  const { clock } = testContext();
  return testContext({ store, limits: LIMITS, clock: { ...clock, now }, ...changes });
}

/** A store whose calls take turns as a scheduler decides. */
function interleaved(store: RunStore, scheduler: fc.Scheduler): RunStore {
  const methods = Object.entries(store).map(([name, method]) => [
    name,
    async (...args: never[]) => {
      await scheduler.schedule(Promise.resolve(), name);
      return (method as (...given: never[]) => unknown).apply(store, args);
    },
  ]);
  return Object.fromEntries(methods) as RunStore;
}

/** Creates a run and takes it through the checks of its preflight. @returns whether it has its schedule at the end */
async function begin(context: RunContext, plan: Plan, createdMs: number): Promise<boolean> {
  const { store } = context;
  const record = aRunRecord(createdMs, { load: loadOf(plan) });
  if ((await problemsOfNewRun(context, plan, record.runId)).length > 0) return false;
  await store.createRun(record);
  for (const check of [problemsOfQueuedRun, problemsOfStart]) {
    const problems = await check(context, plan, record.runId);
    if (problems.length === 0) continue;
    await store.updateRun(record.runId, { state: 'refused', problems });
    return false;
  }
  await store.updateRun(record.runId, { state: 'running', schedule: SCHEDULE });
  return true;
}

describe('runs at the same moment', () => {
  it('never load one target together, however their checks are interleaved, and one of them runs', async () => {
    const offsets = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 2, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), offsets, async (scheduler, createdMs) => {
        const context = contextAt(interleaved(memoryRunStore(), scheduler));
        const running = Promise.all(createdMs.map((offset) => begin(context, aPlan(), NOW_MS + offset)));
        await scheduler.waitFor(running);
        assert.equal((await running).filter(Boolean).length, 1);
      }),
    );
  });

  it('may both be refused at worst if their targets overlap, and never load one together', async () => {
    const plans = [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'a'],
    ].map((names) => {
      const targets = names.map((name) => [name, { url: `https://${name}.example/mcp`, permission: true }]);
      return aPlan({
        plan: { targets: Object.fromEntries(targets) },
        scenario: { target: names[0] },
        idle: names.slice(1),
      });
    });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const context = contextAt(interleaved(memoryRunStore(), scheduler));
        const running = Promise.all(plans.map((plan) => begin(context, plan, NOW_MS)));
        await scheduler.waitFor(running);
        assert.ok((await running).filter(Boolean).length <= 1);
      }),
    );
  });

  it('do not load one target together if the earlier one was stored after all checks of the later one', async () => {
    const context = contextAt(memoryRunStore());
    const [earlier, later] = [-1, 0].map((offset) => aRunRecord(NOW_MS + offset, { load: loadOf(aPlan()) }));
    assert.ok(earlier !== undefined && later !== undefined);
    await context.store.createRun(later);
    assert.deepEqual(await problemsOfStart(context, aPlan(), later.runId), []);
    await context.store.createRun(earlier);
    assert.deepEqual(await problemsOfQueuedRun(context, aPlan(), earlier.runId), []);
    const [problem] = await problemsOfStart(context, aPlan(), earlier.runId);
    assert.ok(problem?.message.includes(later.runId), problem?.message);
  });

  it('all run if targets may be shared', async () => {
    const context = contextAt(memoryRunStore(), undefined, { limits: { ...LIMITS, allowSharedTargets: true } });
    const begun = await Promise.all([1, 2, 3].map((offset) => begin(context, aPlan(), NOW_MS + offset)));
    assert.deepEqual(begun, [true, true, true]);
  });
});

describe('a target', () => {
  it('is free again when its run has ended, was deleted, or is long overdue', async () => {
    const store = memoryRunStore();
    let nowMs = NOW_MS;
    const context = contextAt(store, () => nowMs);
    const lastRun = async () => (await store.listRuns({ limit: 1 }))[0]?.runId ?? assert.fail();
    assert.equal(await begin(context, aPlan(), NOW_MS), true);
    assert.equal(await begin(context, aPlan(), NOW_MS + 1), false);
    await store.updateRun(await lastRun(), { state: 'done' });
    assert.equal(await begin(context, aPlan(), NOW_MS + 2), true);
    await store.deleteRun(await lastRun());
    assert.equal(await begin(context, aPlan(), NOW_MS + 3), true);
    nowMs += 3_600_000;
    assert.equal(await begin(context, aPlan(), nowMs), true);
  });

  it('is not taken by a run that preflight refuses for another reason', async () => {
    const store = memoryRunStore();
    const context = contextAt(store, undefined, { limits: { ...LIMITS, maxTotalVus: 10 } });
    assert.equal(await begin(context, aPlan({ scenario: { vus: 11 } }), NOW_MS), false);
    assert.equal(await store.holdTarget('http://127.0.0.1:4801', 'r', async () => false), 'r');
  });
});

describe('a new run', () => {
  it('is refused while another one loads its target, and names it', async () => {
    const store = memoryRunStore();
    const context = contextAt(store);
    const first = await createRun(context, { text: planText(), trigger: 'http', startedBy: 'ann' });
    assert.ok(first.outcome === 'created');
    assert.equal(first.record.startedBy, 'ann');
    const second = await createRun(context, { text: planText(), trigger: 'http' });
    assert.ok(second.outcome === 'no-room', second.outcome);
    assert.deepEqual(
      second.problems.map(({ path }) => path),
      ['targets.web.url'],
    );
    assert.ok(second.problems[0]?.message.includes(first.record.runId), second.problems[0]?.message);
    assert.equal((await store.listRuns({ limit: 9 })).length, 1);
  });

  it('is the same one for the same idempotency key, although its target is taken by itself', async () => {
    const request = { text: planText(), trigger: 'http', idempotencyKey: 'k' } as const;
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const interleavedContext = contextAt(interleaved(memoryRunStore(), scheduler));
        const creating = Promise.all([1, 2, 3].map(() => createRun(interleavedContext, request)));
        await scheduler.waitFor(creating);
        const ids = (await creating).map((created) => ('record' in created ? created.record.runId : created.outcome));
        assert.equal(new Set(ids).size, 1, ids.join());
        assert.match(ids[0] ?? '', /^2026/);
      }),
    );
    const context = contextAt(memoryRunStore());
    const first = await createRun(context, request);
    const again = await createRun(context, request);
    assert.deepEqual([first.outcome, again.outcome], ['created', 'repeated']);
    await context.store.writeKillSwitch({ by: 'ann', at: 'now' });
    assert.equal((await createRun(context, request)).outcome, 'repeated');
  });

  it('is refused while the kill switch or its setting is on, and leaves nothing in the store', async () => {
    const store = memoryRunStore();
    const request = { text: planText(), trigger: 'http' } as const;
    await store.writeKillSwitch({ by: 'ann@example.com', at: '2026-11-23T06:00:00.000Z' });
    assert.deepEqual(await createRun(contextAt(store), request), {
      outcome: 'standstill',
      message:
        'Nothing may run, because the kill switch is on: ann@example.com turned it on at 2026-11-23T06:00:00.000Z. ' +
        'To allow runs, send DELETE /api/stop.',
    });
    const bySetting = await createRun(contextAt(memoryRunStore(), undefined, { isStopped: true }), request);
    assert.ok(bySetting.outcome === 'standstill');
    assert.match(bySetting.message, /SURGE_STOPPED/);
    assert.deepEqual(await activeRuns(contextAt(store)), []);
  });
});

describe('a run that was queued', () => {
  it('is refused in its preflight if the kill switch was turned on since', async () => {
    const store = memoryRunStore();
    const context = contextAt(store);
    const created = await createRun(context, { text: planText(), trigger: 'http' });
    assert.ok(created.outcome === 'created');
    await store.writeKillSwitch({ by: 'ann', at: 'now' });
    const found = await preflight(context, created.record.runId, 'h');
    assert.ok('problems' in found);
    assert.match(found.problems.map(({ message }) => message).join(), /kill switch is on: ann/);
    assert.equal((await store.getRun(created.record.runId))?.state, 'refused');
  });

  it('sends nothing to its targets if it was stopped since', async () => {
    const store = memoryRunStore();
    const context = contextAt(store);
    // Nothing listens at the plan's target: a probe of it would be a problem.
    const created = await createRun(context, { text: planText(), trigger: 'http' });
    assert.ok(created.outcome === 'created');
    await store.updateRun(created.record.runId, { stopRequested: true });
    const found = await preflight(context, created.record.runId, 'h');
    assert.ok('schedule' in found, JSON.stringify(found));
    assert.equal(found.stopRequested, true);
  });
});
