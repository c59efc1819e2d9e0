import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { z } from 'zod';
import { parsePlan } from '../../src/plan/parse-plan.ts';
import { planSchema } from '../../src/plan/plan-schema.ts';
import { EXECUTORS } from '../../src/plan/scenario-parts.ts';
import { parseThreshold } from '../../src/plan/threshold.ts';

const text = readFileSync(new URL('../../docs/plans.md', import.meta.url), 'utf8');

type Node = { readonly [key: string]: unknown };
type Key = { readonly defaults: Set<string>; required: boolean };

/** Every key of the schema by its path, `*` for any name, with the defaults of its variants. */
function schemaKeys(): Map<string, Key> {
  const found = new Map<string, Key>();
  const walk = (node: Node, path: string): void => {
    for (const part of [node.anyOf, node.oneOf, node.allOf].flat()) if (part !== undefined) walk(part as Node, path);
    for (const [name, child] of Object.entries((node.properties ?? {}) as Record<string, Node>)) {
      const at = path === '' ? name : `${path}.${name}`;
      const key = found.get(at) ?? { defaults: new Set(), required: true };
      if (child.default !== undefined) key.defaults.add(written(child.default));
      key.required &&= ((node.required ?? []) as string[]).includes(name);
      found.set(at, key);
      walk(child, at);
    }
    if (typeof node.additionalProperties === 'object') walk(node.additionalProperties as Node, `${path}.*`);
    if (node.items !== undefined) walk(node.items as Node, `${path}[]`);
  };
  walk(z.toJSONSchema(planSchema, { io: 'input' }) as Node, '');
  return found;
}

function written(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
}

/** Every key in the tables by its path, with the cells of its default. */
function documentedKeys(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let prefix = '';
  let inTable = false;
  for (const line of text.split('\n')) {
    const heading = /^##.*: `([^`]+)`$/.exec(line)?.[1];
    if (heading !== undefined) prefix = heading === 'plan' ? '' : heading;
    if (line.startsWith('| Key |') || line === '') inTable = line !== '';
    if (!inTable) continue;
    const [, key, cell] = /^\| `([^`{]+)` \| (required|none|`[^`]*`) \| \S/.exec(line) ?? [];
    if (key === undefined || cell === undefined) continue;
    const path = (prefix === '' ? key : `${prefix}.${key}`).replaceAll(/<\w+>/g, '*');
    found.set(path, [...(found.get(path) ?? []), cell]);
  }
  return found;
}

it('documents every key of the schema and no other key', () => {
  const isSecondThinkTime = (path: string) => path.startsWith('scenarios.*.thinkTimeBefore.');
  const paths = [...schemaKeys().keys()];
  assert.deepEqual(
    paths.filter(isSecondThinkTime).map((path) => path.replace('Before', '')),
    paths.filter((path) => path.startsWith('scenarios.*.thinkTime.')),
  );
  assert.deepEqual([...documentedKeys().keys()].sort(), paths.filter((path) => !isSecondThinkTime(path)).sort());
});

it('documents the defaults and required keys of the schema', () => {
  const known = schemaKeys();
  const documented = documentedKeys();
  assert.ok(documented.size > 50, `${documented.size} keys`);
  for (const [path, cells] of documented) {
    const { defaults, required } = known.get(path) ?? assert.fail(path);
    for (const cell of cells) {
      if (defaults.size > 0)
        assert.ok(defaults.has(cell.replaceAll('`', '')), `${path}: ${cell}, not ${[...defaults]}`);
      else assert.equal(cell === 'required', required, `${path}: ${cell}`);
    }
  }
});

it('documents the keys of each executor', () => {
  const sections = text.split(/^###? /m).filter((section) => section.startsWith('Executor `'));
  const named = sections.map((section) => {
    const keys = [...section.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]);
    return [/`([^`]+)`/.exec(section)?.[1], keys.sort()];
  });
  assert.deepEqual(
    named,
    Object.entries(EXECUTORS).map(([name, keys]) => [name, Object.keys(keys).sort()]),
  );
});

it('documents the aggregates and tags of each metric', () => {
  const rows = [...text.matchAll(/^\| `(\w+)` \| (`.*`) \| (`.*`) \| .* \|$/gm)].filter(
    ([, name]) => name !== undefined,
  );
  const problem = parseThreshold('nothing', 'count>1');
  assert.ok('problem' in problem);
  const metrics = (/one of (.+), got/.exec(problem.problem)?.[1] ?? '').split(', ');
  assert.deepEqual(
    rows.map(([, name]) => name),
    metrics,
  );
  for (const [, name = '', aggregates = '', tags = ''] of rows) {
    const [namedAggregates, namedTags] = [aggregates, tags].map((cell) => [...cell.matchAll(/`([^`]+)`/g)]);
    assert.ok(namedAggregates?.length && namedTags?.length, name);
    for (const [, aggregate = ''] of namedAggregates) {
      assert.ok('metric' in parseThreshold(name, `${aggregate.replace('N', '95')}<1`), `${name} ${aggregate}`);
    }
    for (const [, tag] of namedTags) {
      const value = { outcome: 'TOOL_ERROR', kind: 'protocol', rule: 'dead-session-status' }[tag ?? ''] ?? 'x';
      const parsed = [
        parseThreshold(`${name}{${tag}:${value}}`, 'rate<1'),
        parseThreshold(`${name}{${tag}:${value}}`, 'max<1'),
        parseThreshold(`${name}{${tag}:${value}}`, 'count<5'),
      ];
      assert.ok(
        parsed.some((one) => 'metric' in one),
        `${name} ${tag}`,
      );
    }
  }
});

it('shows only valid plans', () => {
  const plans = [...text.matchAll(/```yaml\n(name:.*?)```/gs)].map((match) => match[1] as string);
  assert.ok(plans.length > 0);
  for (const plan of plans) assert.deepEqual(parsePlan(plan).ok || parsePlan(plan), true);
});
