import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type GeneratorHealth, SLICE_CAUSES, type Unaccounted } from '../../src/summary/generator-health.ts';
import { judgeGenerator } from '../../src/verdict/judge-generator.ts';
import type { ScenarioDelays } from '../../src/verdict/scenario-delays.ts';
import { aPlan } from '../support/a-plan.ts';
import { reportFixture } from '../support/report-fixture.ts';

type Starts = Omit<GeneratorHealth['starts']['scenarios'][number], 'scenario'>;

const NONE = { planned: null, started: 0, dropped: 0, late: 0, maxLagMs: 0 };

/** A scenario whose calls have this median latency, with this many starts that came `lagMs` late. */
type Delays = {
  readonly scenario?: string;
  readonly medianMs?: number;
  readonly late?: number;
  readonly lagMs?: number;
};

function delaysOf({ scenario = 'calls', medianMs, late = 0, lagMs = 61.25 }: Delays): ScenarioDelays {
  return { scenario, medianMs: medianMs ?? null, lagsUs: new Uint32Array(late).fill(lagMs * 1000) };
}

function ruled(
  changes: Partial<GeneratorHealth>,
  generator: Record<string, unknown> = {},
  delays: readonly Delays[] = [{}],
) {
  const { rules: _, ...health } = reportFixture().generator;
  const results = judgeGenerator(
    aPlan({ plan: { generator } }).generator,
    { ...health, ...changes },
    delays.map(delaysOf),
  );
  return new Map(results.map(({ rule, ok, detail }) => [rule, { ok, detail }]));
}

function startsRuled(starts: Partial<Starts>, generator: Record<string, unknown> = {}, lost = 0, delays: Delays = {}) {
  const slices = { planned: 4, committed: 4 - lost, partial: 0, lost, duplicates: 0 };
  const of = { ...NONE, ...starts };
  return ruled({ starts: { ...of, scenarios: [{ scenario: 'calls', ...of }] }, slices }, generator, [delays]);
}

it("the rules of the generator allow the plan's share of missing starts; dropped starts are not missing", () => {
  const made = (started: number, dropped: number, generator = {}) =>
    startsRuled({ planned: 1000, started, dropped }, generator).get('starts made');
  assert.deepEqual(made(900, 99), {
    ok: true,
    detail:
      'scenario calls: 1 of 1000 planned starts missing (0.1 %); at most one start or 0.1 % allowed; 900 made, 99 dropped',
  });
  assert.equal(made(900, 98)?.ok, false);
  assert.equal(made(900, 98, { maxMissedStarts: 0.002 })?.ok, true);
  assert.equal(made(1001, 0)?.ok, true);
  assert.equal(startsRuled({ planned: 0 }).get('starts made')?.ok, true);
});

it("the rules of the generator allow the plan's share of late starts", () => {
  const late = (count: number, generator = {}) =>
    startsRuled({ planned: 1000, started: 1000, late: count, maxLagMs: 61.25 }, generator, 0, { late: count }).get(
      'starts on time',
    );
  assert.deepEqual(late(10), {
    ok: true,
    detail:
      'scenario calls: 10 of 1000 starts more than 50 ms late (1 %); at most one start or 1 % allowed; the latest 61.3 ms late',
  });
  assert.equal(late(11)?.ok, false);
  assert.equal(late(11, { maxLateStarts: 0.02 })?.ok, true);
  assert.equal(startsRuled({ planned: 10 }).get('starts on time')?.ok, true);
});

it('the rules of the generator are not broken by a single start, however few there are', () => {
  const few = (missed: number, late: number) =>
    startsRuled({ planned: 12, started: 12 - missed, late, maxLagMs: 61.25 }, {}, 0, { late });
  assert.equal(few(0, 1).get('starts on time')?.ok, true);
  assert.equal(few(0, 2).get('starts on time')?.ok, false);
  assert.equal(few(1, 0).get('starts made')?.ok, true);
  assert.equal(few(2, 0).get('starts made')?.ok, false);
});

