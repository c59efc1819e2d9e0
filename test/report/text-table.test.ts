import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type ColumnOf, figures, makePlainTable, makeTable, words } from '../../src/report/table.ts';
import { plainInk, textTable, wrap } from '../../src/report/text/text-table.ts';

type Row = { readonly name: string; readonly said?: string };

const ROWS: readonly Row[] = [{ name: 'tools/call:search_code' }, { name: 'tools/list' }];

function linesOf(columns: readonly ColumnOf<Row>[], width: number, rows: readonly Row[] = ROWS): string[] {
  return textTable(makePlainTable({ id: 'x', caption: 'x', columns, rows }), width, plainInk);
}

const name = (more: Partial<ColumnOf<Row>> = {}) => words<Row>('Name', (row) => row.name, more);

it('a table in text leaves out the columns with the highest number first, and never those without one', () => {
  const columns = [
    name(),
    figures<Row>('one', () => '1'),
    figures<Row>('first', () => '2', { drop: 2 }),
    figures<Row>('second', () => '3', { drop: 1 }),
  ];
  const titles = (width: number) => linesOf(columns, width)[0]?.trim().split(/ +/);
  assert.deepEqual(titles(42), ['Name', 'one', 'first', 'second']);
  assert.deepEqual(titles(41), ['Name', 'one', 'second']);
  assert.deepEqual(titles(34), ['Name', 'one']);
  assert.deepEqual(titles(10), ['Name', 'one']);
});

it('a table in text cuts names in the middle and wraps text over several lines', () => {
  const rows = [{ name: 'tools/call:search_code', said: 'one two three' }];
  const columns = [name({ fit: 'cut' }), words<Row>('Said', ({ said = '' }) => said, { fit: 'wrap' })];
  assert.deepEqual(linesOf(columns, 22, rows), ['Name        Said', 'tools…code  one two', '            three']);
});

it('a table in text sets a heading above the columns of a group, and widens them for it', () => {
  const group = 'Matching response';
  const columns = [name(), figures<Row>('p50', () => '1', { group }), figures<Row>('p95', () => '2', { group })];
  assert.deepEqual(linesOf(columns, 80), [
    '                        Matching response',
    'Name                             p50  p95',
    'tools/call:search_code             1    2',
    'tools/list                         1    2',
  ]);
});

it('a table in text indents rows below the title of their group, also where the title is cut', () => {
  const groups = [
    { title: 'a_very_long_target_name', items: ROWS },
    { title: 'b', items: ROWS.slice(1) },
  ];
  const table = makeTable({ id: 'x', caption: 'x', columns: [name({ fit: 'cut' })], groups });
  assert.deepEqual(textTable(table, 12, plainInk), [
    'Name',
    'a_very…_name',
    '  tools…code',
    '  tools/list',
    'b',
    '  tools/list',
  ]);
});

it('a table in text shows cells without a column below their row: a meaning only once, a quote each time', () => {
  const columns = [
    name(),
    words<Row>('Meaning', () => 'same', { below: 'once' }),
    words<Row>('Example', () => 'no', { below: 'always', kind: 'quote' }),
  ];
  assert.deepEqual(linesOf(columns, 40), [
    'Name',
    'tools/call:search_code',
    '      same',
    '      “no”',
    'tools/list',
    '      “no”',
  ]);
});

it('a table in text wraps at spaces where it can, and inside a word where it must', () => {
  assert.deepEqual(wrap('one two three', 8), ['one two', 'three']);
  assert.deepEqual(wrap('漢字漢字漢字', 5), ['漢字', '漢字', '漢字']);
});
