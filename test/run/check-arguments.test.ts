import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readTools } from '../../src/mcp/operations/tool.ts';
import { problemText } from '../../src/plan/problem.ts';
import { checkSteps } from '../../src/run/check-steps.ts';
import { SEND_ANYWAY } from '../../src/run/findings.ts';
import { aPlan } from '../support/a-plan.ts';

const FEEDS = {
  rows: { csv: 'text,top\nretry,5\nde,7' },
  mixed: { values: [1, 'two'] },
  tops: { values: [1, 2] },
};

/** What preflight finds in the arguments of one step; paths begin at the arguments. */
function findingsOf(inputSchema: object, given: object, capture = false) {
  const tools = readTools([{ name: 'search', annotations: { readOnlyHint: true }, inputSchema }]);
  const first = capture ? [{ tool: 'search', arguments: {}, capture: { id: { pointer: '/id' } } }] : [];
  const steps = [...first, { tool: 'search', arguments: given }];
  const plan = aPlan({ scenario: { steps, order: 'fixed' }, plan: { feeds: FEEDS } });
  const facts = { protocolVersion: '2025-11-25', server: 'fake 1', session: 'stateless' } as const;
  const { problems, warnings } = checkSteps(plan, 'web', { facts, tools, capabilities: ['tools'] });
  const at = `scenarios.calls.steps[${first.length}].arguments`;
  const short = (sentences: readonly string[]) =>
    sentences.filter((each) => each.startsWith(at)).map((each) => each.slice(at.length).replace(/^\./, ''));
  const said = short(problems.map(problemText));
  // Only the last one says it, once for all.
  const end = ` ${SEND_ANYWAY}.`;
  assert.deepEqual(
    said.map((each) => each.endsWith(end)),
    said.map((_, index) => index === said.length - 1),
  );
  return { problems: said.map((each) => each.replace(end, '')), warnings: short(warnings) };
}

const SEARCH = {
  type: 'object',
  properties: {
    query: { type: 'string', minLength: 2 },
    top: { type: 'integer', maximum: 10 },
    kind: { enum: ['issue', 'pull'] },
    since: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
    exact: { type: 'boolean' },
    filter: {
      type: 'object',
      properties: { field: { type: 'string' }, values: { type: 'array', items: { type: 'number' } } },
      required: ['field'],
      additionalProperties: false,
    },
  },
  required: ['query'],
  additionalProperties: false,
};

type Case = readonly [what: string, given: object, ...problems: string[]];

/** A test of each case: the problems of its arguments, in any order, and no warnings. */
function testEach(cases: readonly Case[], capture = false): void {
  for (const [what, given, ...problems] of cases) {
    it(what, () => {
      const found = findingsOf(SEARCH, given, capture);
      assert.deepEqual([...found.problems].sort(), [...problems].sort());
      assert.deepEqual(found.warnings, []);
    });
  }
}

