import { z } from 'zod';
import type { Feed, Json } from './feed.ts';
import { type FeedFormat, type FeedTable, MAX_ROWS, parseFeedText, tableOfValues } from './feed-table.ts';

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
