import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { judgeToolResult } from '../../../src/mcp/operations/call-tool.ts';
import { compileJsonSchema, compileSchemaParts } from '../../../src/mcp/operations/json-schema.ts';
import { readTools } from '../../../src/mcp/operations/tool.ts';

const NAMES = { schema: 'the schema', value: 'value' };
type Schema = Readonly<Record<string, unknown>>;

function problem(schema: Schema, value: unknown) {
  const compiled = compileJsonSchema(schema, NAMES);
  return 'fault' in compiled ? compiled.fault : compiled.problemOf(value);
}

/** Runs something that must not take long, however busy the machine is. */
function quickly<Result>(run: () => Result): Result {
  const started = performance.now();
  const result = run();
  const took = performance.now() - started;
  assert.ok(took < 3000, `${took} ms`);
  return result;
}

const levels = (keyword: string, count: number): Schema => ({
  $defs: Object.fromEntries(
    Array.from({ length: count }, (_, at) => {
      const next = { $ref: `#/$defs/l${at + 1}` };
      return [`l${at}`, at === count - 1 ? { const: 1 } : { [keyword]: [next, next] }];
    }),
  ),
  $ref: '#/$defs/l0',
});

for (const keyword of ['anyOf', 'oneOf', 'allOf']) {
  it(`stops after a million steps of 2^30 in nested ${keyword}`, () => {
    const value = keyword === 'allOf' ? 1 : 2;
    const found = quickly(() => problem(levels(keyword, 30), value));
    assert.deepEqual(found, { unchecked: 'it takes more than 1000000 steps' });
    const parts = compileSchemaParts(levels(keyword, 30));
    assert.ok('mismatchesOf' in parts);
    assert.deepEqual(
      quickly(() => parts.mismatchesOf(value, '')),
      [],
    );
  });
}

it('stops at a schema that refers to itself twice for each level of a value', () => {
  const schema = {
    anyOf: ['b', 'c'].map((name) => ({ allOf: [{ properties: { a: { $ref: '#' } } }, { required: [name] }] })),
  };
  let value: unknown = {};
  for (let depth = 0; depth < 40; depth++) value = { a: value };
  assert.deepEqual(
    quickly(() => problem(schema, value)),
    { unchecked: 'it takes more than 1000000 steps' },
  );
});

it('stops at keywords whose work grows faster than the value', () => {
  const items = Array.from({ length: 5000 }, (_, at) => ({ at }));
  const members = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`k${at}`, at]));
  const patterns = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`^x${at}`, true]));
  const lists = { allOf: Array.from({ length: 100 }, () => ({ items: { type: 'object' } })) };
  for (const [schema, value] of [
    [{ uniqueItems: true }, items],
    [{ patternProperties: patterns }, members],
    [lists, Array.from({ length: 20_000 }, () => ({}))],
    [{ enum: [{ a: 1 }] }, 1],
  ] as const) {
    const found = quickly(() => problem(schema, value));
    assert.ok(typeof found === 'object' || 'enum' in schema, JSON.stringify(schema).slice(0, 50));
  }
  assert.equal(
    problem(
      { uniqueItems: true, items: { type: 'integer' } },
      Array.from({ length: 5000 }, (_, at) => at),
    ),
    undefined,
  );
});

it('runs patterns in linear time, and does not use a schema whose pattern cannot', () => {
  const catastrophic = `${'a'.repeat(50_000)}b`;
  assert.match(String(quickly(() => problem({ pattern: '^(a+)+$' }, catastrophic))), /must match pattern/);
  assert.match(
    String(quickly(() => problem({ patternProperties: { '^(a+)+$': true }, maxProperties: 0 }, { [catastrophic]: 1 }))),
    /more than 0 properties/,
  );
  assert.match(String(problem({ pattern: '(?=a)' }, 'a')), /^its pattern "\(\?=a\)" cannot be used: .*lookarounds/);
  assert.deepEqual(
    quickly(() => problem({ pattern: '(a|b)*a(a|b){300}c' }, 'ab'.repeat(50_000))),
    { unchecked: 'a text of 100000 characters is too long for the pattern /(a|b)*a(a|b){300}c/u' },
  );
});

