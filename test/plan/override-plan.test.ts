import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { it } from 'node:test';
import { overridePlan } from '../../src/plan/override-plan.ts';
import { parsePlan } from '../../src/plan/parse-plan.ts';
import type { Plan } from '../../src/plan/plan-schema.ts';
import { durationOf } from '../../src/plan/timeline.ts';
import { planText } from '../support/a-plan.ts';
import { onlyProblemIn, problemsIn } from './refused-plan.ts';

const folder = new URL('../../plans/', import.meta.url);

function planOf(text: string): Plan {
  const parsed = parsePlan(text);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.plan;
}

for (const file of readdirSync(folder)) {
  it(`changes only the values in plans/${file}, in place`, () => {
    const text = readFileSync(new URL(file, folder), 'utf8');
    const changed = overridePlan(text, { targets: { learn: 'http://127.0.0.1:9/x' }, duration: '1m' });
    const plan = planOf(changed);
    assert.equal(plan.targets.learn?.url, 'http://127.0.0.1:9/x');
    for (const scenario of Object.values(plan.scenarios)) assert.equal(durationOf(scenario), 60_000);
    const before = text.split('\n');
    const after = changed.split('\n');
    assert.equal(after.length, before.length);
    const different = before.filter((line, index) => line !== after[index]);
    // One line for each duration; stages of no length stay as they are.
    const durations = Object.values(planOf(text).scenarios).flatMap((scenario) =>
      'stages' in scenario ? scenario.stages.map(({ duration }) => duration) : [durationOf(scenario)],
    );
    const same = durations.filter((duration) => duration === 0).length;
    assert.ok(different.length <= 1 + durations.length && different.length >= 1 + durations.length - 2 * same - 1);
  });
}

it('changes a token URL in JSON', () => {
  const auth = { type: 'client-credentials', tokenUrl: 'http://127.0.0.1:1/t', clientId: 'me', clientSecret: 'mine' };
  const changed = overridePlan(planText({ target: { auth } }), { tokenUrls: { web: 'http://127.0.0.1:2/t' } });
  assert.equal(JSON.parse(changed).targets.web.auth.tokenUrl, 'http://127.0.0.1:2/t');
});

it('adds unknown names, so that parsing refuses them', () => {
  const changes = { targets: { wbe: 'http://127.0.0.1:9/' }, tokenUrls: { web: 'http://x/' } };
  assert.deepEqual(
    problemsIn(overridePlan(planText(), changes)).map(({ path }) => path),
    ['targets.web.auth.type', 'targets.wbe'],
  );
  const withoutUrl = problemsIn(overridePlan(planText(), { tokenUrls: { wbe: 'http://127.0.0.1:9/' } }));
  assert.ok(withoutUrl.some(({ path }) => path === 'targets.wbe.url'));
});

it('replaces a target that is an alias by a copy', () => {
  const scenario = '{ executor: constant-vus, vus: 1, duration: 1s, steps: [{ tool: look }], target: ';
  const text = `name: two
targets: { twin: &it { url: "http://127.0.0.1:4801/mcp" }, web: *it }
scenarios: { one: ${scenario} twin }, other: ${scenario} web } }
`;
  const plan = planOf(overridePlan(text, { targets: { web: 'http://127.0.0.1:9/x' } }));
  assert.equal(plan.targets.web?.url, 'http://127.0.0.1:9/x');
  assert.equal(plan.targets.twin?.url, 'http://127.0.0.1:4801/mcp');
});

const STAGED = `name: staged
targets: { web: { url: "http://127.0.0.1:1/mcp" } }
scenarios:
  up:
    target: web
    executor: ramping-vus
    startVUs: 1
    stages: &stages
      - { duration: 1m, target: 10 } # up
      - { duration: 0s, target: 20 }
      - { duration: 2m, target: 20 }
    steps: [{ tool: look }]
  again:
    target: web
    executor: ramping-arrival-rate
    startRate: 1
    preAllocatedVUs: 5
    stages: *stages
    steps: [{ tool: look }]
  count:
    target: web
    executor: shared-iterations
    vus: 1
    iterations: 5
    steps: [{ tool: look }]
`;

it('scales stages in proportion, also shared ones, and limits scenarios that count iterations', () => {
  for (const [duration, ms] of [
    ['9s', 9000],
    ['10s', 10_000],
    ['1h', 3_600_000],
  ] as const) {
    const text = duration === '1h' ? STAGED.replace(/ {2}count:.*/s, '') : STAGED;
    const changed = overridePlan(text, { duration });
    const { up, again, count } = planOf(changed).scenarios;
    for (const scenario of [up, again]) {
      assert.ok(scenario !== undefined && 'stages' in scenario);
      const durations = scenario.stages.map((stage) => stage.duration);
      assert.equal(durationOf(scenario), ms);
      assert.ok(Math.abs((durations[0] as number) - ms / 3) <= 1, `${durations}`);
      assert.equal(durations[1], 0);
    }
    if (count !== undefined) assert.equal(durationOf(count), ms);
  }
});

it('keeps the warm-up, which parsing refuses if it takes the whole run', () => {
  const text = planText({ plan: { warmUp: '5s' } });
  assert.equal(planOf(overridePlan(text, { duration: '6s' })).warmUp, 5000);
  const { path, message } = onlyProblemIn(overridePlan(text, { duration: '5s' }));
  assert.equal(path, 'warmUp');
  assert.equal(message, "expected less than the run's duration of 5 s, got 5 s");
});

it('leaves invalid durations and stages for parsing to refuse', () => {
  for (const [text, duration] of [
    [STAGED, 'soon'],
    [STAGED.replace('1m', 'soon'), '1s'],
    [STAGED.replace(/&stages.*?steps/s, '&stages 7\n    steps'), '1s'],
    [STAGED.replace(/&stages.*?steps/s, '&stages [7, {target: 1}]\n    steps'), '1s'],
  ] as const) {
    const problems = problemsIn(overridePlan(text, { duration }));
    assert.ok(problems.length > 0, duration);
    assert.ok(
      problems.every(({ path }) => /^scenarios\.\w+\.(stages|maxDuration)/.test(path)),
      JSON.stringify(problems),
    );
  }
});

it('finds scenarios with numbers for names', () => {
  const text = planText().replace('"calls"', '7').replace('"10s"', '"9s"');
  assert.deepEqual(
    Object.entries(planOf(overridePlan(text, { duration: '4s' })).scenarios).map(([name, one]) => [
      name,
      durationOf(one),
    ]),
    [['7', 4000]],
  );
});

it('does not change text into which no key can be set', () => {
  for (const text of ['', 'plan', '[1]', 'targets: here', 'targets: [1]', 'targets:', '"', 'targets: {web: *none}']) {
    assert.equal(overridePlan(text, { targets: { web: 'http://127.0.0.1/' }, duration: '1s' }), text);
  }
});

it('quotes values that YAML would read differently', () => {
  const text = overridePlan('targets: {web: {url: http://127.0.0.1/}}', { targets: { web: 'a: b # "c"\n- d' } });
  assert.match(
    problemsIn(text).find(({ path }) => path === 'targets.web.url')?.message ?? '',
    /got "a: b # \\"c\\"\\n- d"/,
  );
});
