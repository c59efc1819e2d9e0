import type { Feed } from './feed.ts';
import { MAX_CAPTURED_CHARACTERS, PLACEHOLDER, type Placeholder, parsePlaceholder } from './placeholder.ts';
import type { Plan } from './plan-schema.ts';
import type { DanglingReference } from './problem.ts';
import type { Step } from './step-schema.ts';

/** The longest body of a request. A plan of 100 kB can ask for bodies of a hundred megabytes, one for each virtual user. */
const MAX_BODY_CHARACTERS = 4 * 1024 * 1024;

/** Longer than any generated word with the space after it. */
const WORD_CHARACTERS = 16;

/** Finds steps whose requests could become too long once their placeholders are filled. */
export function bodyProblems({ feeds, scenarios }: Pick<Plan, 'feeds' | 'scenarios'>): DanglingReference[] {
  const columns = new ColumnSizes(feeds);
  return Object.entries(scenarios).flatMap(([name, { steps }]) =>
    steps.flatMap((step, index) => {
      const [key, value] = contentOf(step);
      const size = sizeOf(value, columns);
      if (size <= MAX_BODY_CHARACTERS) return [];
      const message = `expected at most ${MAX_BODY_CHARACTERS} characters once the placeholders are filled, got up to ${size}`;
      return [{ path: ['scenarios', name, 'steps', index, key], message }];
    }),
  );
}

/** The part of a step that its requests are filled from. */
function contentOf({ resource, complete, arguments: given }: Step): [key: string, value: unknown] {
  if (resource !== undefined) return ['resource', resource];
  return complete === undefined ? ['arguments', given ?? {}] : ['complete', complete];
}

/** The most characters of JSON that a value can have. */
function sizeOf(value: unknown, columns: ColumnSizes): number {
  if (typeof value === 'string') return textSize(value, columns);
  if (typeof value !== 'object' || value === null) return String(value).length;
  let size = 2;
  for (const [key, part] of Object.entries(value)) {
    size += 2 + sizeOf(part, columns) + (Array.isArray(value) ? 0 : textSize(key, columns));
  }
  return size;
}

function textSize(text: string, columns: ColumnSizes): number {
  // With a capturing group, split alternates: text, placeholder, text, …, text.
  const split = JSON.stringify(text).split(PLACEHOLDER);
  return split.reduce((size, part, at) => size + (at % 2 === 0 ? part.length : placeholderSize(part, columns)), 0);
}

function placeholderSize(inner: string, columns: ColumnSizes): number {
  const placeholder = parsePlaceholder(inner);
  if ('problem' in placeholder) return inner.length + 4;
  if (placeholder.kind === 'generated') return generatedSize(placeholder);
  // A captured value can be put into a text as JSON, whose quotes are then escaped.
  return columns.of(placeholder.name, placeholder.column) ?? 2 * MAX_CAPTURED_CHARACTERS;
}

function generatedSize({ generator, args }: Extract<Placeholder, { kind: 'generated' }>): number {
  switch (generator) {
    case 'string':
      return Number(args[0]) + 2;
    case 'words':
      return WORD_CHARACTERS * Number(args[0]) + 2;
    case 'pick':
      return args.reduce((most, each) => Math.max(most, JSON.stringify(each).length), 0);
    case 'uuid':
    case 'vu':
    case 'iteration':
    case 'integer':
    case 'number':
      return 40;
  }
}

/** The longest values of the feeds' columns, each found once. */
class ColumnSizes {
  readonly #feeds: Readonly<Record<string, Feed>>;
  readonly #known = new Map<string, number>();

  constructor(feeds: Readonly<Record<string, Feed>>) {
    this.#feeds = feeds;
  }

  /** @returns undefined for a name that is no feed's */
  of(name: string, column: string | undefined): number | undefined {
    const feed = Object.hasOwn(this.#feeds, name) ? this.#feeds[name] : undefined;
    if (feed === undefined) return undefined;
    const index = column === undefined ? 0 : feed.columns.indexOf(column);
    const key = `${name}\n${index}`;
    const known = this.#known.get(key) ?? longestOf(feed, index);
    this.#known.set(key, known);
    return known;
  }
}

function longestOf({ rows }: Feed, column: number): number {
  return rows.reduce((most, row) => {
    const value = row[column] ?? null;
    return Math.max(most, JSON.stringify(typeof value === 'string' ? value : JSON.stringify(value)).length);
  }, 0);
}
