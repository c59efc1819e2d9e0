import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Tool } from '../../../src/mcp/operations/tool.ts';
import { MAX_KEPT, readTools } from '../../../src/mcp/operations/tool.ts';
import { listenDuring } from '../../support/loopback-server.ts';

const inputSchema = { type: 'object' };

let named = 0;

/** A tool with a name of its own: the schemas of a tool whose schemas keep changing are not all compiled. */
function toolOf(description: object): Tool {
  const [tool] = readTools([{ name: `tool-${named++}`, inputSchema, ...description }]);
  return tool ?? assert.fail();
}

/** What is wrong with a value. The schema must be usable. */
function problemOf(outputSchema: object, value: unknown): string | undefined {
  const { outputProblem, note } = toolOf({ outputSchema });
  assert.ok(outputProblem, note);
  const problem = outputProblem(value);
  assert.ok(typeof problem !== 'object', JSON.stringify(problem));
  return problem;
}

describe('a tool of a list', () => {
  it('has the annotations of its description', () => {
    assert.deepEqual(
      toolOf({ name: 'look', annotations: { readOnlyHint: true }, execution: { taskSupport: 'required' } }),
      {
        name: 'look',
        readOnly: true,
        taskSupport: 'required',
        outputProblem: undefined,
        inputSchema,
        mirrored: [],
        invalid: undefined,
        note: undefined,
      },
    );
  });

  it('can write and does not run as a task, unless valid annotations say otherwise', () => {
    const odd = [{}, { annotations: null, execution: 'x' }, { annotations: { readOnlyHint: 'yes' } }];
    for (const description of [...odd, { execution: { taskSupport: 'perhaps' } }, { annotations: { title: 'Look' } }]) {
      const { readOnly, taskSupport } = toolOf(description);
      assert.deepEqual({ readOnly, taskSupport }, { readOnly: false, taskSupport: 'forbidden' });
    }
  });

  it('is read once, however often it is listed and whatever its title', () => {
    const outputSchema = { type: 'object', title: 'read once' };
    const name = 'same';
    assert.equal(
      toolOf({ name, outputSchema, title: 'A' }),
      toolOf({ name, outputSchema: { ...outputSchema }, title: 'B' }),
    );
    assert.notEqual(
      toolOf({ name, outputSchema }),
      toolOf({ name, outputSchema, annotations: { readOnlyHint: true } }),
    );
  });

  it('is read again after more other tools than are kept, with the same result', () => {
    const outputSchema = { type: 'integer' };
    const first = toolOf({ name: 'first', outputSchema });
    readTools(Array.from({ length: MAX_KEPT }, (_, index) => ({ name: `tool-${index}` })));
    const again = toolOf({ name: 'first', outputSchema });
    assert.notEqual(again, first);
    assert.deepEqual(
      [first.outputProblem?.(1.5), again.outputProblem?.(1)],
      ['structuredContent must be integer', undefined],
    );
  });

  it('has its schemas compiled when it is called, once for all sessions, however many tools are listed', (t) => {
    const compile = t.mock.method(Object.getPrototypeOf(Ajv2020.prototype), 'compile');
    const listed = Array.from({ length: 3000 }, (_, index) => ({
      name: `listed-${index}`,
      inputSchema,
      outputSchema: { type: 'object', title: `${index}`, required: ['sum'] },
    }));
    for (let session = 0; session < 3; session++) {
      const tools = readTools(structuredClone(listed));
      assert.equal(tools.length, 3000);
      const called = tools.filter(({ name }) => name === 'listed-7' || name === 'listed-2999');
      for (const { outputProblem } of called) assert.match(String(outputProblem?.({})), /property 'sum'/);
    }
    assert.equal(compile.mock.callCount(), 2);
    // The same schema in a description that changes.
    const changed = readTools([{ ...listed[7], annotations: { readOnlyHint: true } }]);
    assert.match(String(changed[0]?.outputProblem?.({})), /property 'sum'/);
    assert.equal(compile.mock.callCount(), 2);
  });

  it('is marked invalid when it is nested too deeply to be read', () => {
    for (const depth of [500, 200_000]) {
      const text = `${'{"properties":{"a":'.repeat(depth)}true${'}}'.repeat(depth)}`;
      const tool = toolOf({ inputSchema: JSON.parse(text), outputSchema: JSON.parse(text) });
      assert.match(tool.invalid ?? '', /nested/, `${depth}`);
    }
  });
});

