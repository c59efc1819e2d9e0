import { type CsvError, parse } from 'csv-parse/sync';
import { z } from 'zod';
import { isRecord } from './primitives.ts';
import { shortened } from './problem.ts';

/** A value that JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Rows that calls draw values from: `{{name.column}}`, or `{{name}}` when there is one column only. */
export type Feed = {
  /**
   * Which row an iteration gets. `sequential`: the next one, over all virtual users and lanes. `random`: any, by the
   * plan's seed. `unique`: the virtual user's own, the same in all its iterations and nobody else's.
   */
  readonly order: 'sequential' | 'random' | 'unique';
  /** Of a sequential feed: whether it begins anew after its last row; otherwise iterations after that end as PLAN_FEED_END. */
  readonly repeat: boolean;
  readonly columns: readonly string[];
  /** Each as long as `columns`; at least one. */
  readonly rows: readonly (readonly Json[])[];
};

/** What a feed's source holds. */
export type FeedTable = Pick<Feed, 'columns' | 'rows'>;
type Found = FeedTable | { readonly problem: string };
export type FeedFormat = 'csv' | 'jsonl' | 'json' | 'lines';

/** More than any feed needs; every slice holds all rows in memory. */
export const MAX_ROWS = 100_000;
const MAX_CHARACTERS = 5_000_000;

/** The only column of a source that has no names for columns. */
const COLUMN = 'value';

const PARSERS: Readonly<Record<FeedFormat, (text: string) => Found>> = {
  csv: csvTable,
  jsonl: jsonLinesTable,
  json: jsonTable,
  lines: (text) =>
    table(
      [COLUMN],
      linesOf(text).map(({ content }) => [content]),
    ),
};

/** Parses a feed's text; a problem names the line, counted from 1 within the text. */
export function parseFeedText(format: FeedFormat, text: string): Found {
  if (text.length > MAX_CHARACTERS) return { problem: `expected at most ${MAX_CHARACTERS} characters` };
  return PARSERS[format](text.replace(/^\uFEFF/, ''));
}

/**
 * A table of values, each a row by itself, or of objects, whose keys are the columns.
 * @param placeOf says in a message where the value with this index stands
 */
export function tableOfValues(values: readonly Json[], placeOf: (index: number) => string): Found {
  const objects = values.filter((value) => isRecord(value));
  if (objects.length === 0)
    return table(
      [COLUMN],
      values.map((value) => [value]),
    );
  const columns = [...new Set(objects.flatMap((object) => Object.keys(object)))];
  const rows: Json[][] = [];
  for (const [index, value] of values.entries()) {
    if (!isRecord(value)) return { problem: `${placeOf(index)}: expected an object, as others are` };
    const lacking = columns.find((column) => !Object.hasOwn(value, column));
    if (lacking !== undefined) {
      const name = shortened(lacking);
      return { problem: `${placeOf(index)} lacks "${name}", which others have; write null where there is no value` };
    }
    rows.push(columns.map((column) => value[column] as Json));
  }
  return table(columns, rows);
}

