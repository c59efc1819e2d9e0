import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { printable } from '../../src/report/format.ts';
import { renderHtml } from '../../src/report/html/html.ts';
import type { Report } from '../../src/report/report.ts';
import { type Section, sectionsOf } from '../../src/report/sections.ts';
import { type Cell, type Column, figures, makePlainTable, type Table, words } from '../../src/report/table.ts';
import { renderText } from '../../src/report/text/text.ts';
import { reportVariants } from '../support/report-variants.ts';

/** So wide that text leaves out no column and cuts no name. */
const WIDE = 2000;
const variants: readonly (readonly [string, Report])[] = Object.entries(reportVariants());

/** What a reader sees, without drawings and without any space. */
function seenOf(page: string): string {
  const entities: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' };
  const text = page.replace(/<(svg|style)\b.*?<\/\1>/gs, '').replace(/<[^>]*>/g, '');
  return squeezed(text.replace(/&(lt|gt|quot|#39|amp);/g, (entity) => entities[entity] ?? entity));
}

function squeezed(text: string): string {
  return text.replace(/\s+/g, '');
}

function shown({ mark = '', text }: Cell): string {
  return mark + text;
}

/** The cells of each row one after another, of the columns that stand in the row's line. */
function rowsOf({ columns, groups }: Table, isInLine: (column: Column) => boolean): string[] {
  return groups.flatMap(({ rows }) =>
    rows.map((row) => squeezed(row.map((cell, at) => (isInLine(columns[at] as Column) ? shown(cell) : '')).join(''))),
  );
}

function titlesOf({ untitled, columns }: Table): string[] {
  return untitled
    ? []
    : columns.flatMap(({ title, group, below }) => (below === undefined ? [title, group ?? ''] : []));
}

function sentencesOf({ title, about, findings, remarks, footnotes, tables }: Section): string[] {
  const captions = tables.filter(({ untitled }) => !untitled).map(({ caption }) => caption);
  return [title, about, ...findings, ...remarks, ...footnotes, ...captions];
}

describe('HTML and text', () => {
  for (const [name, report] of variants) {
    it(`show the same tables and sentences: ${name}`, () => {
      const page = seenOf(renderHtml(report));
      const sections = sectionsOf(printable(report), 'html');
      assert.ok(sections.size >= 3);
      for (const section of sections.values()) {
        const rows = section.tables.flatMap((table) => rowsOf(table, () => true));
        for (const each of [...sentencesOf(section), ...rows]) assert.ok(page.includes(squeezed(each)), each);
        // The second of two titles in one heading begins with a small letter.
        const titles = section.tables.flatMap(titlesOf).map(squeezed);
        for (const title of titles) assert.ok(page.toLowerCase().includes(title.toLowerCase()), title);
      }

      const text = squeezed(renderText(report, { width: WIDE }));
      const textSections = sectionsOf(printable(report), 'text');
      // Notes that are the same in every report are only in HTML.
      assert.deepEqual(new Set([...textSections.keys(), 'notes']), new Set([...sections.keys(), 'notes']));
      for (const section of textSections.values()) {
        const lines = section.tables.flatMap((table) => rowsOf(table, ({ below }) => below === undefined));
        const below = section.tables.flatMap(({ columns, groups }) =>
          columns.flatMap((column, at) =>
            column.below === undefined ? [] : groups.flatMap(({ rows }) => rows.map((row) => row[at]?.text ?? '')),
          ),
        );
        const all = [...sentencesOf(section), ...section.tables.flatMap(titlesOf), ...lines, ...below];
        for (const each of all) assert.ok(text.includes(squeezed(each)), each);
      }
    });
  }

  it('have each section in some kind of report', () => {
    const found = new Set(variants.flatMap(([, report]) => [...sectionsOf(report, 'text').keys()]));
    assert.deepEqual([...found].toSorted(), [
      'answers',
      'ceiling',
      'checks',
      'clocks',
      'cold',
      'comparison',
      'connections',
      'failures',
      'generator',
      'notes',
      'operations',
      'scenarios',
      'sessions',
      'targets',
      'thresholds',
      'totals',
      'warnings',
    ]);
  });
});

describe('a table', () => {
  const parts = { id: 'x', caption: 'x' };

  it('leaves out a column without content, and keeps it when one cell has some', () => {
    const columns = [
      words<string>('name', (name) => name),
      words<string>('note', (name) => (name === 'b' ? 'odd' : '')),
    ];
    const titles = (rows: readonly string[]) =>
      makePlainTable({ ...parts, columns, rows }).columns.map(({ title }) => title);
    assert.deepEqual(titles(['a']), ['name']);
    assert.deepEqual(titles(['a', 'b']), ['name', 'note']);
  });

  it('has no group without rows', () => {
    assert.deepEqual(makePlainTable<string>({ ...parts, columns: [figures('n', (n) => n)], rows: [] }).groups, []);
  });
});
