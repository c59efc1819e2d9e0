import { type CsvError, parse } from 'csv-parse/sync';
import { z } from 'zod';
import { inexactNumberIn, inexactText } from './exact-numbers.ts';
import { isRecord } from './primitives.ts';
import { shortened } from './problem.ts';

/** A value that JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Rows that calls take values from: `{{name.column}}`, or `{{name}}` when there is only one column. */
export type Feed = {
  /**
   * Which row an iteration gets. `sequential`: the next one, counted over all virtual users and lanes. `random`: any row,
   * drawn with the plan's seed. `unique`: the virtual user's own row, the same in all its iterations.
   */
  readonly order: 'sequential' | 'random' | 'unique';
  /** Whether a sequential feed starts again after its last row; otherwise later iterations end as PLAN_FEED_END. */
  readonly repeat: boolean;
  readonly columns: readonly string[];
  /** At least one row; each is as long as `columns`. */
  readonly rows: readonly (readonly Json[])[];
};

/** Reads the text of a file that a plan names; undefined when it does not exist, or why it cannot be read. */
export type ReadFile = (path: string) => string | { readonly problem: string } | undefined;

type FeedTable = Pick<Feed, 'columns' | 'rows'>;
type ReadTable = FeedTable | { readonly problem: string };
type FeedFormat = 'csv' | 'jsonl' | 'json' | 'lines';

/** More than any feed needs; every slice holds all rows in memory. */
const MAX_ROWS = 100_000;
const MAX_CHARACTERS = 5_000_000;

/** The only column of a source without column names. */
const COLUMN = 'value';

const SOURCES = ['values', 'rows', 'csv', 'jsonl', 'lines', 'file'] as const;
type Source = (typeof SOURCES)[number];

const PARSERS: Readonly<Record<FeedFormat, (text: string) => ReadTable>> = {
  csv: csvTable,
  jsonl: jsonLinesTable,
  json: jsonTable,
  lines: (text) => oneColumn(linesOf(text).map(({ content }) => content)),
};

const FORMAT_OF_EXTENSION: Readonly<Record<string, FeedFormat>> = {
  csv: 'csv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'json',
};

const json = z.json('expected a value that JSON can hold');

/** Where a feed's rows come from; a feed has exactly one of these keys. */
const sources = {
  /** One column; each value is a row. */
  values: z.array(json).optional(),
  /** Mappings with the same keys, which are the columns. */
  rows: z.array(z.record(z.string(), json)).optional(),
  /** Text with a header line. */
  csv: z.string().optional(),
  /** An object per line, whose keys are the columns, or any other JSON value per line. */
  jsonl: z.string().optional(),
  /** One column; each line that is not blank is a row. */
  lines: z.string().optional(),
  /** A file next to the plan; `.csv`, `.jsonl`, `.ndjson` and `.json` (an array) as above, any other as lines. */
  file: z.string().min(1).optional(),
};

/** True for the keys that say where a feed's rows come from. */
export function isFeedSource(key: string): boolean {
  return Object.hasOwn(sources, key);
}

/** A feed in a plan. @param readFile undefined where a plan comes without files */
export function feedSchema(readFile?: ReadFile) {
  return z
    .strictObject({
      ...sources,
      order: z.enum(['sequential', 'random', 'unique']).default('random'),
      /** For `sequential`: starts again after the last row; with false, later iterations end as PLAN_FEED_END. */
      repeat: z.boolean().default(true),
    })
    .transform(({ order, repeat, ...given }, context): Feed => {
      // Values that are already refused would only cause further problems here.
      if (context.issues.length > 0) return z.NEVER;
      const add = (path: readonly PropertyKey[], message: string) => {
        context.addIssue({ code: 'custom', path: [...path], message, input: undefined });
        return z.NEVER;
      };
      const [source, other] = SOURCES.filter((key) => given[key] !== undefined);
      const all = SOURCES.join(', ');
      if (source === undefined) return add([], `expected one of ${all}`);
      if (other !== undefined) return add([other], `expected only one of ${all}; this feed already has ${source}`);
      if (!repeat && order !== 'sequential') {
        return add(['repeat'], `expected order: sequential with repeat: false; ${order} rows have no last one`);
      }
      const table = tableFrom(given, source, readFile);
      return 'problem' in table ? add([source], table.problem) : { order, repeat, ...table };
    });
}

function tableFrom(
  given: z.output<z.ZodObject<typeof sources>>,
  source: Source,
  readFile: ReadFile | undefined,
): ReadTable {
  switch (source) {
    case 'values': {
      const values = given.values as readonly Json[];
      if (values.length === 0) return { problem: 'expected at least one value' };
      if (values.length > MAX_ROWS) return { problem: `expected at most ${MAX_ROWS} values, got ${values.length}` };
      return oneColumn(values);
    }
    case 'rows':
      return tableOfValues(given.rows as readonly Json[], (index) => `row ${index + 1}`);
    case 'file':
      return fileTable(given.file as string, readFile);
    default:
      return textTable(source, given[source] as string);
  }
}

