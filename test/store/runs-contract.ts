import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RunQuery, RunRecord, RunStore } from '../../src/store/run-store.ts';
import { ODD_NAMES } from './odd-names.ts';

/** What every run store must do with run records and idempotency keys. */
export function runsContract(title: string, open: () => Promise<RunStore>): void {
  describe(`${title}: runs`, () => {
    it('keeps a run record with and without its optional fields', async () => {
      const store = await open();
      const full: RunRecord = {
        ...run('r-full'),
        baselineRunId: 'r-before',
        startedBy: 'ünï@example.com',
        idempotencyKeyHash: 'ab12',
        load: { vus: 5, rate: 0.1, origins: ['https://t.example', 'https://u.example:8443'] },
        stopRequested: true,
        stopped: { by: 'ünï', at: '2026-01-01T00:00:01.000Z' },
        abort: { metric: 'mcp_failures', expression: 'rate<0.5', over: 10_000, observed: 0.75, atSeconds: 12.5 },
        schedule: { startAtMs: 1, endAtMs: 2, lanes: 3, windows: 4, windowMs: 5 },
        targets: [
          {
            name: 't',
            url: 'https://t.example',
            protocolVersion: '2025-11-25',
            server: '',
            session: 'stateful',
            capabilities: ['tools'],
            notes: [],
          },
        ],
        problems: [
          { path: 'targets.ünï', message: '🚀' },
          { path: '', message: '', line: 3, column: 1 },
        ],
        preflightWarnings: ['an ünlisted name'],
        faults: ['run-slice failed: its worker process died (2 times).'],
        verdict: { status: 'invalid', reasons: ['late', 'x'.repeat(90_000)] },
        slices: {
          planned: 2,
          committed: 1,
          partial: 0,
          lost: 1,
          causes: [{ cause: 'died', slices: 1 }],
          duplicates: 0,
          unaccounted: { estimate: 3, atMost: 9, slices: 1 },
        },
        endedAt: '2026-01-01T00:00:00.000Z',
        samplesDeletedAt: '2026-02-01T00:00:00.000Z',
      };
      assert.equal(await store.createRun(full), true);
      assert.deepEqual(await store.getRun('r-full'), full);
      assert.equal(await store.createRun(run('r-bare')), true);
      assert.deepEqual(await store.getRun('r-bare'), run('r-bare'));
      assert.equal(await store.getRun('r-none'), undefined);
    });

    it('keeps the condition that stopped a run when somebody else writes at the same time', async () => {
      const store = await open();
      await store.createRun(run('r-abort'));
      const abort = {
        metric: 'useful_rate{operation:tools/call:look}',
        expression: 'rate>0.9',
        over: 'stage',
        observed: 0.5,
        atSeconds: 61,
      } as const;
      await Promise.all([
        store.updateRun('r-abort', { stopRequested: true, abort }),
        store.updateRun('r-abort', { state: 'concluding' }),
      ]);
      const expected = { ...run('r-abort'), stopRequested: true, abort, state: 'concluding' };
      assert.deepEqual(await store.getRun('r-abort'), expected);
    });

    it('keeps the first record with a run id', async () => {
      const store = await open();
      const races = await Promise.all(
        ['one', 'two', 'three'].map((planHash) => store.createRun({ ...run('r-race'), planHash })),
      );
      assert.equal(races.filter(Boolean).length, 1);
      const winner = ['one', 'two', 'three'][races.indexOf(true)];
      assert.equal((await store.getRun('r-race'))?.planHash, winner);
      assert.equal(await store.createRun(run('r-race')), false);
      assert.equal((await store.getRun('r-race'))?.planHash, winner);
    });

    it('lets two writers change different fields', async () => {
      const store = await open();
      await store.createRun(run('r-1'));
      await Promise.all([
        store.updateRun('r-1', { stopRequested: true }),
        store.updateRun('r-1', { state: 'running', targets: [] }),
      ]);
      const expected = { ...run('r-1'), stopRequested: true, state: 'running', targets: [] };
      assert.deepEqual(await store.getRun('r-1'), expected);
      const verdict = { status: 'fail', reasons: ['y'.repeat(200_000)] } as const;
      await store.updateRun('r-1', { verdict });
      await store.updateRun('r-1', { verdict: { status: 'pass', reasons: [] } });
      await store.updateRun('r-1', { verdict: { status: 'pass', reasons: [] } });
      assert.deepEqual(await store.getRun('r-1'), { ...expected, verdict: { status: 'pass', reasons: [] } });
    });

    it('lets the first of several writers decide, and gives all of them its record', async () => {
      const store = await open();
      await store.createRun(run('r-first'));
      const schedules = [1, 2, 3, 4, 5].map((lanes) => ({ startAtMs: 1, endAtMs: 2, lanes, windows: 1, windowMs: 1 }));
      const records = await Promise.all([
        ...schedules.map((schedule) =>
          store.changeRun('r-first', (record) => (record.schedule === undefined ? { schedule } : undefined)),
        ),
        store.updateRun('r-first', { stopRequested: true }),
      ]);
      const stored = await store.getRun('r-first');
      assert.ok(stored?.schedule !== undefined && stored.stopRequested);
      for (const record of records.slice(0, -1)) assert.deepEqual(record?.schedule, stored.schedule);
      const unchanged = await store.changeRun('r-first', () => undefined);
      assert.deepEqual(unchanged, stored);
    });

    it('loses no change of several writers of one field', async () => {
      const store = await open();
      await store.createRun(run('r-faults'));
      const faults = ['a', 'b', 'c', 'd', 'e'];
      await Promise.all(
        faults.map((fault) => store.changeRun('r-faults', (record) => ({ faults: [...(record.faults ?? []), fault] }))),
      );
      assert.deepEqual((await store.getRun('r-faults'))?.faults?.toSorted(), faults);
    });

    it('refuses a change to a run that was never stored', async () => {
      const store = await open();
      await assert.rejects(
        store.changeRun('r-none', () => ({ state: 'done' })),
        /Run r-none is not in the store/,
      );
      await assert.rejects(store.updateRun('r-none', { state: 'done' }), /Run r-none is not in the store/);
      assert.equal(await store.getRun('r-none'), undefined);
    });

    it('lists the newest runs first, up to the limit', async () => {
      const store = await open();
      assert.deepEqual(await store.listRuns({ limit: 10 }), []);
      const ids = ['20260101T000000-_z', '20260101T000000-a', '20260102', '20260102-A', '20260102-a', '20260102_a'];
      for (const id of [...ids].reverse()) await store.createRun(run(id));
      const newestFirst = [...ids].sort().reverse();
      assert.deepEqual((await store.listRuns({ limit: 10 })).map(idOf), newestFirst);
      assert.deepEqual((await store.listRuns({ limit: 2 })).map(idOf), newestFirst.slice(0, 2));
      assert.deepEqual(await store.listRuns({ limit: 0 }), []);
      await store.updateRun('20260102', { state: 'done' });
      assert.equal((await store.listRuns({ limit: 10 })).find(({ runId }) => runId === '20260102')?.state, 'done');
    });

    it('lists the runs between two ids, of all plans and of one', async () => {
      const store = await open();
      const ids = ['20260101-a', '20260101-b', '20260102', '20260102-a', '20260102-b', '20260103-_', '20260103-a'];
      for (const id of ids) await store.createRun(run(id));
      const list = async (query: Partial<RunQuery>) => {
        const all = (await store.listRuns({ limit: 10, ...query })).map(idOf);
        assert.deepEqual((await store.listRuns({ limit: 10, planName: 'plan', ...query })).map(idOf), all);
        return all;
      };
      assert.deepEqual(await list({ fromRunId: '20260102' }), ids.slice(2).reverse());
      assert.deepEqual(await list({ fromRunId: '20260102-a' }), ids.slice(3).reverse());
      assert.deepEqual(await list({ fromRunId: '20260102-' }), ids.slice(3).reverse());
      assert.deepEqual(await list({ beforeRunId: '20260102' }), ids.slice(0, 2).reverse());
      assert.deepEqual(await list({ beforeRunId: '20260102-b' }), ids.slice(0, 4).reverse());
      assert.deepEqual(await list({ fromRunId: '20260101-b', beforeRunId: '20260103' }), ids.slice(1, 5).reverse());
      assert.deepEqual(await list({ fromRunId: '2026', limit: 1 }), ids.slice(-1));
      assert.deepEqual(await list({ fromRunId: '20260104' }), []);
      assert.deepEqual(await list({ beforeRunId: '20260101' }), []);
      assert.deepEqual(await list({ fromRunId: '20260103', beforeRunId: '20260102' }), []);
    });

    it('lists the runs of a plan with any name', async () => {
      const store = await open();
      for (const [index, planName] of ODD_NAMES.entries()) {
        await store.createRun({ ...run(`a${index}`), planName });
        await store.createRun({ ...run(`b${index}`), planName });
      }
      // The id is taken, so this run must not be listed under the other plan.
      await store.createRun({ ...run('a0'), planName: 'other' });
      for (const [index, planName] of ODD_NAMES.entries()) {
        assert.deepEqual(
          (await store.listRuns({ planName, limit: 9 })).map(idOf),
          [`b${index}`, `a${index}`],
          planName,
        );
        assert.deepEqual((await store.listRuns({ planName, limit: 1 })).map(idOf), [`b${index}`]);
      }
      assert.deepEqual(await store.listRuns({ planName: 'other', limit: 9 }), []);
    });

    it('gives an idempotency key to the first run that claims it', async () => {
      const store = await open();
      const claims = ['r-1', 'r-2', 'r-3'].map((runId) => ({ runId, planHash: `hash-${runId}` }));
      const key = `key /\\#? ${'k'.repeat(5000)} 🚀`;
      const answers = await Promise.all(claims.map((claim) => store.reserveKey(key, claim)));
      assert.deepEqual(new Set(answers.map((answer) => JSON.stringify(answer))).size, 1);
      assert.ok(claims.some((claim) => claim.runId === answers[0]?.runId && claim.planHash === answers[0].planHash));
      const late = { runId: 'r-late', planHash: 'late' };
      assert.deepEqual(await store.reserveKey(key, late), answers[0]);
      assert.deepEqual(await store.reserveKey('', late), late);
      assert.deepEqual(await store.reserveKey('', late), late);
    });

    it('gives a target to one of several runs, and to another one when that gives way', async () => {
      const store = await open();
      const [origin, other] = ['https://t.example:8443', 'https://ünï.example'];
      const stays = async () => false;
      const ids = ['r-1', 'r-2', 'r-3', 'r-4'];
      const holders = await Promise.all(ids.map((id) => store.holdTarget(origin, id, stays)));
      const [first = ''] = holders;
      assert.ok(ids.includes(first));
      assert.deepEqual(holders, [first, first, first, first]);
      assert.equal(await store.holdTarget(origin, first, async () => assert.fail('asks a run about itself')), first);
      assert.equal(await store.holdTarget(other, 'r-5', stays), 'r-5');
      const leaves = async (holder: string) => holder === first;
      const heirs = await Promise.all(['r-6', 'r-7', 'r-8'].map((id) => store.holdTarget(origin, id, leaves)));
      const [heir = ''] = heirs;
      assert.ok(['r-6', 'r-7', 'r-8'].includes(heir));
      assert.deepEqual(heirs, [heir, heir, heir]);
    });

    it('remembers who turned the kill switch on, until it is turned off', async () => {
      const store = await open();
      assert.equal(await store.readKillSwitch(), undefined);
      await store.writeKillSwitch(undefined);
      const stop = { by: 'ünï', at: '2026-01-01T00:00:00.000Z' };
      await store.writeKillSwitch(stop);
      await store.writeKillSwitch(stop);
      assert.deepEqual(await store.readKillSwitch(), stop);
      await store.writeKillSwitch(undefined);
      assert.equal(await store.readKillSwitch(), undefined);
    });
  });
}

function run(runId: string): RunRecord {
  const createdAt = '2026-01-01T00:00:00.000Z';
  return {
    runId,
    planName: 'plan',
    planHash: 'hash',
    trigger: 'http',
    createdAt,
    state: 'queued',
    stopRequested: false,
  };
}

function idOf({ runId }: RunRecord): string {
  return runId;
}