/** CSV as RFC 4180 has it, with a header line. */
function csvTable(text: string): Found {
  let records: readonly { readonly record: readonly string[]; readonly info: { readonly lines: number } }[];
  try {
    const recordDelimiter = ['\r\n', '\n'];
    // Lengths are checked here, since the parser's own message would not name the header.
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
  if (repeated !== undefined)
    return { problem: `line ${header.info.lines}: the column "${shortened(repeated)}" stands twice` };
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

function firstRepeated(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}

function csvProblem({ code, lines }: CsvError): string {
  if (code === 'CSV_QUOTE_NOT_CLOSED') return `line ${lines}: a quote is opened here and never closed`;
  return `line ${lines}: a quote stands within a field; quote the whole field, and write quotes in it twice`;
}

function jsonLinesTable(text: string): Found {
  const values: Json[] = [];
  const lines = linesOf(text);
  for (const { content, number } of lines) {
    const value = parseJson(content);
    if (value === undefined) return { problem: `line ${number}: not valid JSON` };
    values.push(value);
  }
  return tableOfValues(values, (index) => `line ${lines[index]?.number}`);
}

function jsonTable(text: string): Found {
  const values = parseJson(text);
  if (!Array.isArray(values)) return { problem: 'expected a JSON array, its items being the rows' };
  return tableOfValues(values, (index) => `row ${index + 1}`);
}

function table(columns: readonly string[], rows: FeedTable['rows']): Found {
  if (rows.length === 0) return { problem: 'expected at least one row' };
  if (columns.length === 0) return { problem: 'expected at least one column' };
  return rows.length <= MAX_ROWS
    ? { columns, rows }
    : { problem: `expected at most ${MAX_ROWS} rows, got ${rows.length}` };
}

/** Lines that are not blank, with their numbers from 1. */
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

/** Gives the text of a file that a plan names; undefined when there is none or it cannot be read. */
export type ReadFile = (path: string) => string | undefined;

const SOURCES = ['values', 'rows', 'csv', 'jsonl', 'lines', 'file'] as const;
type Source = (typeof SOURCES)[number];

const json = z.json('expected a value that JSON can hold');

/** Where a feed's rows come from; exactly one of them is there. */
const sources = {
  /** One column, each value a row. */
  values: z.array(json).optional(),
  /** Mappings with the same keys, which are the columns. */
  rows: z.array(z.record(z.string(), json)).optional(),
  /** Text with a header line. */
  csv: z.string().optional(),
  /** An object a line, whose keys are the columns, or one other JSON value a line. */
  jsonl: z.string().optional(),
  /** One column, each line that is not blank a row. */
  lines: z.string().optional(),
  /** Beside the plan; `.csv`, `.jsonl`, `.ndjson` and `.json` (an array) as above, any other as lines. */
  file: z.string().min(1).optional(),
};

type Sources = z.output<z.ZodObject<typeof sources>>;
type Read = FeedTable | { readonly problem: string; readonly path?: readonly PropertyKey[] };

const FORMAT_OF_EXTENSION: Readonly<Record<string, FeedFormat>> = {
  csv: 'csv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'json',
};

/** Rows that calls draw values from. @param readFile undefined where plans have no files beside them */
export function feedSchema(readFile?: ReadFile) {
  return z
    .strictObject({
      ...sources,
      order: z.enum(['sequential', 'random', 'unique']).default('random'),
      /** Of `sequential`: begins anew after the last row; without, iterations after it end as PLAN_FEED_END. */
      repeat: z.boolean().default(true),
    })
    .transform(({ order, repeat, ...given }, context): Feed => {
      // Without a value for what is wrong already, more would be said of it here.
      if (context.issues.length > 0) return z.NEVER;
      const add = (path: readonly PropertyKey[], message: string) => {
        context.addIssue({ code: 'custom', path: [...path], message, input: undefined });
        return z.NEVER;
      };
      const [source, other] = SOURCES.filter((key) => given[key] !== undefined);
      const all = SOURCES.join(', ');
      if (source === undefined) return add([], `expected one of ${all}`);
      if (other !== undefined) return add([other], `expected only one of ${all}; this feed has ${source} already`);
      if (!repeat && order !== 'sequential') {
        return add(['repeat'], `expected order: sequential with repeat: false, as ${order} rows have no last one`);
      }
      const table = readTable(given, source, readFile);
      return 'problem' in table ? add(table.path ?? [source], table.problem) : { order, repeat, ...table };
    });
}

function readTable(given: Sources, source: Source, readFile: ReadFile | undefined): Read {
  switch (source) {
    case 'values': {
      const values = given.values as readonly Json[];
      if (values.length === 0) return { problem: 'expected at least one value' };
      if (values.length > MAX_ROWS) return { problem: `expected at most ${MAX_ROWS} values, got ${values.length}` };
      return { columns: ['value'], rows: values.map((value) => [value]) };
    }
    case 'rows':
      return tableOfValues(given.rows as readonly Json[], (index) => `row ${index + 1}`);
    case 'file':
      return readFileTable(given.file as string, readFile);
    default:
      return parseFeedText(source, given[source] as string);
  }
}

function readFileTable(path: string, readFile: ReadFile | undefined): Read {
  if (readFile === undefined) {
    return { problem: 'a plan that is sent has no files beside it; write the rows into the plan, e.g. with csv: |' };
  }
  const text = readFile(path);
  if (text === undefined) return { problem: `there is no file "${path}" beside the plan that can be read` };
  const extension = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
  const table = parseFeedText(FORMAT_OF_EXTENSION[extension] ?? 'lines', text);
  return 'problem' in table ? { problem: `${path}: ${table.problem}` } : table;
}
