import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { Plan } from '../../src/plan/plan-schema.ts';
import { layoutOf, sliceOf } from '../../src/plan/slices.ts';
import { SentRequests } from '../../src/run/sent-requests.ts';
import { silentHolder } from '../../src/run/silent-holders.ts';
import { timingOf } from '../../src/run/timing.ts';
import type { LiveProgress } from '../../src/summary/live-progress.ts';
import { unaccountedOf } from '../../src/summary/unaccounted.ts';
import { aPlan } from '../support/a-plan.ts';
import { RUN_START_MS } from '../support/blocks-of.ts';
import { lostSlice } from '../support/healthy-slice.ts';

const TIMING = timingOf(30_000);
const SECONDS = 300;

type Death = {
  readonly plan: Plan;
  /** Requests that it has sent by a time, milliseconds after the start. */
  readonly sentBy: (ms: number) => number;
  /** The last sign of life, after the start; the holder is killed so long after it. */
  readonly signMs: number;
  readonly lifeMs: number;
  readonly latencyMs: number;
  /** Since when the store has accepted no samples, before the last sign. */
  readonly unstoredMs: number;
};

/** What the report says about a holder that was killed, and how many of its requests are really in no figure. */
function death({ plan, sentBy, signMs, lifeMs, latencyMs, unstoredMs }: Death) {
  const slice = sliceOf(layoutOf(plan, { vusPerLane: 1e9, ratePerLane: 1e9, windowMs: 1e9 }), RUN_START_MS, 0, 0);
  const sent = new SentRequests();
  let nowMs = 0;
  sent.track(() => sentBy(nowMs));
  let sign: LiveProgress | undefined;
  for (nowMs = signMs % TIMING.flushMs; nowMs <= signMs; nowMs += TIMING.flushMs) {
    const about = { sliceId: slice.sliceId, attemptId: 'a', atMs: RUN_START_MS + nowMs, activeVus: 1 };
    const figures = sent.figures(RUN_START_MS + nowMs);
    sign = { ...about, warmUpRequests: 0, operations: [], scenarios: [], ...figures };
  }
  const requests = sentBy(Math.max(0, signMs - unstoredMs - latencyMs));
  const holder = silentHolder(plan, slice, TIMING, sign, { blocks: 1, samples: requests, requests });
  const unaccounted = unaccountedOf([lostSlice({ silent: [holder] })]);
  return { unaccounted, missing: sentBy(Math.min(signMs + lifeMs, SECONDS * 1000)) - requests };
}

const arbitraryDeath = fc.record({
  signMs: fc.integer({ min: 0, max: SECONDS * 1000 }),
  lifeMs: fc.integer({ min: 0, max: TIMING.proofMs }),
  latencyMs: fc.integer({ min: 0, max: 20_000 }),
  unstoredMs: fc.integer({ min: 0, max: 10_000 }),
});

it('states at least as many requests as are missing, whenever a holder dies whose starts come at a constant rate', () => {
  fc.assert(
    fc.property(
      arbitraryDeath,
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 1, max: 4 }),
      (drawn, rate, calls) => {
        const scenario = {
          executor: 'constant-arrival-rate',
          rate,
          duration: `${SECONDS}s`,
          preAllocatedVUs: 1,
          vus: undefined,
        };
        const plan = aPlan({ scenario: { ...scenario, callsPerIteration: calls } });
        const sentBy = (ms: number) => calls * Math.ceil((rate * ms) / 1000);
        const { unaccounted, missing } = death({ plan, sentBy, ...drawn });
        const atMost = unaccounted?.atMost ?? 0;
        assert.ok(atMost !== null && atMost >= missing, `${missing} are missing, and at most ${atMost} are stated`);
        // Not more than the holder can have sent in the time that a proof lasts.
        const perSecond = rate * calls + (drawn.signMs < 2 * TIMING.flushMs ? 5 * rate : 0);
        const most = missing + (perSecond * TIMING.proofMs) / 1000 + 2 * calls + 15;
        assert.ok(atMost <= 1.1 * most, `${missing} are missing, and at most ${atMost} are stated`);
        assert.ok((unaccounted?.estimate ?? 0) <= atMost);
      },
    ),
  );
});