describe('arguments without placeholders', () => {
  const cases: readonly Case[] = [
    ['fit', { query: 'retry', top: 5, kind: 'issue', since: null, filter: { field: 'a', values: [1, 2.5] } }],
    ['lack a required one', {}, 'query: missing; search requires it: add it.'],
    [
      'have a misspelt name, and so lack the right one',
      { qeury: 'retry' },
      'query: missing; search requires it: add it.',
      'qeury: search has no such argument: did you mean "query"?',
    ],
    [
      'have an unknown name',
      { query: 'retry', language: 'de' },
      'language: search has no such argument: expected one of query, top, kind, since, exact, filter.',
    ],
    [
      'have a number in quotes',
      { query: 'retry', top: '5' },
      'top: expected integer, got "5": write it without quotes (inputSchema of search).',
    ],
    [
      'have a text without quotes',
      { query: 404 },
      'query: expected string, got 404: write it in quotes (inputSchema of search).',
    ],
    [
      'are out of range',
      { query: 'retry', top: 11 },
      'top: the value must be <= 10, got 11: change it (inputSchema of search).',
    ],
    [
      'have another value than those listed',
      { query: 'retry', kind: 'issues' },
      'kind: got "issues": did you mean "issue"? (inputSchema of search).',
    ],
    [
      'have none of the listed values',
      { query: 'retry', kind: 'x' },
      'kind: got "x": expected one of "issue", "pull" (inputSchema of search).',
    ],
    [
      'match no alternative',
      { query: 'retry', since: 'x' },
      'since: expected integer or null, got "x": change it (inputSchema of search).',
    ],
    [
      'are wrong in several places, however deep',
      { query: 'r', exact: 'true', filter: { values: [1, '2'], feild: 'a' } },
      'query: the value must NOT have fewer than 2 characters, got "r": change it (inputSchema of search).',
      'exact: expected boolean, got "true": write it without quotes (inputSchema of search).',
      'filter.field: missing; search requires it: add it.',
      'filter.feild: search has no such argument: did you mean "field"?',
      'filter.values[1]: expected number, got "2": write it without quotes (inputSchema of search).',
    ],
  ];
  testEach(cases);

  it('that the schema does not list cause a warning when the schema does not forbid them', () => {
    const { additionalProperties: _, ...open } = SEARCH;
    assert.deepEqual(findingsOf(open, { query: 'retry', tpo: 5 }), {
      problems: [],
      warnings: ['tpo: search does not list this argument and may ignore it: did you mean "top"?'],
    });
    for (const more of [{ additionalProperties: true }, { patternProperties: { '^x': {} } }, { allOf: [{}] }]) {
      assert.deepEqual(findingsOf({ ...open, ...more }, { query: 'retry', tpo: 5 }), { problems: [], warnings: [] });
    }
    assert.deepEqual(findingsOf({ type: 'object' }, { tpo: 5 }), { problems: [], warnings: [] });
  });
});

describe('arguments with placeholders', () => {
  const cases: readonly Case[] = [
    ['fit', { query: '{{rows.text}}', top: '{{rows.top|json}}', filter: { field: '{{$uuid}}', values: ['{{tops}}'] } }],
    ['may have any type that a reply has', { query: '{{id}}', top: '{{id}}', since: '{{id}}' }],
    ['lack a required one', { top: '{{tops}}' }, 'query: missing; search requires it: add it.'],
    [
      'have an unknown name',
      { query: '{{rows.text}}', tpo: '{{tops}}' },
      'tpo: search has no such argument: did you mean "top"?',
    ],
    [
      'have a constant part that does not fit',
      { query: '{{rows.text}}', top: '5', filter: { field: '{{rows.text}}', values: ['x'] } },
      'top: expected integer, got "5": write it without quotes (inputSchema of search).',
      'filter.values[0]: expected number, got "x": change it (inputSchema of search).',
    ],
    [
      'send texts of a CSV feed as numbers',
      { query: 'retry', top: '{{rows.top}}' },
      'top: expected integer, got "{{rows.top}}", which becomes string: write {{rows.top|json}}.',
    ],
    [
      'are within a text where a number is expected',
      { query: 'retry', top: '1{{tops}}', since: '{{tops}}{{tops}}' },
      'top: expected integer, got "1{{tops}}", which becomes string: make the placeholder the whole text, so that it keeps its own type.',
      'since: expected integer or null, got "{{tops}}{{tops}}", which becomes string: make the placeholder the whole text, so that it keeps its own type.',
    ],
    [
      'generate another type',
      { query: '{{$integer(1,5)}}', top: '{{$number(0,1)}}', exact: '{{$uuid}}' },
      'query: expected string, got "{{$integer(1,5)}}", which becomes integer: write a value of type string.',
      'top: expected integer, got "{{$number(0,1)}}", which becomes number: write a value of type integer.',
      'exact: expected boolean, got "{{$uuid}}", which becomes string: use another generator.',
    ],
    [
      'are in a list or an object where another type is expected',
      { query: ['{{rows.text}}'], filter: { field: { a: '{{tops}}' } } },
      'query: expected string, got ["{{rows.text}}"]: change it.',
      'filter.field: expected string, got {"a":"{{tops}}"}: change it.',
    ],
    ['have names with placeholders', { '{{rows.text}}': 1 }],
  ];
  testEach(cases, true);

  it('cause a warning when only some rows of a feed have another type', () => {
    assert.deepEqual(findingsOf(SEARCH, { query: 'retry', top: '{{mixed}}' }), {
      problems: [],
      warnings: [
        'top: expected integer, got "{{mixed}}", which becomes string in some rows of its feed: write {{mixed|json}}.',
      ],
    });
  });

  it('are checked through references and allOf, and against no single alternative', () => {
    const schema = {
      type: 'object',
      $defs: { 'a/b c': { type: 'object', properties: { top: { type: 'integer' } }, required: ['query'] } },
      allOf: [{ $ref: '#/$defs/a~1b%20c' }, { properties: { exact: { type: 'boolean' } } }],
      anyOf: [{ required: ['other'] }, { properties: { kind: { type: 'integer' } } }],
    };
    assert.deepEqual(findingsOf(schema, { kind: 'x', exact: 'yes', top: '5', id: '{{tops}}' }).problems, [
      'query: missing; search requires it: add it.',
      'top: expected integer, got "5": write it without quotes (inputSchema of search).',
      'exact: expected boolean, got "yes": change it (inputSchema of search).',
    ]);
  });
});

