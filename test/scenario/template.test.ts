import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Feed, Json } from '../../src/plan/feed.ts';
import { UsedFeeds } from '../../src/scenario/feeds.ts';
import { compileTemplate } from '../../src/scenario/template.ts';
import { randomFor } from '../../src/traffic/random.ts';

type Given = {
  readonly feeds?: Readonly<Record<string, Feed>>;
  readonly captured?: Readonly<Record<string, Json>>;
  readonly vu?: number;
  readonly iteration?: number;
  readonly seed?: number;
  readonly textsOnly?: boolean;
};

function feedOf(rows: readonly { readonly [column: string]: Json }[]): Feed {
  const columns = Object.keys(rows[0] ?? {});
  const cells = rows.map((row) => columns.map((column) => row[column] ?? null));
  return { order: 'sequential', repeat: true, columns, rows: cells };
}

/** A value of the plan, filled for the first iteration. */
function filled(value: unknown, given: Given = {}): unknown {
  const { feeds: all = {}, captured = {}, vu = 3, iteration = 8, seed = 1, textsOnly = false } = given;
  const feeds = new UsedFeeds(all);
  const template = compileTemplate(value, feeds, textsOnly);
  const random = randomFor(seed);
  const rows = feeds.rowsFor({ ordinal: 0, vuIndex: 0, random }) ?? assert.fail();
  return JSON.parse(template.fill({ random, vu, iteration, rows, captured: new Map(Object.entries(captured)) }));
}

describe('a text that consists of one placeholder', () => {
  const row = { n: 7, f: 0.5, yes: true, no: null, list: [1, 'x'], map: { a: 1 }, text: '7', json: '{"a":[1]}' };
  const feeds = { rows: feedOf([row]) };

  it('takes the value in its own type', () => {
    for (const [column, value] of Object.entries(row)) {
      assert.deepEqual(filled({ q: [`{{rows.${column}}}`] }, { feeds }), { q: [value] }, column);
      assert.deepEqual(filled({ q: '{{ captured }}' }, { captured: { captured: value } }), { q: value }, column);
    }
    assert.deepEqual(filled(['{{$vu}}', '{{$iteration}}', '{{$integer(4,4)}}']), [3, 8, 4]);
  });

  it('takes the JSON in a text if the placeholder says so', () => {
    assert.deepEqual(filled({ q: '{{rows.json|json}}', n: '{{rows.text | json}}' }, { feeds }), {
      q: { a: [1] },
      n: 7,
    });
    assert.deepEqual(filled('{{page|json}}', { captured: { page: '[1,"2"]' } }), [1, '2']);
    assert.deepEqual(filled('{{page|json}}', { captured: { page: { a: 1 } } }), { a: 1 });
    assert.deepEqual(filled('{{page|json}}', { captured: { page: '"5"' } }), '5');
  });

  it('stays a text where no other type is allowed, and as a key', () => {
    assert.deepEqual(filled({ q: '{{rows.n}}' }, { feeds, textsOnly: true }), { q: '7' });
    assert.deepEqual(filled('{{rows.map}}', { feeds, textsOnly: true }), '{"a":1}');
    assert.deepEqual(filled({ '{{rows.n}}': '{{rows.n}}' }, { feeds }), { '7': 7 });
  });
});

describe('a placeholder within other text', () => {
  it('is filled with a text as it is, and with the JSON of any other value', () => {
    const feeds = { rows: feedOf([{ n: 7, text: 'say "hi"\n\\', list: [1, 'x'], no: null }]) };
    const text = '{{rows.n}}|{{rows.text}}|{{rows.list}}|{{rows.no}}|{{id}}';
    assert.equal(filled(text, { feeds, captured: { id: 'ü"' } }), '7|say "hi"\n\\|[1,"x"]|null|ü"');
  });

  it('does not change the JSON around it, whatever it is filled with', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.jsonValue(), (text, value) => {
        fc.pre(text.isWellFormed() && JSON.stringify(value).isWellFormed());
        const shown = typeof value === 'string' ? value : JSON.stringify(value);
        const captured = { a: value as Json, b: text };
        assert.deepEqual(filled({ x: '<{{a}}>', y: '{{b}}', z: ['{{a}}'] }, { captured }), {
          x: `<${shown}>`,
          y: text,
          z: [JSON.parse(JSON.stringify(value))],
        });
      }),
    );
  });
});