describe('an output schema', () => {
  it('is draft 2020-12 unless it says otherwise', () => {
    const tuple = (dialect: object) => ({ ...dialect, type: 'array', prefixItems: [{ type: 'string' }] });
    assert.equal(problemOf(tuple({}), [1]), 'structuredContent/0 must be string');
    const drafts = ['https://json-schema.org/draft/2020-12/schema', 'http://json-schema.org/draft/2020-12/schema#'];
    for (const $schema of drafts)
      assert.equal(problemOf(tuple({ $schema }), [1]), 'structuredContent/0 must be string');
    // Draft-07 has another name for tuples, and no prefixItems.
    for (const $schema of ['http://json-schema.org/draft-07/schema#', 'https://json-schema.org/draft/2019-09/schema']) {
      assert.equal(problemOf(tuple({ $schema }), [1]), undefined);
      assert.match(problemOf({ $schema, items: [{ type: 'string' }] }, [1]) ?? '', /\/0 must be string$/);
    }
  });

  it('names the first mismatch and what was expected', () => {
    const schema = {
      type: 'object',
      properties: { when: { type: 'string', format: 'date-time' }, of: { enum: ['a', 'b'] }, 'a/b': { minimum: 3 } },
      required: ['when'],
      additionalProperties: false,
    };
    const when = '2026-11-01T12:00:00Z';
    const cases: [unknown, string][] = [
      [{}, "structuredContent must have required property 'when'"],
      [{ when: 'soon', of: 'c' }, 'structuredContent/when must match format "date-time"'],
      [{ when, of: 'c' }, 'structuredContent/of must be equal to one of the allowed values: ["a","b"]'],
      [{ when, other: 1 }, 'structuredContent must NOT have additional properties: "other"'],
      [{ when, 'a/b': 2 }, 'structuredContent/a~1b must be >= 3'],
      [[], 'structuredContent must be object'],
    ];
    for (const [value, problem] of cases) assert.equal(problemOf(schema, value), problem);
    assert.equal(problemOf(schema, { when, of: 'a' }), undefined);
  });

  it('can refer to its own parts and have unknown keywords and formats', () => {
    const schema = {
      $id: 'https://example.com/root',
      $defs: { weight: { $id: 'weight', type: 'number', 'x-unit': 'g', format: 'grams' } },
      properties: { grams: { $ref: 'weight' }, more: { items: { $ref: '#' } } },
    };
    assert.equal(problemOf(schema, { more: [{ grams: 1 }] }), undefined);
    assert.equal(problemOf(schema, { more: [{ grams: 'x' }] }), 'structuredContent/more/0/grams must be number');
    // Another server can use the same names for other things.
    assert.equal(
      problemOf({ ...schema, $defs: { weight: { $id: 'weight', type: 'string' } } }, { grams: 'x' }),
      undefined,
    );
  });

  it('leaves a note and judges nothing when it cannot be used', () => {
    const unusable: [unknown, RegExp][] = [
      [{ $ref: 'https://example.com/schema.json' }, /can't resolve reference https:\/\/example\.com\/schema\.json/],
      [{ $ref: '#/$defs/none' }, /can't resolve reference #\/\$defs\/none/],
      [
        { $schema: 'http://json-schema.org/draft-04/schema#' },
        /its dialect http:\/\/json-schema\.org\/draft-04\/schema# is not supported/,
      ],
      [{ type: 'strin' }, /type must be JSONType/],
      [{ required: 'grams' }, /required value must be/],
      [{ pattern: '(' }, /a JavaScript regular expression/],
      [{ $async: true, type: 'object' }, /asynchronous/],
      [{ description: 'x'.repeat(100_000) }, /over 50000 characters/],
    ];
    for (const [outputSchema, reason] of unusable) {
      const { outputProblem, note } = toolOf({ outputSchema });
      assert.equal(outputProblem, undefined);
      assert.match(note ?? '', /^its outputSchema cannot be checked: /);
      assert.match(note ?? '', reason);
    }
  });

  it('reports values as nested too deeply when it refers to itself without end', () => {
    const problem = 'structuredContent is nested too deeply for the outputSchema to be checked';
    const anchored = { $dynamicRef: '#a', $defs: { a: { $dynamicAnchor: 'a', type: 'number' } } };
    for (const schema of [{ $ref: '#' }, anchored]) assert.equal(problemOf(schema, {}), problem);
  });

  it('is never fetched', async (t) => {
    let requests = 0;
    const server = await listenDuring(
      t,
      createServer((_, response) => {
        requests++;
        response.end('{}');
      }),
    );
    const url = `http://127.0.0.1:${server.port}/schema.json`;
    const { note } = toolOf({ outputSchema: { $ref: url }, inputSchema: { properties: { a: { $ref: url } } } });
    assert.match(note ?? '', /can't resolve reference/);
    // A request in flight would have arrived before this one.
    await fetch(url);
    assert.equal(requests, 1);
  });
});
