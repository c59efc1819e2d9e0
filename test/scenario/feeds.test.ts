import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { Feed } from '../../src/plan/feed.ts';
import { layoutOf, type ScenarioSegment } from '../../src/plan/slices.ts';
import { maxVusOf } from '../../src/plan/timeline.ts';
import { feedRow } from '../../src/scenario/feeds.ts';
import { arrivalSchedule, segmentStarts } from '../../src/traffic/arrival-schedule.ts';
import { ownIterations } from '../../src/traffic/closed.ts';
import { allSegments } from '../plan/any-plan.ts';
import { aPlan } from '../support/a-plan.ts';

const START_MS = 1_800_000_000_000;
const random = () => 0.5;

function feedOf(order: Feed['order'], length: number, repeat: boolean): Feed {
  return { order, repeat, columns: ['value'], rows: Array.from({ length }, (_, row) => [row]) };
}

/** All segments of a plan with one scenario, over all lanes and windows. */
function segmentsFor(scenario: Record<string, unknown>, vusPerLane: number, windowMs: number): ScenarioSegment[] {
  const plan = aPlan({ scenario });
  return allSegments(plan, layoutOf(plan, { vusPerLane, ratePerLane: 50, windowMs }), START_MS);
}

const anyLanes = fc.integer({ min: 1, max: 10 });
const anyVus = fc.integer({ min: 1, max: 10 });
const counts = (rows: readonly (number | undefined)[], length: number) => {
  const taken = new Array<number>(length).fill(0);
  for (const row of rows) if (row !== undefined) taken[row] = (taken[row] as number) + 1;
  return taken;
};

it('feed rows are taken in order by starts at a rate, in any lane and window, until the feed is exhausted', () => {
  fc.assert(
    fc.property(
      anyVus,
      anyLanes,
      fc.integer({ min: 500, max: 6000 }),
      fc.integer({ min: 1, max: 80 }),
      (vus, perLane, windowMs, length) => {
        const scenario = {
          executor: 'constant-arrival-rate',
          vus: undefined,
          rate: 10,
          duration: '5s',
          preAllocatedVUs: vus,
        };
        const feed = feedOf('sequential', length, false);
        const rows = segmentsFor(scenario, perLane, windowMs).flatMap((segment) => {
          assert.ok(segment.scenario.executor === 'constant-arrival-rate');
          const { first, end, step } = segmentStarts(arrivalSchedule(segment.scenario), segment);
          const found = [];
          for (let k = first; k < end; k += step) found.push(feedRow(feed, { ordinal: k, vuIndex: 0, random }));
          return found;
        });
        assert.equal(rows.length, 50);
        assert.deepEqual(
          counts(rows, length),
          Array.from({ length }, (_, row) => (row < 50 ? 1 : 0)),
        );
      },
    ),
  );
});

it('feed rows are each taken once by virtual users that count their own iterations', () => {
  fc.assert(
    fc.property(anyVus, anyLanes, fc.integer({ min: 1, max: 12 }), (vus, perLane, iterations) => {
      const scenario = { executor: 'per-vu-iterations', vus, iterations, duration: undefined };
      const length = vus * iterations;
      const feed = feedOf('sequential', length, false);
      const rows = segmentsFor(scenario, perLane, 60_000).flatMap((segment) =>
        segment.vus.flatMap((vu) => {
          const next = ownIterations(segment, vu);
          return Array.from({ length: iterations }, () =>
            feedRow(feed, { ordinal: next().ordinal, vuIndex: vu - segment.firstVu, random }),
          );
        }),
      );
      assert.deepEqual(counts(rows, length), new Array(length).fill(1));
    }),
  );
});

it('feed rows that are unique belong to one virtual user each, the same in every window', () => {
  fc.assert(
    fc.property(anyVus, anyLanes, fc.integer({ min: 500, max: 12_000 }), (vus, perLane, windowMs) => {
      const segments = segmentsFor({ vus }, perLane, windowMs);
      assert.equal(maxVusOf((segments[0] as ScenarioSegment).scenario), vus);
      const rowsOf = new Map<number, Set<number | undefined>>();
      for (const { firstVu, vus: numbers } of segments) {
        for (const vu of numbers) {
          const row = feedRow(feedOf('unique', vus, true), { ordinal: vu * 7, vuIndex: vu - firstVu, random });
          rowsOf.set(vu, (rowsOf.get(vu) ?? new Set()).add(row));
        }
      }
      const own = [...rowsOf.values()].map((rows) => [...rows]);
      assert.ok(own.every((rows) => rows.length === 1));
      assert.equal(new Set(own.flat()).size, vus);
    }),
  );
});