describe('compileTemplate', () => {
  it('names the captures that it needs, and knows when it has no placeholders', () => {
    const feeds = new UsedFeeds({ words: feedOf([{ value: 'a' }]) });
    const { needs, fixed } = compileTemplate({ a: '{{id}}', b: ['{{words}} {{$uuid}} {{page|json}} {{id}}'] }, feeds);
    assert.deepEqual([needs, fixed], [['id', 'page'], false]);
    const plain = compileTemplate({ a: [1, null, { b: 'c' }] }, feeds);
    assert.deepEqual([plain.needs, plain.fixed], [[], true]);
    assert.equal(compileTemplate('{{words}}', feeds).fixed, false);
  });

  it('refuses a feed with a text that must be JSON and is not, and an unknown column', () => {
    const feeds = () =>
      new UsedFeeds({
        rows: feedOf([
          { a: '1', b: 'x' },
          { a: '{', b: 'y' },
        ]),
      });
    assert.throws(() => compileTemplate('{{rows.a|json}}', feeds()), /feeds\.rows: row 2 of a is not JSON/);
    assert.throws(
      () => compileTemplate('{{rows.c}}', feeds()),
      /feeds\.rows: expected one of its columns \(a, b\), got c/,
    );
    assert.throws(() => compileTemplate('{{rows}}', feeds()), /expected one of its columns/);
  });
});

describe('generated values', () => {
  const many = (inner: string, count = 400) =>
    Array.from({ length: count }, (_, seed) => filled(`{{${inner}}}`, { seed }));

  it('depend on the seed alone', () => {
    const text = '{{$uuid}} {{$integer(1,100)}} {{$number(0,1)}} {{$string(12)}} {{$words(3)}} {{$pick(a,b,c)}}';
    assert.equal(filled(text), filled(text));
    assert.notEqual(filled(text), filled(text, { seed: 2 }));
  });

  it('are drawn anew for every placeholder', () => {
    const [a, b] = filled(['{{$uuid}}', '{{$uuid}}']) as [string, string];
    assert.notEqual(a, b);
  });

  it('are UUIDs of version 4 and the RFC variant, all different', () => {
    const uuids = many('$uuid') as string[];
    for (const uuid of uuids)
      assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(new Set(uuids).size, uuids.length);
    assert.equal(new Set(uuids.map((uuid) => uuid[19])).size, 4);
  });

  it('are all whole numbers of a range, its ends included', () => {
    assert.deepEqual(new Set(many('$integer(-1,2)')), new Set([-1, 0, 1, 2]));
    const { MAX_SAFE_INTEGER: max } = Number;
    for (const value of many(`$integer(-${max},${max})`, 50)) assert.ok(Number.isSafeInteger(value), String(value));
  });

  it('are numbers spread over a range', () => {
    const numbers = many('$number(10,20)') as number[];
    assert.ok(numbers.every((value) => value >= 10 && value <= 20));
    const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
    assert.ok(Math.abs(mean - 15) < 0.6, String(mean));
    assert.equal(typeof filled('x{{$number(0,1)}}'), 'string');
  });

  it('are as many letters, words and picks as the plan asks for', () => {
    for (const text of many('$string(12)', 20)) assert.match(text as string, /^[A-Za-z0-9]{12}$/);
    for (const text of many('$words(3)', 20)) assert.match(text as string, /^[a-z]+ [a-z]+ [a-z]+$/);
    assert.deepEqual(new Set(many('$pick(a, b b ,3)')), new Set(['a', 'b b', '3']));
  });
});
