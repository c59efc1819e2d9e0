import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { issueText, OWN_SENTENCES } from '../../src/plan/issue-text.ts';
import { parsePlan } from '../../src/plan/parse-plan.ts';
import { planText } from '../support/a-plan.ts';
import { problemsIn } from './refused-plan.ts';

/** Words of the schema library, which say nothing to people who write plans. */
const FOREIGN =
  /Invalid|Unrecognized|Too (small|big)|received|>=|<=|(number|string|array|record|object) to |nonoptional|undefined/;

type Code = z.core.$ZodIssue['code'];
type Case = readonly [schema: z.ZodType, value: unknown, expected: string];
const modes = z.discriminatedUnion('mode', [
  z.object({ mode: z.literal('slow') }),
  z.object({ mode: z.literal('fast') }),
]);

/** Cases of every code that the schema library has. */
const CASES: Readonly<Record<Code, readonly Case[]>> = {
  invalid_type: [
    [z.int().min(1), '5', 'expected a whole number from 1, got "5": write it without quotes'],
    [z.int().min(1), 'five', 'expected a whole number from 1, got "five"'],
    [z.int(), 1.5, 'expected a whole number, got 1.5'],
    [z.number().min(0).max(1), Number.NaN, 'expected a number from 0 to 1, got NaN'],
    [z.number(), undefined, 'missing: expected a number'],
    [z.number(), null, 'expected a number, got nothing: write a value'],
    [z.string(), 404, 'expected a text, got 404: write it in quotes'],
    [z.string(), ['a'], 'expected a text, got a list'],
    [z.boolean(), 'true', 'expected true or false, got "true": write it without quotes'],
    [z.boolean(), 'yes', 'expected true or false, got "yes"'],
    [z.array(z.string()), { a: 1 }, 'expected a list, got a mapping'],
    [z.record(z.string(), z.string()), [], 'expected a mapping, got a list'],
    [z.strictObject({ a: z.string() }), 'x', 'expected a mapping, got "x"'],
    [modes, 'fast', 'expected a mapping, got "fast"'],
    [z.string('expected a color'), 7, 'expected a color, got 7'],
    [z.string('expected a color'), undefined, 'missing: expected a color'],
  ],
  too_small: [
    [z.int().min(1), 0, 'expected a whole number from 1, got 0'],
    [z.int().min(1).max(9), 0, 'expected a whole number from 1 to 9, got 0'],
    [z.number().positive(), 0, 'expected a number above 0, got 0'],
    [z.number().positive().max(5), -1, 'expected a number above 0 and up to 5, got -1'],
    [z.string().min(1), '', 'expected a text that is not empty, got ""'],
    [z.string().min(3), 'ab', 'expected a text of at least 3 characters, got "ab"'],
    [z.array(z.string()).min(1, 'expected at least one color'), [], 'expected at least one color'],
  ],
  too_big: [
    [z.int().min(2), 1e300, 'expected a whole number from 2 to 9007199254740991, got 1e+300'],
    [z.number().lt(1), 1, 'expected a number below 1, got 1'],
    [z.string().max(3), 'abcd', 'expected a text of at most 3 characters, got "abcd"'],
    [z.string().min(1).max(3), 'abcd', 'expected a text that is not empty and has at most 3 characters, got "abcd"'],
  ],
  not_multiple_of: [[z.number().multipleOf(5), 7, 'expected a multiple of 5, got 7']],
  invalid_value: [
    [z.enum(['p50', 'p95']), 'p59', 'expected one of p50, p95, got "p59": did you mean "p50"?'],
    [z.enum(['a', 'b']), '', 'expected one of a, b, got ""'],
    [z.enum(['p50', 'p95']), 'median', 'expected one of p50, p95, got "median"'],
    [z.literal(true), false, 'expected true, got false'],
    [z.enum(['p50', 'p95']), undefined, 'missing: expected one of p50, p95'],
  ],
  invalid_format: [
    [z.string().regex(/^#/, 'expected a color such as "#fff"'), 'red', 'expected a color such as "#fff", got "red"'],
  ],
  invalid_union: [
    [modes, { mode: 'fats' }, 'expected mode to be one of slow, fast, got "fats": did you mean "fast"?'],
    [modes, { mode: 7 }, 'expected mode to be one of slow, fast, got 7'],
    [modes, {}, 'missing: expected mode to be one of slow, fast'],
    [z.union([z.int(), z.boolean()], 'expected a number or true'), 'x', 'expected a number or true, got "x"'],
    [z.union([z.int(), z.boolean()], 'expected a number or true'), undefined, 'missing: expected a number or true'],
  ],
  invalid_key: [
    [z.record(z.string().max(3), z.int()), { long: 1 }, 'not a valid name: expected a text of at most 3 characters'],
    [z.record(z.string().regex(/a/, 'expected an a'), z.int()), { b: 1 }, 'not a valid name: expected an a'],
  ],
  unrecognized_keys: [[z.strictObject({}), { a: 1 }, 'expected no key "a", got a mapping']],
  invalid_element: [],
  custom: [
    [z.int().refine((value) => value % 2 === 0, 'expected an even number'), 3, 'expected an even number, got 3'],
    [z.int().refine((value) => value % 2 === 0), 3, 'not a valid value, got 3'],
    [z.object({}).refine(() => false, 'expected a to be less than b'), {}, 'expected a to be less than b'],
  ],
};

describe('an issue of a schema', () => {
  for (const [code, cases] of Object.entries(CASES)) {
    for (const [schema, value, expected] of cases) {
      it(`of the code ${code} says: ${expected}`, () => {
        const issues = schema.safeParse(value, OWN_SENTENCES).error?.issues ?? [];
        const issue = issues.find((each) => each.code === code) ?? assert.fail(JSON.stringify(issues));
        const at = issue.path.length === 0 ? schema : undefined;
        assert.equal(issueText(issue, at), expected);
        // Without the schema, a message may say less, but says it in our words.
        assert.doesNotMatch(issueText(issue), FOREIGN);
      });
    }
  }
});

const folder = new URL('../../plans/', import.meta.url);
const plans: readonly unknown[] = [
  planText({
    plan: {
      feeds: { rows: { csv: 'a\n1', order: 'sequential' }, some: { values: [1] } },
      thresholds: { mcp_requests: [{ threshold: 'count>1', abortOnFail: true, over: '10s' }] },
      comparison: { metric: 'p50' },
      generator: { maxCpu: 1, lateAfter: '10ms', delayShare: 0.1 },
    },
    target: { timeouts: { total: '1s' }, softErrors: [{ pattern: 'x' }], headers: { 'x-a': 'b' }, http2: false },
    scenario: {
      sessions: { reuse: 'call', close: { abandon: 0.5 } },
      thinkTime: { type: 'agent', intraTurn: { min: '1s', max: '2s' } },
      callsPerIteration: { min: 1, max: 2 },
      steps: [
        { tool: 'a', weight: 2, arguments: { b: { c: [1] } }, checks: [{ size: { min: 1 } }, { notEmpty: true }] },
        { complete: { prompt: 'p', argument: { name: 'n', value: 'v' } } },
      ],
    },
  }),
  ...readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8')),
].map((text) => parse(text as string));

/** The paths of all values within a value, itself included. */
function pathsIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  const inside = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return [path, ...inside.flatMap(([key, child]) => pathsIn(child, [...path, key]))];
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  const copy: unknown = Array.isArray(value) ? [...value] : { ...(value as object) };
  const parts = copy as Record<string, unknown>;
  parts[key] = replaced(parts[key], rest, by);
  return copy;
}

const anyWrongValue = fc.constantFrom<unknown>(
  ...[null, true, false, '', ' ', 'x', '5', '-1s', 'true', 'https://a:b@c/', 'x'.repeat(3000)],
  ...[0, -1, 0.5, 1e12, 1e300, Number.NaN, Number.POSITIVE_INFINITY],
  ...[[], [null], ['x'], [[1]], {}, { x: 1 }, { '': {} }, { type: 'x' }, { min: '2s', max: '1s' }],
);

it('the problems of a plan are in our own words, whatever is wrong with it', () => {
  const anyBroken = fc
    .constantFrom(...plans)
    .chain((plan) => fc.tuple(fc.constant(plan), fc.constantFrom(...pathsIn(plan)), anyWrongValue));
  fc.assert(
    fc.property(anyBroken, ([plan, path, value]) => {
      const parsed = parsePlan(stringify(replaced(plan, path, value)));
      for (const { message, ...at } of parsed.ok ? [] : parsed.problems) {
        assert.doesNotMatch(message, FOREIGN, `${at.path}: ${message}`);
        assert.ok(message.length > 5, at.path);
        assert.doesNotMatch(message, /^(, got|expected ,|missing: $)/);
      }
    }),
    { numRuns: 400 },
  );
});

it('a number that JSON cannot hold is found inside the arguments of a step', () => {
  const text = planText({ scenario: { steps: [{ tool: 'look', arguments: { a: { b: [1, 'NOT', 3] } } }] } });
  assert.deepEqual(
    problemsIn(text.replace('"NOT"', '.nan')).map(({ path, message }) => `${path}: ${message}`),
    [
      'scenarios.calls.steps[0].arguments.a.b[1]: expected a value that JSON can hold, got NaN: write it in quotes, or remove it',
    ],
  );
});

it('a secret written as a number is not repeated', () => {
  const text = (target: object) => planText({ target: target as Record<string, unknown> });
  const said = [{ auth: { type: 'bearer', secret: 70_419_283 } }, { headers: { 'x-key': 70_419_283 } }].flatMap(
    (target) => problemsIn(text(target)).map(({ message }) => message),
  );
  assert.equal(said.length, 2);
  assert.doesNotMatch(said.join('\n'), /70419283/);
});