it('checks no format of a text that is so long that its expression would take quadratic time', () => {
  for (const format of [
    'email',
    'uri',
    'uri-reference',
    'hostname',
    'date-time',
    'regex',
    'ipv6',
    'json-pointer',
    'url',
  ]) {
    for (const text of ['a', '.', '/', '@a', '-', '[', '0'].map((part) => part.repeat(500_000))) {
      assert.equal(
        quickly(() => problem({ format }, text)),
        undefined,
        format,
      );
    }
    for (const text of ['a', '.', ':', '@a', 'a.', 'a-', 'http://a:'].map((part) => part.repeat(2048 / part.length))) {
      quickly(() => problem({ format }, text));
    }
  }
  assert.match(String(problem({ format: 'email' }, 'a')), /must match format "email"/);
});

it('does not use a schema that is too large or too deep, and says so in a note', () => {
  const deep = (count: number) => {
    let schema: Schema = { type: 'string' };
    for (let level = 0; level < count; level++) schema = { items: schema };
    return schema;
  };
  const wide = (count: number) => ({
    properties: Object.fromEntries(Array.from({ length: count }, (_, at) => [`p${at}`, {}])),
  });
  for (const [schema, note] of [
    [deep(100_000), /nested more than 64 levels deep/],
    [wide(1000), /over 400 parts/],
    [{ enum: Array(60_000).fill(1) }, /over 50000 characters/],
    [{ description: 'x'.repeat(60_000) }, /over 50000 characters/],
  ] as const) {
    quickly(() => assert.match(String(problem(schema, 'x')), note));
  }
  const [tool] = readTools([{ name: 'large', outputSchema: wide(1000) }]);
  assert.match(tool?.note ?? '', /^its outputSchema cannot be checked: it has over 400 parts$/);
  assert.equal(tool?.outputProblem, undefined);
});

it('counts a result that takes too long to check as useful, with a warning', () => {
  const [tool] = readTools([{ name: 'endless', outputSchema: levels('anyOf', 30) }]);
  const judged = (structuredContent: unknown) => judgeToolResult({ content: [], structuredContent }, [], tool);
  const { outcome, message } = quickly(() => judged(2));
  assert.equal(outcome, 'TOOL_UNCHECKED');
  assert.equal(message, 'the outputSchema cannot be checked: it takes more than 1000000 steps');
});

it('stops compiling schemas that change with every list once three seconds have gone into it, and goes on later', async (t) => {
  let nowMs = performance.now();
  const eachMs = 100;
  t.mock.method(performance, 'now', () => {
    nowMs += eachMs / 2;
    return nowMs;
  });
  let version = 0;
  const outcome = () => {
    const [tool] = readTools([{ name: 'changing', outputSchema: { type: 'object', title: `version ${version++}` } }]);
    return judgeToolResult({ content: [], structuredContent: {} }, [], tool).outcome;
  };
  for (let usual = 0; usual < 3; usual++) assert.equal(outcome(), 'OK');
  assert.equal(outcome(), 'TOOL_UNCHECKED', 'the turn of the event loop has compiled enough');
  let compiled = 0;
  for (let turn = 0; turn < 100; turn++) {
    await new Promise(setImmediate);
    if (outcome() === 'OK') compiled++;
  }
  assert.ok(compiled > 10 && compiled < 80, `${compiled}`);
  assert.equal(outcome(), 'TOOL_UNCHECKED');
  nowMs += 60_000;
  await new Promise(setImmediate);
  assert.equal(outcome(), 'OK');
});

it('gives the same verdicts with its limits as without them, for ordinary schemas', () => {
  const leaf = fc.constantFrom<Schema>(
    { type: 'string' },
    { type: 'integer', minimum: 3 },
    { enum: [1, 'a', null] },
    { const: 'b' },
    {},
  );
  const schema = fc.letrec<{ node: Schema }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.record({ type: fc.constant('array'), items: tie('node') }),
      fc.record({
        type: fc.constant('object'),
        properties: fc.dictionary(fc.constantFrom('a', 'b'), tie('node')),
        required: fc.subarray(['a', 'b']),
      }),
      fc.array(tie('node'), { minLength: 1, maxLength: 2 }).map((anyOf) => ({ anyOf })),
      fc.record({ not: tie('node') }),
    ),
  })).node;
  const value = fc.jsonValue({ maxDepth: 2 });
  fc.assert(
    fc.property(schema, value, (one, given) => {
      const parts = compileSchemaParts(one);
      assert.ok('mismatchesOf' in parts);
      const found = problem(one, given);
      assert.ok(typeof found !== 'object');
      assert.equal(found === undefined, parts.mismatchesOf(given, '').length === 0);
    }),
    { numRuns: 100 },
  );
});
