import { isMap, LineCounter, parseDocument } from 'yaml';
import { describeProblems, documentProblems } from './describe-problems.ts';
import { feedSchema, type ReadFile } from './feed.ts';
import { type Plan, planSchemaWith } from './plan-schema.ts';
import { asRecord } from './primitives.ts';
import type { PlanProblem } from './problem.ts';
import { danglingReferences, feedSupplyProblems, type KnownFeeds, timingProblems } from './references.ts';

/** Deeper than any tool's arguments, and shallow enough for everything that walks a plan. */
const MAX_DEPTH = 64;

/**
 * Tells what keeps a parsed document from being a plan whatever its keys: that its aliases expand to too much, or that
 * it is too deep (as one whose alias stands within itself is). Walks no further than the limit.
 * @returns what is wrong, or undefined
 */
export function expansionProblem(value: unknown, maxCharacters: number): string | undefined {
  let left = maxCharacters;
  const walk = (part: unknown, depth: number): string | undefined => {
    left -= typeof part === 'string' ? part.length : 1;
    if (left < 0) return `expected a plan of at most ${maxCharacters} characters once its aliases are expanded`;
    if (typeof part !== 'object' || part === null) return undefined;
    if (depth === MAX_DEPTH) return `expected a plan nested at most ${MAX_DEPTH} levels deep`;
    for (const [key, child] of Object.entries(part)) {
      left -= key.length;
      const problem = walk(child, depth + 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
  return walk(value, 0);
}

/** More than any plan needs, and little enough to parse at once. */
const MAX_PLAN_CHARACTERS = 1_000_000;

/** A plan, or everything that is wrong with it. */
export type ParsedPlan =
  | { readonly ok: true; readonly plan: Plan }
  | { readonly ok: false; readonly problems: readonly PlanProblem[] };

/**
 * Parses a plan from YAML or JSON (which is YAML). Never throws for bad input: every problem comes back at once, each
 * with its path, its line and what was expected; of very many, the first hundred.
 * @param readFile reads a file that a feed names; without it, feeds that name files are refused
 */
export function parsePlan(text: string, readFile?: ReadFile): ParsedPlan {
  if (text.length > MAX_PLAN_CHARACTERS)
    return refusedWhole(`expected a plan of at most ${MAX_PLAN_CHARACTERS} characters`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const broken = documentProblems(document, lines);
  if (broken.length > 0) return refused(broken);
  if (!isMap(document.contents)) return refusedWhole('expected a plan: a mapping with name, targets and scenarios');
  // Aliases need no limit here: they share what they stand for, and the next check looks at what that adds up to.
  const value: unknown = document.toJS({ maxAliasCount: -1 });
  const expansion = expansionProblem(value, MAX_PLAN_CHARACTERS);
  if (expansion !== undefined) return refusedWhole(expansion);
  const result = planSchemaWith(readFile).safeParse(value, { reportInput: true });
  const dangling = danglingReferences(value, result.success ? feedsOf(result.data) : feedsAlone(value, readFile));
  if (result.success) dangling.push(...feedSupplyProblems(result.data), ...timingProblems(result.data));
  if (result.success && dangling.length === 0) return { ok: true, plan: result.data };
  return refused(describeProblems(result.error?.issues ?? [], dangling, { plan: value, document, lines }));
}

function feedsOf({ feeds }: Plan): KnownFeeds {
  return new Map(Object.entries(feeds));
}

/** The feeds of a plan that is wrong somewhere, so that references to those which are right can be checked. */
function feedsAlone(plan: unknown, readFile: ReadFile | undefined): KnownFeeds {
  const schema = feedSchema(readFile);
  return new Map(
    Object.entries(asRecord(asRecord(plan).feeds)).map(([name, feed]) => [name, schema.safeParse(feed).data]),
  );
}

function refused(problems: readonly PlanProblem[]): ParsedPlan {
  return { ok: false, problems: problems.toSorted((a, b) => a.line - b.line || a.column - b.column) };
}

function refusedWhole(message: string): ParsedPlan {
  return refused([{ path: '', line: 1, column: 1, message }]);
}
