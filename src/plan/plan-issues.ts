import { z } from 'zod';
import { OWN_SENTENCES } from './issue-text.ts';
import { asRecord, isRecord } from './primitives.ts';
import { nearestOf } from './problem.ts';
import { schemaAt, variantsAt } from './schema-at.ts';

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;
type UnknownVariant = Extract<Issue, { code: 'invalid_union' }> & { readonly discriminator: string };

/** The issues of a plan, and the plan with which they were found. */
type FoundIssues = {
  readonly issues: readonly Issue[];
  /** The plan with the name that each unknown variant probably means. */
  readonly supposed: unknown;
};

/** A mapping whose variant is unknown, e.g. a scenario with a misspelt executor. */
type Supposition = {
  readonly path: Path;
  readonly name: string;
  /** True when the name is close to the written one; otherwise only the keys of the mapping suggest it. */
  readonly isClose: boolean;
};

/** A mapping with an unknown variant can contain another one; none contains more levels of them. */
const MAX_LEVELS = 4;
/** With more unknown variants than problems that are shown, it does not matter what else is wrong. */
const MAX_SUPPOSITIONS = 100;

/**
 * All issues of a plan that is not valid. For the schema alone, an unknown executor or `type` hides everything else that is
 * wrong in its mapping. Here the plan is checked again with the name that is probably meant. If no name is close, only
 * what is wrong with every variant is reported.
 * @param issues what the schema says about the plan as written
 * @param check gives the issues of another plan
 */
export function issuesOfPlan(
  plan: unknown,
  issues: readonly Issue[],
  check: (plan: unknown) => readonly Issue[],
): FoundIssues {
  const found: Issue[] = [];
  const loose: Path[] = [];
  let [supposed, left] = [plan, issues];
  for (let level = 0; level < MAX_LEVELS && left.some(isUnknownVariant); level++) {
    const unknown = left.filter(isUnknownVariant);
    if (unknown.length > MAX_SUPPOSITIONS) break;
    found.push(...unknown);
    for (const issue of unknown) {
      const { path, name, isClose } = suppositionFor(issue, supposed);
      if (!isClose) loose.push(path);
      supposed = withValueAt(supposed, [...path, issue.discriminator], name);
    }
    left = check(supposed);
  }
  const certain = loose.reduce<readonly Issue[]>((kept, path) => {
    const shared = issuesOfEveryVariant(supposed, path);
    return kept.flatMap((issue) => (isWithin(issue, path) ? shared(issue) : [issue]));
  }, left);
  return { issues: [...found, ...certain], supposed };
}

function isUnknownVariant(issue: Issue): issue is UnknownVariant {
  return issue.code === 'invalid_union' && 'discriminator' in issue && isRecord(issue.input);
}

function suppositionFor({ path, discriminator, input }: UnknownVariant, plan: unknown): Supposition {
  const mapping = path.slice(0, -1);
  const variants = variantsAt(plan, mapping);
  const written = asRecord(input)[discriminator];
  const names = variants.map(({ name }) => name);
  const close = typeof written === 'string' ? nearestOf(written, names) : undefined;
  if (close !== undefined) return { path: mapping, name: close, isClose: true };
  const given = Object.keys(asRecord(input));
  const known = variants.map(({ keys }) => given.filter((key) => keys.has(key)).length);
  return { path: mapping, name: names[known.indexOf(Math.max(...known))] ?? '', isClose: false };
}

/**
 * What remains of an issue when the variant of the mapping at a path is not known: an issue that every variant has, and of
 * the unknown keys those that no variant knows.
 */
function issuesOfEveryVariant(plan: unknown, path: Path): (issue: Issue) => Issue[] {
  const { schema, value } = schemaAt(plan, path);
  const variants = variantsAt(plan, path);
  const texts = variants.map(({ discriminator, name }) => {
    const result = schema && z.safeParse(schema, { ...asRecord(value), [discriminator]: name }, OWN_SENTENCES);
    return new Set((result?.error?.issues ?? []).map((issue) => textOf(issue, [])));
  });
  return (issue) => {
    if (issue.code !== 'unrecognized_keys' || issue.path.length > path.length) {
      return texts.every((each) => each.has(textOf(issue, path))) ? [issue] : [];
    }
    const keys = issue.keys.filter((key) => !variants.some((variant) => variant.keys.has(key)));
    return keys.length === 0 ? [] : [{ ...issue, keys }];
  };
}

function textOf({ path, code, message }: Issue, base: Path): string {
  return JSON.stringify([path.slice(base.length), code, message]);
}

function isWithin(issue: Issue, path: Path): boolean {
  return path.every((part, index) => issue.path[index] === part);
}

/** A copy of a value that differs only at the path. */
function withValueAt(value: unknown, [first, ...rest]: Path, replacement: unknown): unknown {
  if (first === undefined) return replacement;
  const copy = (Array.isArray(value) ? [...value] : { ...asRecord(value) }) as Record<PropertyKey, unknown>;
  copy[first] = withValueAt(copy[first], rest, replacement);
  return copy;
}
