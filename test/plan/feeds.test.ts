import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parsePlan } from '../../src/plan/parse-plan.ts';
import { aPlan, planText, problemsOf } from '../support/a-plan.ts';
import { problemsIn } from './refused-plan.ts';

const feedOf = (feed: object) => aPlan({ plan: { feeds: { rows: feed } } }).feeds.rows ?? assert.fail();
const problemsOfFeed = (feed: unknown) => problemsOf({ plan: { feeds: { rows: feed } } });

/** The feed of a plan that names a file, or its problems. */
function feedOfFile(path: string, text: string | undefined) {
  const asked: string[] = [];
  const parsed = parsePlan(planText({ plan: { feeds: { rows: { file: path } } } }), (name) => {
    asked.push(name);
    return text;
  });
  assert.ok(asked.every((name) => name === path) && asked.length > 0);
  return parsed.ok ? parsed.plan.feeds.rows : parsed.problems.map((problem) => `${problem.path}: ${problem.message}`);
}

describe('sources of a feed', () => {
  const table = {
    columns: ['id', 'name'],
    rows: [
      ['1', 'a b'],
      ['2', 'c,"d"\ne'],
    ],
  };
  const objects = [
    { id: 1, name: 'a' },
    { name: null, id: [2] },
  ];

  it('can be single values of any type', () => {
    const values = ['a', 1, null, true, ['x'], { y: 1 }];
    assert.deepEqual(feedOf({ values }), {
      order: 'random',
      repeat: true,
      columns: ['value'],
      rows: values.map((value) => [value]),
    });
  });

  it('can be rows, whose keys are the columns in any order', () => {
    assert.deepEqual(feedOf({ rows: objects, order: 'unique' }), {
      order: 'unique',
      repeat: true,
      columns: ['id', 'name'],
      rows: [
        [1, 'a'],
        [[2], null],
      ],
    });
  });

  it('can be CSV with quotes, CRLF, blank lines and a byte order mark', () => {
    for (const csv of [
      'id,name\n1,a b\n2,"c,""d""\ne"\n',
      '\uFEFF"id", name \r\n1,a b\r\n\r\n2,"c,""d""\ne"',
      'id,name\n1,a b\r\n2,"c,""d""\ne"\n\n',
    ]) {
      const { columns, rows } = feedOf({ csv });
      assert.deepEqual({ columns, rows }, table, csv);
    }
  });

  it('can be CSV with any text', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r\n', ' ', 'é', ';') });
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
        const quoted = rows.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(','));
        assert.deepEqual(feedOf({ csv: ['a,b', ...quoted].join('\r\n') }).rows, rows);
      }),
      { numRuns: 50 },
    );
  });

  it('can be JSON lines of objects or of other values', () => {
    const jsonl = `${objects.map((row) => JSON.stringify(row)).join('\r\n\r\n')}\n`;
    const { columns, rows } = feedOf({ jsonl });
    assert.deepEqual(
      { columns, rows },
      {
        columns: ['id', 'name'],
        rows: [
          [1, 'a'],
          [[2], null],
        ],
      },
    );
    assert.deepEqual(feedOf({ jsonl: '1\n"a"\n[2]' }).rows, [[1], ['a'], [[2]]]);
  });

  it('can be lines, without the blank ones', () => {
    const { columns, rows } = feedOf({ lines: ' one\r\n\n  \ntwo,2\n' });
    assert.deepEqual({ columns, rows }, { columns: ['value'], rows: [[' one'], ['two,2']] });
  });

  it('can be files, read by their extension', () => {
    assert.deepEqual(feedOfFile('data/a.CSV', 'x\n1\n'), {
      order: 'random',
      repeat: true,
      columns: ['x'],
      rows: [['1']],
    });
    for (const path of ['a.jsonl', 'a.ndjson']) {
      assert.deepEqual(feedOfFile(path, '{"x":1}'), { order: 'random', repeat: true, columns: ['x'], rows: [[1]] });
    }
    assert.deepEqual(feedOfFile('a.json', '\uFEFF[{"x":1}]'), {
      order: 'random',
      repeat: true,
      columns: ['x'],
      rows: [[1]],
    });
    for (const path of ['a.txt', 'a', 'csv', 'a.csv.bak']) {
      const plain = { order: 'random', repeat: true, columns: ['value'], rows: [['x'], ['1']] };
      assert.deepEqual(feedOfFile(path, '\uFEFFx\n1\n'), plain);
    }
  });
});

