import { isMap } from 'yaml';
import type { z } from 'zod';
import { decodeText } from './decode-text.ts';
import { describeProblems, documentProblems } from './describe-problems.ts';
import { inexactNumbers } from './exact-numbers.ts';
import { feedSchema, isFeedSource, type ReadFile } from './feed.ts';
import { OWN_SENTENCES } from './issue-text.ts';
import { plainValueOf } from './plan-document.ts';
import { issuesOfPlan } from './plan-issues.ts';
import { type Plan, planSchemaWith } from './plan-schema.ts';
import { asRecord, durationSchema, isRecord } from './primitives.ts';
import { type PlanProblem, pathText } from './problem.ts';
import { danglingReferences, fitProblems, type KnownFeeds } from './references.ts';
import { scenarioSchema } from './scenario-schema.ts';
import { MAX_DEPTH } from './yaml-bounds.ts';
import { readDocument } from './yaml-document.ts';

/** A plan, or everything that is wrong with it. */
export type ParsedPlan =
  | { readonly ok: true; readonly plan: Plan }
  | { readonly ok: false; readonly problems: readonly PlanProblem[] };

/** More than any plan needs, and little enough to parse in one go. */
const MAX_PLAN_CHARACTERS = 1_000_000;

/**
 * Parses a plan from YAML or JSON (which is YAML), given as text or as the bytes of a file. Never throws for bad input: it returns all problems together, each with
 * its path, its line and what was expected. Of very many problems, it returns the first hundred.
 * @param readFile reads a file that a feed names; without it, feeds that name files are refused
 */
export function parsePlan(source: string | Uint8Array, readFile?: ReadFile): ParsedPlan {
  const text = typeof source === 'string' ? source : decodeText(source);
  if (typeof text !== 'string') return refused([{ path: '', ...text }]);
  if (text.length > MAX_PLAN_CHARACTERS)
    return refusedWhole(`expected a plan of at most ${MAX_PLAN_CHARACTERS} characters`);
  const { document, lines, refused: tooMuch } = readDocument(text);
  if (tooMuch !== undefined) return refused([{ path: '', ...tooMuch }]);
  const broken = documentProblems(document, lines);
  if (broken.length > 0) return refused(broken);
  if (!isMap(document.contents)) return refusedWhole('expected a plan: a mapping with name, targets and scenarios');
  const read = plainValueOf(document);
  if ('problem' in read) return refusedAt(read.problem, lines.linePos(read.at));
  const { value } = read;
  // The size with aliases expanded, which share one value until then.
  const tooLarge = sizeProblem(value);
  if (tooLarge !== undefined) return refusedWhole(tooLarge);
  const inexact = inexactNumbers(document);
  const schema = planSchemaWith(readFile);
  const result = schema.safeParse(value, OWN_SENTENCES);
  if (result.success) {
    const dangling = [...danglingReferences(value, feedsOf(result.data)), ...fitProblems(result.data), ...inexact];
    if (dangling.length === 0) return { ok: true, plan: result.data };
    return refused(describeProblems([], dangling, { plan: value, document, lines }));
  }
  const check = (plan: unknown) => schema.safeParse(plan, OWN_SENTENCES).error?.issues ?? [];
  const { issues, supposed } = issuesOfPlan(value, result.error.issues, check);
  const { feeds, sourceIssues } = feedsIn(value, readFile);
  const references = danglingReferences(value, feeds);
  // A number that is wrong anyway needs no second message.
  const refusedPaths = new Set(issues.map(({ path }) => pathText(path)));
  const certain = inexact.filter(({ path }) => !refusedPaths.has(pathText(path)));
  const dangling = [...references, ...fitProblems(validPartsOf(value, feeds)), ...certain];
  return refused(describeProblems([...issues, ...sourceIssues], dangling, { plan: supposed, document, lines }));
}

/**
 * Finds a document that is too large once its aliases are expanded, or nested too deeply; an alias inside its own value
 * makes it endlessly deep. Stops walking at the limit.
 */
function sizeProblem(value: unknown): string | undefined {
  let left = MAX_PLAN_CHARACTERS;
  const walk = (part: unknown, depth: number): string | undefined => {
    left -= typeof part === 'string' ? part.length : 1;
    if (left < 0) return `expected a plan of at most ${MAX_PLAN_CHARACTERS} characters once its aliases are expanded`;
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

function feedsOf({ feeds }: Plan): KnownFeeds {
  return new Map(Object.entries(feeds));
}

/**
 * The valid feeds of an invalid plan, so that references to them can be checked. A feed with another invalid key counts as
 * valid if its rows are.
 */
function feedsIn(
  plan: unknown,
  readFile: ReadFile | undefined,
): { readonly feeds: KnownFeeds; readonly sourceIssues: z.core.$ZodIssue[] } {
  const schema = feedSchema(readFile);
  const sourceIssues: z.core.$ZodIssue[] = [];
  const parsed = Object.entries(asRecord(asRecord(plan).feeds)).map(([name, feed]) => {
    const { data } = schema.safeParse(feed);
    if (data !== undefined || !isRecord(feed)) return [name, data] as const;
    const rows = schema.safeParse(Object.fromEntries(Object.entries(feed).filter(([key]) => isFeedSource(key))));
    const issues = rows.error?.issues ?? [];
    // The others are known from the plan.
    sourceIssues.push(
      ...issues.flatMap((issue) => (issue.code === 'custom' ? { ...issue, path: ['feeds', name, ...issue.path] } : [])),
    );
    return [name, rows.data] as const;
  });
  return { feeds: new Map(parsed), sourceIssues };
}

/** What there is of a plan whose other parts are invalid. */
function validPartsOf(plan: unknown, feeds: KnownFeeds): Parameters<typeof fitProblems>[0] {
  const { scenarios, warmUp } = asRecord(plan);
  const written = Object.entries(asRecord(scenarios));
  const valid = written.flatMap(([name, scenario]) => {
    const { data } = scenarioSchema.safeParse(scenario);
    return data === undefined ? [] : [[name, data] as const];
  });
  const isWhole = valid.length === written.length && valid.length > 0;
  return {
    feeds: Object.fromEntries([...feeds].flatMap(([name, feed]) => (feed === undefined ? [] : [[name, feed]]))),
    scenarios: Object.fromEntries(valid),
    // How long the run takes is known only if all scenarios are.
    warmUp: (isWhole && durationSchema().safeParse(warmUp).data) || 0,
  };
}

function refused(problems: readonly PlanProblem[]): ParsedPlan {
  return { ok: false, problems: problems.toSorted((a, b) => a.line - b.line || a.column - b.column) };
}

function refusedWhole(message: string): ParsedPlan {
  return refusedAt(message, { line: 1, col: 1 });
}

function refusedAt(message: string, { line, col }: { readonly line: number; readonly col: number }): ParsedPlan {
  return refused([{ path: '', line, column: col, message }]);
}
