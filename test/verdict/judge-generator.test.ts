import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { GeneratorHealth } from '../../src/summary/generator-health.ts';
import { judgeGenerator } from '../../src/verdict/judge-generator.ts';
import { aPlan } from '../support/a-plan.ts';
import { reportFixture } from '../support/report-fixture.ts';

type Starts = Omit<GeneratorHealth['starts'], 'scenarios'>;

const NONE = { planned: null, started: 0, dropped: 0, late: 0, maxLagMs: 0 };

function ruled(changes: Partial<GeneratorHealth>, generator: Record<string, unknown> = {}) {
  const { rules: _, ...health } = reportFixture().generator;
  const results = judgeGenerator(aPlan({ plan: { generator } }).generator, { ...health, ...changes });
  return new Map(results.map(({ rule, ok, detail }) => [rule, { ok, detail }]));
}

function startsRuled(starts: Partial<Starts>, generator: Record<string, unknown> = {}, lost = 0) {
  const slices = { planned: 4, committed: 4 - lost, partial: 0, lost, duplicates: 0 };
  return ruled({ starts: { ...NONE, ...starts, scenarios: [] }, slices }, generator);
}

it("the rules of the generator allow the plan's share of missing starts; dropped starts are not missing", () => {
  const made = (started: number, dropped: number, generator = {}) =>
    startsRuled({ planned: 1000, started, dropped }, generator).get('starts made');
  assert.deepEqual(made(900, 99), {
    ok: true,
    detail: '1 of 1000 planned starts missing (0.1 %); at most 0.1 % allowed; 900 made, 99 dropped',
  });
  assert.equal(made(900, 98)?.ok, false);
  assert.equal(made(900, 98, { maxMissedStarts: 0.002 })?.ok, true);
  assert.equal(made(1001, 0)?.ok, true);
  assert.equal(startsRuled({ planned: 0 }).get('starts made')?.ok, true);
});

it("the rules of the generator allow the plan's share of late starts", () => {
  const late = (count: number, generator = {}) =>
    startsRuled({ planned: 1000, started: 1000, late: count, maxLagMs: 61.25 }, generator).get('starts on time');
  assert.deepEqual(late(10), {
    ok: true,
    detail: '10 of 1000 starts more than 50 ms late (1 %); at most 1 % allowed; the latest 61.3 ms late',
  });
  assert.equal(late(11)?.ok, false);
  assert.equal(late(11, { maxLateStarts: 0.02 })?.ok, true);
  assert.equal(startsRuled({ planned: 10 }).get('starts on time')?.ok, true);
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
  const cpu = (maxShare: number, generator = {}) =>
    ruled({ cpu: { seconds: 1, microsecondsPerRequest: 1, maxShare } }, generator).get('processor not exhausted');
  assert.deepEqual(cpu(0.95), {
    ok: true,
    detail: 'the busiest process used 0.95 CPU seconds per second; at most 0.95 allowed',
  });
  assert.equal(cpu(0.96)?.ok, false);
  assert.equal(cpu(1.2, { maxCpu: 1.5 })?.ok, true);
});
