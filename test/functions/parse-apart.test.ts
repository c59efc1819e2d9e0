import assert from 'node:assert/strict';
import { it } from 'node:test';
import { PlanParser } from '../../src/functions/parse-apart.ts';
import { parsePlan } from '../../src/plan/parse-plan.ts';
import { planText } from '../support/a-plan.ts';

const steps = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ tool: `look-${index}`, arguments: { index } }));
const small = planText();
const large = planText({ scenario: { steps: steps(5000) } });

it('parses small plans and large ones, as text and as bytes, with the same result as parsePlan', async () => {
  const parser = new PlanParser();
  const wrong = large.replaceAll('"tool"', '"tol"');
  for (const source of [small, large, Buffer.from(large), wrong, `${large}]`, 'x'.repeat(100_000)]) {
    assert.deepEqual(await parser.parse(source), parsePlan(source));
  }
});

it('parses large plans in another thread, in the order in which they came', async () => {
  const parser = new PlanParser();
  await parser.parse(large);
  const before = process.threadCpuUsage();
  const names = ['a', 'b', 'c'].map((name) => planText({ plan: { name }, scenario: { steps: steps(5000) } }));
  const parsed = await Promise.all(names.map((text) => parser.parse(text)));
  const { user } = process.threadCpuUsage(before);
  assert.deepEqual(
    parsed.map((each) => each.ok && each.plan.name),
    ['a', 'b', 'c'],
  );
  const whole = process.threadCpuUsage();
  names.map((text) => parsePlan(text));
  const inPlace = process.threadCpuUsage(whole).user;
  assert.ok(user < inPlace / 2, `this thread took ${user / 1000} ms, parsing here takes ${inPlace / 1000} ms`);
});

it('refuses what is not parsed in time, and goes on with the next plan', async () => {
  const parser = new PlanParser(1);
  const [first, second] = await Promise.all([parser.parse(large), parser.parse(large)]);
  assert.ok(!first.ok && !second.ok);
  assert.match(first.problems[0]?.message ?? '', /^parsing takes longer than 1 ms; make the plan smaller$/);
  assert.match(second.problems[0]?.message ?? '', /another plan could not be parsed/);
  const patient = new PlanParser();
  assert.ok((await patient.parse(large)).ok);
});

it('lets only a few large plans wait, but any number of small ones', async () => {
  const parser = new PlanParser();
  const all = await Promise.all(Array.from({ length: 12 }, () => parser.parse(large)));
  const refused = all.filter((parsed) => !parsed.ok);
  assert.equal(refused.length, 4);
  for (const parsed of refused) assert.match(parsed.ok ? '' : (parsed.problems[0]?.message ?? ''), /other large plans/);
  assert.ok((await Promise.all(Array.from({ length: 50 }, () => parser.parse(small)))).every(({ ok }) => ok));
});