describe('an inputSchema', () => {
  const warned = (schema: object) => findingsOf(schema, { query: '{{rows.text}}', top: 5 });

  it('that cannot be used causes a warning, and the run goes on', () => {
    const faults: readonly (readonly [object, RegExp])[] = [
      [{ type: 'object', properties: { query: { $ref: 'https://127.0.0.1/x.json' } } }, /can't resolve reference/],
      [{ type: 'object', properties: { query: { pattern: '(' } } }, /a JavaScript regular expression/],
      [{ type: 'objekt' }, /type must be JSONType/],
      [{ $schema: 'http://json-schema.org/draft-03/schema#' }, /its dialect .*draft-03.* is not supported/],
      [{ type: 'object', description: 'x'.repeat(100_001) }, /over 50000 characters/],
    ];
    for (const [schema, expected] of faults) {
      const { problems, warnings } = warned(schema);
      assert.deepEqual(problems, []);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0] ?? '', /^: was not checked, because the inputSchema of search cannot be used: /);
      assert.match(warnings[0] ?? '', expected);
    }
  });

  it('that restricts a type twice allows what both allow', () => {
    const both = { allOf: [{ type: 'number' }, { type: ['integer', 'string'] }] };
    const schema = { properties: { top: both, never: { allOf: [{ type: 'string' }, { type: 'null' }] } } };
    assert.deepEqual(findingsOf(schema, { top: '{{tops}}', never: '{{tops}}' }).problems, []);
    assert.deepEqual(findingsOf(schema, { top: '{{rows.top}}' }).problems, [
      'top: expected integer, got "{{rows.top}}", which becomes string: write {{rows.top|json}}.',
    ]);
  });

  it('that refers to itself in circles is read once', { timeout: 10_000 }, () => {
    const both = { allOf: [{ $ref: '#' }, { $ref: '#' }], anyOf: [{ $ref: '#' }, { $ref: '#' }] };
    const schema = { properties: { query: both, top: { ...both, type: 'string' } }, ...both };
    const value = { query: { query: { query: { query: '{{rows.text}}' } } } };
    assert.deepEqual(findingsOf({ properties: { query: both } }, value).problems, []);
    assert.equal(findingsOf(schema, { top: '{{tops}}' }).problems.length, 1);
  });

  it('that a server left out or sent in another shape is not checked', () => {
    for (const schema of [undefined, null, 'object', []]) {
      assert.deepEqual(warned(schema as unknown as object), { problems: [], warnings: [] });
    }
  });
});

describe('arguments that are wrong on purpose', () => {
  const tools = readTools([{ name: 'search', annotations: { readOnlyHint: true }, inputSchema: SEARCH }]);
  const facts = { protocolVersion: '2025-11-25', server: 'fake 1', session: 'stateless' } as const;
  const found = (step: object) => {
    const plan = aPlan({ scenario: { steps: [step, { tool: 'search', arguments: {} }] } });
    return checkSteps(plan, 'web', { facts, tools, capabilities: ['tools'] });
  };

  it('are not compared with the inputSchema, and those of other steps are', () => {
    const { problems, warnings } = found({ tool: 'search', arguments: { qeury: 7 }, validateArguments: false });
    assert.deepEqual([problems.map(({ path }) => path), warnings], [['scenarios.calls.steps[1].arguments.query'], []]);
  });

  it('do not make an unknown tool right', () => {
    const { problems } = found({ tool: 'serch', arguments: { qeury: 7 }, validateArguments: false });
    assert.equal(problems[0]?.path, 'scenarios.calls.steps[0].tool');
  });
});