it('states at least as many requests as are missing, whenever a holder dies whose load rises', () => {
  const stages = [
    { duration: '100s', target: 50 },
    { duration: '0s', target: 80 },
    { duration: '200s', target: 200 },
  ];
  const levelAt = (ms: number) => {
    const seconds = ms / 1000;
    return seconds < 100 ? 10 + 0.4 * seconds : 80 + 0.6 * (seconds - 100);
  };
  const sentBy = (ms: number) => {
    let sum = 0;
    for (let at = 0; at < ms; at += 100) sum += (levelAt(at) * Math.min(100, ms - at)) / 1000;
    return Math.floor(3 * sum);
  };
  for (const scenario of [
    { executor: 'ramping-vus', startVUs: 10, stages },
    { executor: 'ramping-arrival-rate', startRate: 10, stages, preAllocatedVUs: 1 },
  ]) {
    const plan = aPlan({ scenario: { ...scenario, vus: undefined, duration: undefined } });
    fc.assert(
      fc.property(arbitraryDeath, (drawn) => {
        // Before the second sign of life, nobody knows how fast virtual users are.
        fc.pre(drawn.signMs >= 2 * TIMING.flushMs);
        const { unaccounted, missing } = death({ plan, sentBy, ...drawn });
        const atMost = unaccounted?.atMost ?? 0;
        assert.ok(atMost !== null && atMost >= missing, `${missing} are missing, and at most ${atMost} are stated`);
      }),
      { numRuns: 50 },
    );
  }
});

it('says that the number is unknown if nothing shows how fast the virtual users were', () => {
  const plan = aPlan({ scenario: { vus: 5, duration: `${SECONDS}s` } });
  const { unaccounted } = death({ plan, sentBy: () => 0, signMs: 0, lifeMs: 500, latencyMs: 0, unstoredMs: 0 });
  assert.deepEqual(unaccounted, { estimate: null, atMost: null, slices: 1 });
});

it('states the exact number for a holder whose load was over', () => {
  const plan = aPlan({ scenario: { duration: '10s' } });
  const slice = sliceOf(layoutOf(plan, { vusPerLane: 10, ratePerLane: 10, windowMs: 1e9 }), RUN_START_MS, 0, 0);
  const sign = (sent: number): LiveProgress => {
    const about = { sliceId: slice.sliceId, attemptId: 'a', atMs: RUN_START_MS + 11_000, activeVus: 0, ended: true };
    return { ...about, warmUpRequests: 0, operations: [], scenarios: [], sent, peakPerSecond: 100 };
  };
  const stored = { blocks: 2, samples: 90, requests: 80 };
  const of = (sent: number) =>
    unaccountedOf([lostSlice({ silent: [silentHolder(plan, slice, TIMING, sign(sent), stored)] })]);
  assert.deepEqual(of(97), { estimate: 17, atMost: 17, slices: 1 });
  assert.equal(of(80), null);
});

it('knows of no missing request before the start of the slice, nor after its end and the graceful stop', () => {
  const plan = aPlan({ scenario: { duration: '10s', gracefulStop: '2s' } });
  const slice = sliceOf(layoutOf(plan, { vusPerLane: 10, ratePerLane: 10, windowMs: 1e9 }), RUN_START_MS, 0, 0);
  const aheadMs = (afterMs: number) => {
    const about = { sliceId: slice.sliceId, attemptId: 'a', atMs: RUN_START_MS + afterMs, activeVus: 0 };
    const sign: LiveProgress = {
      ...about,
      warmUpRequests: 0,
      operations: [],
      scenarios: [],
      sent: 5,
      peakPerSecond: 1,
    };
    return silentHolder(plan, slice, TIMING, sign, { blocks: 0, samples: 0, requests: 0 }).atMostMs;
  };
  assert.deepEqual(
    [-26_000, -24_000, 0, 5000, 11_500, 12_000, 20_000].map(aheadMs),
    [0, 1000, 12_000, 7000, 500, 0, 0],
  );
});

it('takes the fastest attempt of the run for one that nobody saw at work', () => {
  const plan = aPlan({ scenario: { vus: 5, duration: '60s' } });
  const slice = sliceOf(layoutOf(plan, { vusPerLane: 10, ratePerLane: 10, windowMs: 1e9 }), RUN_START_MS, 0, 0);
  const silent = [silentHolder(plan, slice, TIMING, undefined, { blocks: 0, samples: 0, requests: 0 })];
  const peer = lostSlice({
    sliceId: 'w0000-l0001',
    silent: [{ ...silent[0], peakPerSecond: 40, atMostMs: 0 } as never],
  });
  assert.deepEqual(unaccountedOf([lostSlice({ silent }), peer]), { estimate: 80, atMost: 1000, slices: 1 });
});