it('the rules of the generator are not broken by delays that are short beside the latencies', () => {
  const late = (delays: Delays, generator = {}) =>
    startsRuled({ planned: 100, started: 100, late: 50, maxLagMs: 900 }, generator, 0, { late: 50, ...delays }).get(
      'starts on time',
    );
  assert.equal(late({ lagMs: 63, medianMs: 522 })?.ok, true);
  assert.deepEqual(late({ lagMs: 131, medianMs: 522 }), {
    ok: false,
    detail:
      'scenario calls: 50 of 100 starts more than 131 ms (25 % of the median latency of scenario calls) late (50 %); at most one start or 1 % allowed; the latest 900.0 ms late',
  });
  assert.equal(late({ lagMs: 131, medianMs: 522 }, { delayShare: 0.3 })?.ok, true);
  assert.equal(late({ lagMs: 63, medianMs: 522 }, { delayShare: 0 })?.ok, false);
  assert.equal(late({ lagMs: 63, medianMs: 522 }, { delayShare: 0.1 })?.ok, false);
  assert.equal(late({ lagMs: 63, medianMs: 200 })?.ok, false);
  assert.equal(late({ lagMs: 49, medianMs: 1 })?.ok, true);
});

it('the rules of the generator name each scenario that broke them, or the one that came nearest', () => {
  const of = (scenario: string) => ({ ...NONE, scenario, planned: 100, started: 100 });
  const starts = (...late: number[]) =>
    ruled(
      {
        starts: {
          ...NONE,
          planned: 200,
          scenarios: [of('a'), { ...of('b'), started: 99 }, { ...NONE, scenario: 'c' }],
        },
      },
      {},
      late.map((count, at) => ({ scenario: 'ab'[at] as string, late: count })),
    );
  assert.match(starts(0, 1).get('starts on time')?.detail ?? '', /^scenario b: 1 of 99 [^;]*; [^;]*; [^;]*$/);
  assert.match(starts(5, 1).get('starts on time')?.detail ?? '', /^scenario a: 5 of 100 [^;]*; [^;]*; [^;]*$/);
  assert.match(starts(5, 5).get('starts on time')?.detail ?? '', /^scenario a: 5 .*; scenario b: 5 /);
  assert.match(starts().get('starts made')?.detail ?? '', /^scenario b: 1 of 100 /);
});

it('the rules of the generator compare delays of the event loop with the lowest median latency', () => {
  const loop = (p99: number | null, ...medians: (number | undefined)[]) =>
    ruled(
      { eventLoopDelayMs: { p99, max: p99 } },
      {},
      medians.map((medianMs, at) => ({
        scenario: 'ab'[at] as string,
        ...(medianMs === undefined ? {} : { medianMs }),
      })),
    ).get('event loop free');
  assert.deepEqual(loop(101, 10), { ok: false, detail: 'timer delay p99 101.0 ms; at most 100 ms allowed' });
  assert.equal(loop(101, 2000, undefined)?.ok, false);
  assert.deepEqual(loop(140, 2000, 600), {
    ok: true,
    detail: 'timer delay p99 140.0 ms; at most 150 ms (25 % of the median latency of scenario b) allowed',
  });
  assert.equal(loop(151, 2000, 600)?.ok, false);
  assert.deepEqual(loop(null), { ok: true, detail: 'not measured, because no slice lasted long enough' });
});

it('the rules of the generator have no rule about starts where virtual users set the pace', () => {
  const rules = startsRuled({});
  assert.equal(rules.has('starts made'), false);
  assert.equal(rules.has('starts on time'), false);
});

it('the rules of the generator say that the starts of lost slices are counted only as far as they were stored', () => {
  const completed = (planned: number | null, lost: number) =>
    startsRuled({ planned, started: planned ?? 0 }, {}, lost).get('slices completed')?.detail ?? '';
  assert.match(
    completed(100, 1),
    /1 lost; at most 0 % may be lost; starts of lost slices are counted only as far as they were stored$/,
  );
  assert.doesNotMatch(completed(100, 0), /starts/);
  assert.doesNotMatch(completed(null, 1), /starts/);
});

it('the rules of the generator require that the busiest process had some CPU left', () => {
  const cpu = (maxShare: number | null, generator = {}) =>
    ruled({ cpu: { seconds: 1, microsecondsPerRequest: 1, maxShare } }, generator).get('processor not exhausted');
  assert.deepEqual(cpu(0.95), {
    ok: true,
    detail: 'the busiest process used 0.95 CPU seconds per second; at most 0.95 allowed',
  });
  assert.equal(cpu(0.96)?.ok, false);
  assert.deepEqual(cpu(null), { ok: true, detail: 'not measured, because no slice lasted a second' });
  assert.equal(cpu(1.2, { maxCpu: 1.5 })?.ok, true);
});

