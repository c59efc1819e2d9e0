import { parseDuration } from './primitives.ts';
import { shortened } from './problem.ts';

/** What the conditions of a metric can be about. */
export type ConditionGrammar = {
  /** Names of aggregates; `p` stands for `p(N)`. */
  readonly aggregates: readonly string[];
  /** What durations and rates are; a count has no unit. */
  readonly unit: 'ms' | 'share' | 'a second';
  /** A condition that makes sense for the metric. */
  readonly example: string;
};

/** The parts of a condition's text. */
export type ConditionParts = {
  readonly aggregate: string;
  /** The N of `p(N)`. */
  readonly percent: number | undefined;
  readonly operator: '<' | '<=' | '>' | '>=' | '==' | '!=';
  readonly limit: number;
};

const NUMBER = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?`;
/** k6's grammar: an aggregate, an operator and a number, which may begin with its point. */
const CONDITION = new RegExp(String.raw`^\s*(?:p\((${NUMBER})\)|([a-z]+))\s*(<=|>=|===?|!=|<|>)\s*(${NUMBER})\s*$`);
/** Texts that are not conditions but show what was meant. */
const NEARLY = new RegExp(
  String.raw`^\s*(?:p\s*\(?\s*(${NUMBER})\s*\)?|([a-z]+))\s*(<=|=<|>=|=>|!==?|={1,3}|<|>)\s*(${NUMBER})\s*(ms|s|m|h|%)?\s*$`,
  'i',
);

const OTHER_NAMES: Readonly<Record<string, string>> = {
  average: 'avg',
  mean: 'avg',
  median: 'med',
  minimum: 'min',
  maximum: 'max',
};
const OTHER_OPERATORS: Readonly<Record<string, string>> = { '=': '==', '=<': '<=', '=>': '>=', '!==': '!=' };

/** Parses the text of a condition; undefined where it is not one that the metric can have. */
export function parseCondition(text: string, { aggregates }: ConditionGrammar): ConditionParts | undefined {
  const [, percentText, word, sign, limit] = CONDITION.exec(text) ?? [];
  const aggregate = percentText === undefined ? word : 'p';
  if (aggregate === undefined || !aggregates.includes(aggregate) || !Number.isFinite(Number(limit))) return undefined;
  const percent = percentText === undefined ? undefined : Number(percentText);
  if (percent !== undefined && (percent < 0 || percent > 100)) return undefined;
  const operator = (sign === '===' ? '==' : sign) as ConditionParts['operator'];
  return { aggregate, percent, operator, limit: Number(limit) };
}

/** Says what is wrong with a text that is not a condition of the metric, and what it probably means. */
export function unreadableCondition(text: string, grammar: ConditionGrammar): string {
  const aggregates = grammar.aggregates.map((name) => (name === 'p' ? 'p(95)' : name)).join(', ');
  const expected = `expected a condition on ${aggregates} such as "${grammar.example}", got "${shortened(text)}"`;
  const { meant, hasUnit } = meaningOf(text, grammar);
  if (meant === undefined) return expected;
  return hasUnit ? `${expected}: limits have no unit; write "${meant}"` : `${expected}: did you mean "${meant}"?`;
}

/** The condition that a text nearly is; undefined when that is not clear. */
function meaningOf(text: string, grammar: ConditionGrammar): { readonly meant?: string; readonly hasUnit: boolean } {
  const [, percent, word = '', sign = '', limit = '', unit] = NEARLY.exec(text) ?? [];
  const name = OTHER_NAMES[word.toLowerCase()] ?? word.toLowerCase();
  const aggregate = percent === undefined ? name : 'p';
  const value = unit === undefined ? limit : withoutUnit(limit, unit, unitOf(aggregate, grammar));
  const meant = `${percent === undefined ? name : `p(${percent})`}${OTHER_OPERATORS[sign] ?? sign}${value}`;
  return value === undefined || parseCondition(meant, grammar) === undefined
    ? { hasUnit: false }
    : { meant, hasUnit: unit !== undefined };
}

function unitOf(aggregate: string, { unit }: ConditionGrammar): ConditionGrammar['unit'] | undefined {
  return aggregate === 'count' ? undefined : unit;
}

/** The limit in the unit of the aggregate; undefined where the written unit does not fit. */
function withoutUnit(limit: string, unit: string, of: string | undefined): string | undefined {
  if (unit === '%') return of === 'share' ? percentAsShare(Number(limit)) : undefined;
  const ms = of === 'ms' ? parseDuration(`${limit}${unit.toLowerCase()}`) : undefined;
  return ms === undefined ? undefined : String(ms);
}

/**
 * Finds a condition that says nothing: a limit that the value cannot reach, or one that it cannot miss. Durations, counts
 * and rates are never below 0, and shares are never above 1.
 * @returns what is wrong, with the likely meaning
 */
export function senselessCondition(text: string, parts: ConditionParts, grammar: ConditionGrammar): string | undefined {
  const { aggregate, percent, operator, limit } = parts;
  const got = `got "${shortened(text)}"`;
  if (percent !== undefined && percent > 0 && percent < 1) {
    const meant = `p(${shortNumber(percent * 100)})${operator}${limit}`;
    return `expected a percentile from 1 to 100, ${got}: did you mean "${meant}"?`;
  }
  if (limit < 0) return `expected a limit of at least 0, ${got}`;
  const isShare = unitOf(aggregate, grammar) === 'share';
  if (isShare && limit > 1) {
    const expected = `expected a share from 0 to 1 as the limit, ${got}`;
    if (limit > 100) return expected;
    return `${expected}: for ${limit} %, write "${aggregate}${operator}${percentAsShare(limit)}"`;
  }
  const what = isShare ? 'a share is' : 'this value is';
  if (limit === 0 && operator === '<') return `expected a condition that can hold, ${got}: ${what} never below 0`;
  if (limit === 0 && operator === '>=') return `expected a condition that can fail, ${got}: ${what} never below 0`;
  if (!isShare || limit !== 1) return undefined;
  if (operator === '>') return `expected a condition that can hold, ${got}: a share is never above 1`;
  return operator === '<=' ? `expected a condition that can fail, ${got}: a share is never above 1` : undefined;
}

function percentAsShare(percent: number): string {
  return shortNumber(percent / 100);
}

/** A number without the residue of binary fractions. */
function shortNumber(value: number): string {
  return String(Number(value.toPrecision(12)));
}
