import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { GeneratorHealth } from '../../src/summary/generator-health.ts';
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

it('the rules of the generator say that the starts of lost slices are not counted', () => {
  const completed = (planned: number | null, lost: number) =>
    startsRuled({ planned, started: planned ?? 0 }, {}, lost).get('slices completed')?.detail ?? '';
  assert.match(completed(100, 1), /1 lost; at most 0 % may be lost; starts of lost slices are not counted$/);
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