describe('the rule that slices must be complete', () => {
  const lost = { planned: 4, committed: 1, partial: 0, lost: 3, duplicates: 0 };
  const completed = (changes: Partial<GeneratorHealth>) => ruled(changes).get('slices completed');

  it('says of slices that nobody began how many instances were seen and what to set', () => {
    const causes = [
      { cause: 'never begun', slices: 2 },
      { cause: 'too late', slices: 1 },
    ] as const;
    const { ok, detail = '' } = completed({ slices: { ...lost, causes, instancesSeen: 2 } }) ?? {};
    assert.equal(ok, false);
    assert.match(
      detail,
      /3 slices found no free instance in time \(2 instances were seen\): raise SURGE_START_DELAY_SECONDS, SURGE_MAXIMUM_INSTANCES or maxConcurrentActivityFunctions .*, or use fewer lanes with a higher SURGE_VUS_PER_LANE or SURGE_RATE_PER_LANE/,
    );
  });

  it('names every other cause, each with the number of slices', () => {
    const causes = SLICE_CAUSES.map((cause, at) => ({ cause, slices: at + 1 }));
    const { detail = '' } = completed({ slices: { ...lost, causes, instancesSeen: 1 } }) ?? {};
    for (const part of [
      '1 slice died: the process gave no further sign of life',
      '2 slices failed in mcp-surge, see the faults of the run',
      '7 slices found no free instance in time (1 instance was seen)',
      '5 slices could not begin because the store could not be reached',
      '6 slices were refused by the app, see the faults of the run',
      '7 slices were not begun because the orchestration was over',
    ]) {
      assert.ok(detail.includes(`; ${part}`), `${part} is not in ${detail}`);
    }
  });

  it('does not count slices that nobody needed after a stop', () => {
    const slices = { planned: 2, committed: 2, partial: 0, lost: 0, skipped: 6, duplicates: 0 };
    const { ok, detail = '' } = completed({ slices }) ?? {};
    assert.equal(ok, true);
    assert.match(detail, /^2 of 2 complete, .*; 6 not needed after the stop/);
  });

  it('says how many requests are in no figure', () => {
    const said = (unaccounted: Unaccounted | null) => completed({ unaccounted })?.detail ?? '';
    assert.match(
      said({ estimate: 90, atMost: 1040, slices: 2 }),
      /; about 90 and at most 1040 requests of 2 slices are in no figure$/,
    );
    assert.match(said({ estimate: 1, atMost: 1, slices: 1 }), /; at most 1 request of 1 slice is in no figure$/);
    assert.match(
      said({ estimate: null, atMost: null, slices: 1 }),
      /; an unknown number of requests of 1 slice are in no figure$/,
    );
    assert.doesNotMatch(said(null), /in no figure/);
  });
});

it('the rules of the generator say what is unknown, and of how many attempts', () => {
  const { starts } = reportFixture().generator;
  const unknown = { planned: 100, started: null, dropped: null, late: null, maxLagMs: null };
  const none = ruled({
    unreported: 1,
    maxStartDelayMs: null,
    starts: { ...starts, ...unknown, scenarios: [{ scenario: 'calls', ...unknown }] },
    store: { errors: null, blocks: 1, samples: 2 },
  });
  assert.equal(none.get('slices started in time')?.detail, 'unknown, because no slice reported it');
  assert.match(
    none.get('starts made')?.detail ?? '',
    /100 of 100 planned starts missing .*unknown made, unknown dropped/,
  );
  assert.equal(none.get('starts made')?.ok, false);
  assert.equal(none.get('starts on time')?.detail, 'scenario calls: unknown, because no slice reported it');
  assert.match(none.get('samples stored')?.detail ?? '', /2 samples in 1 blocks, an unknown number of store errors/);
  const some = ruled({ unreported: 2 });
  for (const rule of ['slices started in time', 'event loop free', 'load not stopped early', 'samples stored']) {
    assert.match(some.get(rule)?.detail ?? '', /\(2 attempts did not report\)/);
  }
  assert.match(some.get('virtual users started')?.detail ?? '', /^at least /);
});
