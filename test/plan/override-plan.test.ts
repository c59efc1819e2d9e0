import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { it } from 'node:test';
import { overridePlan } from '../../src/plan/override-plan.ts';
import { parsePlan } from '../../src/plan/parse-plan.ts';
import type { Plan } from '../../src/plan/plan-schema.ts';
import { planText } from '../support/a-plan.ts';

const folder = new URL('../../plans/', import.meta.url);

function planOf(text: string): Plan {
  const parsed = parsePlan(text);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.plan;
}

for (const file of readdirSync(folder)) {
  it(`changes plans/${file} where the values stand, and nothing else`, () => {
    const text = readFileSync(new URL(file, folder), 'utf8');
    const changed = overridePlan(text, { targets: { learn: 'http://127.0.0.1:9/x' }, duration: '1m' });
    const plan = planOf(changed);
    assert.equal(plan.targets.learn?.url, 'http://127.0.0.1:9/x');
    for (const scenario of Object.values(plan.scenarios)) assert.equal(scenario.duration, 60_000);
    const before = text.split('\n');
    const after = changed.split('\n');
    assert.equal(after.length, before.length);
    const different = before.filter((line, index) => line !== after[index]);
    assert.equal(different.length, 1 + Object.keys(plan.scenarios).length);
  });
}

it('changes a token URL, and JSON as well as YAML', () => {
  const auth = { type: 'client-credentials', tokenUrl: 'http://127.0.0.1:1/t', clientId: 'me', clientSecret: 'mine' };
  const changed = overridePlan(planText({ target: { auth } }), { tokenUrls: { web: 'http://127.0.0.1:2/t' } });
  assert.equal(JSON.parse(changed).targets.web.auth.tokenUrl, 'http://127.0.0.1:2/t');
});

it('adds what a name does not find, for parsing to refuse with its path', () => {
  const parsed = parsePlan(
    overridePlan(planText(), { targets: { wbe: 'http://127.0.0.1:9/' }, tokenUrls: { web: 'http://x/' } }),
  );
  assert.ok(!parsed.ok);
  assert.deepEqual(
    parsed.problems.map(({ path }) => path),
    ['targets.web.auth.type'],
  );
  assert.deepEqual(Object.keys(planOf(overridePlan(planText(), { targets: { wbe: 'http://127.0.0.1:9/' } })).targets), [
    'web',
    'wbe',
  ]);
  const noUrl = parsePlan(overridePlan(planText(), { tokenUrls: { wbe: 'http://127.0.0.1:9/' } }));
  assert.ok(!noUrl.ok && noUrl.problems.some(({ path }) => path === 'targets.wbe.url'));
});

it('gives a target that is an alias a copy of its own', () => {
  const text = planText()
    .replace('"web": {', '"twin": &it {')
    .replace('\n  },\n  "scenarios"', ',\n    "web": *it\n  },\n  "scenarios"');
  const plan = planOf(overridePlan(text, { targets: { web: 'http://127.0.0.1:9/x' } }));
  assert.equal(plan.targets.web?.url, 'http://127.0.0.1:9/x');
  assert.equal(plan.targets.twin?.url, 'http://127.0.0.1:4801/mcp');
});

it('leaves text alone that no key can be put into', () => {
  for (const text of ['', 'plan', '[1]', 'targets: here', 'targets: [1]', 'targets:', '"', 'targets: {web: *none}']) {
    assert.equal(overridePlan(text, { targets: { web: 'http://127.0.0.1/' }, duration: '1s' }), text);
  }
});

it('quotes what would be something else in YAML', () => {
  const text = overridePlan('targets: {web: {url: http://127.0.0.1/}}', { targets: { web: 'a: b # "c"\n- d' } });
  const parsed = parsePlan(text);
  assert.ok(!parsed.ok);
  assert.match(
    parsed.problems.find(({ path }) => path === 'targets.web.url')?.message ?? '',
    /got "a: b # \\"c\\"\\n- d"/,
  );
});