function fileTable(path: string, readFile: ReadFile | undefined): ReadTable {
  if (readFile === undefined) {
    return { problem: 'a plan that is sent comes without files; write the rows into the plan, e.g. with csv: |' };
  }
  const text = readFile(path);
  if (text === undefined)
    return { problem: `cannot read the file "${path}"; file paths are relative to the plan's folder` };
  if (typeof text !== 'string') return { problem: `${path}: ${text.problem}` };
  const extension = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
  const table = textTable(FORMAT_OF_EXTENSION[extension] ?? 'lines', text);
  return 'problem' in table ? { problem: `${path}: ${table.problem}` } : table;
}

/** Parses a feed's text; a problem names the line, counted from 1 within the text. */
function textTable(format: FeedFormat, text: string): ReadTable {
  if (text.length > MAX_CHARACTERS) return { problem: `expected at most ${MAX_CHARACTERS} characters` };
  return PARSERS[format](text.replace(/^\uFEFF/, ''));
}

/** Parses CSV (RFC 4180) with a header line. */
function csvTable(text: string): ReadTable {
  let records: readonly { readonly record: readonly string[]; readonly info: { readonly lines: number } }[];
  try {
    const recordDelimiter = ['\r\n', '\n'];
    // The lengths of rows are checked below, because the parser's own message would not mention the header.
    const options = { relax_column_count: true, skip_empty_lines: true, info: true, record_delimiter: recordDelimiter };
    records = parse(text, options) as unknown as typeof records;
  } catch (error) {
    return { problem: csvProblem(error as CsvError) };
  }
  const [header, ...rows] = records;
  if (header === undefined) return { problem: 'expected a header line with the names of the columns' };
  const columns = header.record.map((column) => column.trim());
  if (columns.includes('')) return { problem: `line ${header.info.lines}: expected a name for each column` };
  const repeated = firstRepeated(columns);
  if (repeated !== undefined) {
    return { problem: `line ${header.info.lines}: expected each column once, got "${shortened(repeated)}" twice` };
  }
  const odd = rows.find(({ record }) => record.length !== columns.length);
  if (odd !== undefined) {
    const fields = `${columns.length} fields as in the header, got ${odd.record.length}`;
    return { problem: `line ${odd.info.lines}: expected ${fields}` };
  }
  return table(
    columns,
    rows.map(({ record }) => record),
  );
}

function csvProblem({ code, lines }: CsvError): string {
  if (code === 'CSV_QUOTE_NOT_CLOSED') return `line ${lines}: a quote is opened here and never closed`;
  return `line ${lines}: expected no quote inside an unquoted field; quote the whole field and double its quotes`;
}

function firstRepeated(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}

function jsonLinesTable(text: string): ReadTable {
  const values: Json[] = [];
  const lines = linesOf(text);
  for (const { content, number } of lines) {
    const value = parseJson(content);
    if (value === undefined) return { problem: `line ${number}: not valid JSON` };
    const inexact = inexactNumberIn(content);
    if (inexact !== undefined) return { problem: `line ${number}: ${inexactText(inexact.source)}` };
    values.push(value);
  }
  return tableOfValues(values, (index) => `line ${lines[index]?.number}`);
}

function jsonTable(text: string): ReadTable {
  const values = parseJson(text);
  if (!Array.isArray(values)) return { problem: 'expected a JSON array whose items are the rows' };
  const inexact = inexactNumberIn(text);
  if (inexact !== undefined) {
    const line = text.slice(0, inexact.index).split('\n').length;
    return { problem: `line ${line}: ${inexactText(inexact.source)}` };
  }
  return tableOfValues(values, (index) => `row ${index + 1}`);
}

/**
 * A table from objects, whose keys are the columns, or from other values, each a row of one column.
 * @param placeOf names the place of the value with this index in a message
 */
function tableOfValues(values: readonly Json[], placeOf: (index: number) => string): ReadTable {
  const objects = values.filter((value) => isRecord(value));
  if (objects.length === 0) return oneColumn(values);
  const columns = [...new Set(objects.flatMap((object) => Object.keys(object)))];
  const rows: Json[][] = [];
  for (const [index, value] of values.entries()) {
    if (!isRecord(value)) return { problem: `${placeOf(index)}: expected an object like the other rows` };
    const missing = columns.find((column) => !Object.hasOwn(value, column));
    if (missing !== undefined) {
      const name = shortened(missing);
      return { problem: `${placeOf(index)}: missing "${name}", which other rows have; write null for no value` };
    }
    rows.push(columns.map((column) => value[column] as Json));
  }
  return table(columns, rows);
}

function oneColumn(values: readonly Json[]): ReadTable {
  return table(
    [COLUMN],
    values.map((value) => [value]),
  );
}

function table(columns: readonly string[], rows: FeedTable['rows']): ReadTable {
  if (rows.length === 0) return { problem: 'expected at least one row' };
  if (columns.length === 0) return { problem: 'expected at least one column' };
  return rows.length <= MAX_ROWS
    ? { columns, rows }
    : { problem: `expected at most ${MAX_ROWS} rows, got ${rows.length}` };
}

/** The lines that are not blank, with their numbers from 1. */
function linesOf(text: string): { readonly content: string; readonly number: number }[] {
  const lines = text.split(/\r?\n/).map((content, index) => ({ content, number: index + 1 }));
  return lines.filter(({ content }) => content.trim() !== '');
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
