import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Json } from '../../src/plan/feed.ts';
import type { Check } from '../../src/plan/step-schema.ts';
import { compileCheck } from '../../src/scenario/checks.ts';
import { compilePointer } from '../../src/scenario/values.ts';

const RESULT = { structuredContent: { total: 2, items: [{ id: 'a', tags: ['x', 'y'] }, { id: 'b' }], none: null } };

/** What a check finds wrong with the result, or with a text. */
function problemIn(check: Check, text = ''): string | undefined {
  return compileCheck(check)(RESULT, text);
}

describe('a JSON pointer', () => {
  // The document and the pointers of RFC 6901 §5.
  const rfc: Readonly<Record<string, Json>> = {
    foo: ['bar', 'baz'],
    '': 0,
    'a/b': 1,
    'c%d': 2,
    'e^f': 3,
    'g|h': 4,
    'i\\j': 5,
    'k"l': 6,
    ' ': 7,
    'm~n': 8,
  };
  const found: [string, Json][] = [
    ['', rfc],
    ['/foo', ['bar', 'baz']],
    ['/foo/0', 'bar'],
    ['/', 0],
    ['/a~1b', 1],
    ['/c%d', 2],
    ['/i\\j', 5],
    ['/k"l', 6],
    ['/ ', 7],
    ['/m~0n', 8],
  ];
  it('finds the values of the examples in RFC 6901', () => {
    for (const [pointer, value] of found) assert.deepEqual(compilePointer(pointer)(rfc), value, pointer);
    assert.equal(compilePointer('/~01')({ '~1': 'x' }), 'x');
  });

  it('finds nothing where it does not match', () => {
    for (const pointer of ['/foo/2', '/foo/00', '/foo/-', '/foo/length', '/nope/a', '/foo/0/0', '/toString']) {
      assert.equal(compilePointer(pointer)(rfc), undefined, pointer);
    }
    assert.equal(compilePointer('/a')(undefined), undefined);
  });
});

describe('a check of pointer and equals', () => {
  const equals = (pointer: string, value: Json) => problemIn({ pointer, equals: value } as Check);

  it('compares whole values, whatever the order of their keys', () => {
    assert.equal(equals('/structuredContent/total', 2), undefined);
    assert.equal(equals('/structuredContent/none', null), undefined);
    assert.equal(equals('/structuredContent/items/0', { tags: ['x', 'y'], id: 'a' }), undefined);
  });

  it('shows the actual value', () => {
    assert.equal(equals('/structuredContent/total', '2'), 'check failed: /structuredContent/total equals "2"; it is 2');
    assert.match(equals('/structuredContent/items/0/tags', ['y', 'x']) ?? '', /it is \["x","y"\]$/);
    assert.match(equals('/structuredContent/more', null) ?? '', /it is missing$/);
  });
});

describe('a check of schema', () => {
  const schema = { type: 'object', properties: { total: { type: 'integer', minimum: 2 } }, required: ['total'] };

  it('validates the result, or what a pointer finds in it', () => {
    assert.equal(problemIn({ schema, pointer: '/structuredContent' }), undefined);
    assert.equal(problemIn({ schema: { required: ['structuredContent'] } }), undefined);
    assert.match(problemIn({ schema }) ?? '', /^check failed: schema; the result must have required property 'total'/);
    assert.match(
      problemIn({ schema: { type: 'string' }, pointer: '/structuredContent/items/0/id/0' }) ?? '',
      /\/structuredContent\/items\/0\/id\/0 is missing$/,
    );
    assert.match(
      problemIn({ schema: { items: { properties: { id: { const: 'a' } } } }, pointer: '/structuredContent/items' }) ??
        '',
      /the result's \/structuredContent\/items\/1\/id must be equal to constant/,
    );
  });

  it('refuses a schema that cannot be used, before anything is sent', () => {
    for (const broken of [
      { $ref: 'https://example.com/x.json' },
      { type: 'strin' },
      { $schema: 'https://a.example/b' },
    ]) {
      assert.throws(() => compileCheck({ schema: broken }), /^Error: The schema of a check cannot be used: /);
    }
  });
});

describe('a check of size', () => {
  it('counts bytes of the text in UTF-8', () => {
    const size = (text: string, min?: number, max?: number) => {
      return problemIn(
        { size: { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) } },
        text,
      );
    };
    assert.equal(size('äö', 4, 4), undefined);
    assert.equal(size('', 0, 0), undefined);
    assert.equal(size('abc', 3), undefined);
    assert.equal(size('äö', 5), 'check failed: size at least 5 bytes; the result\'s text has 4: "äö"');
    assert.match(size('äö', undefined, 3) ?? '', /^check failed: size 0 to 3 bytes; .* has 4/);
  });
});