describe('invalid feeds', () => {
  it('are refused with a missing or broken file, or where a plan comes without files', () => {
    assert.deepEqual(feedOfFile('a.csv', undefined), [
      'feeds.rows.file: cannot read the file "a.csv"; file paths are relative to the plan\'s folder',
    ]);
    assert.deepEqual(feedOfFile('a.json', '{}'), [
      'feeds.rows.file: a.json: expected a JSON array whose items are the rows',
    ]);
    assert.deepEqual(feedOfFile('a.json', '[1, {"a":1}]'), [
      'feeds.rows.file: a.json: row 1: expected an object like the other rows',
    ]);
    assert.deepEqual(problemsOfFeed({ file: 'a.csv' }), [
      'feeds.rows.file: a plan that is sent comes without files; write the rows into the plan, e.g. with csv: |',
    ]);
  });

  const CASES: readonly (readonly [object, string])[] = [
    [{}, ': expected one of values, rows, csv, jsonl, lines, file'],
    [
      { values: ['a'], csv: 'a' },
      '.csv: expected only one of values, rows, csv, jsonl, lines, file; this feed already has values',
    ],
    [{ values: [] }, '.values: expected at least one value'],
    [{ values: 7 }, '.values: expected a list, got 7'],
    [{ csv: ['a'] }, '.csv: expected a text, got a list'],
    [{ rows: [] }, '.rows: expected at least one row'],
    [{ rows: [{}] }, '.rows: expected at least one column'],
    [{ rows: [{ a: 1 }, { b: 1 }] }, '.rows: row 1: missing "b", which other rows have; write null for no value'],
    [{ csv: '' }, '.csv: expected a header line with the names of the columns'],
    [{ csv: 'a,b\n' }, '.csv: expected at least one row'],
    [{ csv: 'a,,b\n1,2,3' }, '.csv: line 1: expected a name for each column'],
    [{ csv: 'a,b, a\n1,2,3' }, '.csv: line 1: expected each column once, got "a" twice'],
    [{ csv: 'a,b\n1,2\n\n3\n' }, '.csv: line 4: expected 2 fields as in the header, got 1'],
    [{ csv: 'a,b\n1,2\n3,"x' }, '.csv: line 3: a quote is opened here and never closed'],
    [
      { csv: 'a,b\n1,x"y"\n' },
      '.csv: line 2: expected no quote inside an unquoted field; quote the whole field and double its quotes',
    ],
    [
      { csv: 'a,b\n1,"y"z\n' },
      '.csv: line 2: expected no quote inside an unquoted field; quote the whole field and double its quotes',
    ],
    [{ jsonl: '{"a":1}\n\n{"a":}' }, '.jsonl: line 3: not valid JSON'],
    [{ jsonl: '{"a":1}\n\n{"b":1}' }, '.jsonl: line 1: missing "b", which other rows have; write null for no value'],
    [{ jsonl: '{"a":1}\n\n7' }, '.jsonl: line 3: expected an object like the other rows'],
    [{ lines: ' \n' }, '.lines: expected at least one row'],
    [{ values: ['a'], order: 'shuffled' }, '.order: expected one of sequential, random, unique, got "shuffled"'],
    [
      { values: ['a'], repeat: false },
      '.repeat: expected order: sequential with repeat: false; random rows have no last one',
    ],
    [{ valeus: ['a'] }, '.valeus: unknown key "valeus": did you mean "values"?'],
  ];
  for (const [feed, expected] of CASES) {
    it(`are refused: ${JSON.stringify(feed).slice(0, 60)}`, () => {
      assert.deepEqual(problemsOfFeed(feed), [`feeds.rows${expected}`]);
    });
  }

  it('are refused with too many rows or too long a text', () => {
    const values = `"feeds": {"rows": {"values": [${Array(100_001).fill(1).join(',')}]}}, "targets"`;
    const [problem] = problemsIn(planText().replace('"targets"', values));
    assert.equal(problem?.message, 'expected at most 100000 values, got 100001');
    assert.deepEqual(feedOfFile('a.txt', 'x'.repeat(5_000_001)), [
      'feeds.rows.file: a.txt: expected at most 5000000 characters',
    ]);
    assert.deepEqual(feedOfFile('a.txt', 'x\n'.repeat(100_001)), [
      'feeds.rows.file: a.txt: expected at most 100000 rows, got 100001',
    ]);
  });

  it('are refused at their place in the file, also inline', () => {
    const text = planText().replace('"targets"', '"feeds": {"rows":\n{"csv": "a,b\\n1"}},\n"targets"');
    assert.deepEqual(
      problemsIn(text).map(({ path, line }) => ({ path, line })),
      [{ path: 'feeds.rows.csv', line: 4 }],
    );
  });
});
