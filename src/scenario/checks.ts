import { isDeepStrictEqual } from 'node:util';
import { type Judgement, type ResultJudge, USEFUL } from '../mcp/http/json-rpc.ts';
import { compileJsonSchema } from '../mcp/operations/json-schema.ts';
import { boundedJson, copied, excerpt, isWithinJson } from '../plan/bounded-text.ts';
import { checkName, shortCheckName } from '../plan/check-name.ts';
import type { Json } from '../plan/feed.ts';
import { planPattern } from '../plan/linear-pattern.ts';
import { MAX_CAPTURED_CHARACTERS } from '../plan/placeholder.ts';
import type { Check } from '../plan/step-schema.ts';
import type { CheckKey } from '../sample/block.ts';
import { outcomeClass } from '../sample/outcome.ts';
import type { CheckResults } from '../sample/sample.ts';
import { type CompiledCapture, compilePointer } from './values.ts';

/** Reads the text of a result. */
export type TextOf = (result: unknown) => string;

/** The place of a step in the plan. */
export type StepPlace = Omit<CheckKey, 'position' | 'check'>;

/**
 * Adds a step's checks to the judge of its results. All of them run on a result that would be useful or a
 * warning. It becomes TOOL_ASSERT when one does not hold; the message is that of the first.
 */
export function compileJudge(
  judge: ResultJudge,
  textOf: TextOf,
  checks: readonly Check[],
  place: StepPlace,
): ResultJudge {
  if (checks.length === 0) return judge;
  const compiled = checks.map(compileCheck);
  const keys = checks.map((check, position) => ({ ...place, position, check: shortCheckName(check) }));
  const allHeld: CheckResults = { checks: keys, failed: [] };
  // Made once, because most results are like this.
  const useful: Judgement = { ...USEFUL, checks: allHeld };
  return (result, tool) => {
    const judgement = judge(result, tool);
    if (outcomeClass(judgement.outcome) === 'failed') return judgement;
    const text = textOf(result);
    let message: string | undefined;
    let failed: number[] | undefined;
    for (let position = 0; position < compiled.length; position++) {
      const problem = (compiled[position] as CompiledCheck)(result, text);
      if (problem === undefined) continue;
      message ??= problem;
      failed ??= [];
      failed.push(position);
    }
    if (message !== undefined)
      return { outcome: 'TOOL_ASSERT', message, checks: { checks: keys, failed: failed ?? [] } };
    return judgement === USEFUL ? useful : { ...judgement, checks: allHeld };
  };
}

/**
 * Adds a step's captures to its judge. Values found in a result that is not a failure are kept; a result that lacks one
 * becomes TOOL_CAPTURE. This happens in the judge, because only the judge sees the results of tasks like all others.
 * @param captured where to keep the values of this iteration
 */
export function captureInto(
  captured: Map<string, Json>,
  judge: ResultJudge,
  textOf: TextOf,
  captures: readonly CompiledCapture[],
): ResultJudge {
  return (result, tool) => {
    const judgement = judge(result, tool);
    if (outcomeClass(judgement.outcome) === 'failed') return judgement;
    const text = textOf(result);
    for (const { name, find, sought, inexact } of captures) {
      const value = find(result, text);
      if (value === undefined) {
        const message = `nothing to capture as ${name} ${sought}; the result's text is "${excerpt(text)}"`;
        return { outcome: 'TOOL_CAPTURE', message, checks: judgement.checks };
      }
      if (!isWithinJson(value, MAX_CAPTURED_CHARACTERS)) {
        const limit = `at most ${MAX_CAPTURED_CHARACTERS} characters of JSON that are not nested deeply`;
        const message = `the value to capture as ${name} is too large, expected ${limit}: ${boundedJson(value)}`;
        return { outcome: 'TOOL_CAPTURE', message, checks: judgement.checks };
      }
      const number = inexact(value);
      if (number !== undefined) {
        const message = `the value to capture as ${name} ${sought} has the number ${number}, which is beyond 2^53 or too long to keep its digits; have the server send it as text`;
        return { outcome: 'TOOL_CAPTURE', message, checks: judgement.checks };
      }
      captured.set(name, typeof value === 'string' ? copied(value) : value);
    }
    return judgement;
  };
}

/** Adds to a judge that the first useful result is kept as an example. */
export type AnswerKeeper = (judge: ResultJudge, textOf: TextOf) => ResultJudge;

/**
 * The keeper of one step. Nothing is done for results after the first useful one. A result without a text, such as a list
 * or an image, is kept as JSON.
 * @param keep receives the whole text, which may hold secrets
 */
export function answerKeeper(keep: (text: string) => void): AnswerKeeper {
  let kept = false;
  return (judge, textOf) => {
    if (kept) return judge;
    return (result, tool) => {
      const judgement = judge(result, tool);
      if (kept || outcomeClass(judgement.outcome) === 'failed') return judgement;
      kept = true;
      keep(textOf(result) || boundedJson(result));
      return judgement;
    };
  };
}

/**
 * Checks a result and its text. Returns what is wrong with it, or undefined when the check holds. Results can have long
 * texts: whoever keeps a message shortens it.
 */
type CompiledCheck = (result: unknown, text: string) => string | undefined;

type CheckOf<Key extends string> = Extract<Check, Readonly<Record<Key, unknown>>>;

/** Compiles a check, so that a reply only runs it. @throws when it has a schema that cannot be used */
export function compileCheck(check: Check): CompiledCheck {
  if ('contains' in check) {
    const { contains } = check;
    return ofText(check, (text) => text.includes(contains));
  }
  if ('matches' in check) {
    const pattern = planPattern(check.matches);
    return ofText(check, (text) => pattern.test(text));
  }
  if ('equals' in check) return equalsCheck(check);
  if ('schema' in check) return schemaCheck(check);
  if ('size' in check) return sizeCheck(check);
  return ofText(check, (text) => text.trim() !== '');
}

function ofText(check: Check, holds: (text: string) => boolean): CompiledCheck {
  const name = checkName(check);
  return (_, text) => (holds(text) ? undefined : `check failed: ${name}; the result's text is "${excerpt(text)}"`);
}

function equalsCheck(check: CheckOf<'equals'>): CompiledCheck {
  const { pointer, equals } = check;
  const find = compilePointer(pointer);
  const name = checkName(check);
  return (result) => {
    const found = find(result);
    return isDeepStrictEqual(found, equals) ? undefined : `check failed: ${name}; it is ${shown(found)}`;
  };
}

function schemaCheck({ schema, pointer = '' }: CheckOf<'schema'>): CompiledCheck {
  const find = compilePointer(pointer);
  const what = `the result${pointer === '' ? '' : `'s ${pointer}`}`;
  const compiled = compileJsonSchema(schema, { schema: 'its schema', value: what });
  if ('fault' in compiled) throw new Error(`The schema of a check cannot be used: ${compiled.fault}`);
  return (result) => {
    const found = find(result);
    const problem = found === undefined ? `${what} is missing` : compiled.problemOf(found);
    if (problem === undefined) return undefined;
    return `check failed: schema; ${typeof problem === 'string' ? problem : `${what} could not be checked: ${problem.unchecked}`}`;
  };
}

function sizeCheck(check: CheckOf<'size'>): CompiledCheck {
  const { min = 0, max = Number.POSITIVE_INFINITY } = check.size;
  const name = checkName(check);
  return (_, text) => {
    const bytes = Buffer.byteLength(text);
    if (bytes >= min && bytes <= max) return undefined;
    return `check failed: ${name}; the result's text has ${bytes}: "${excerpt(text)}"`;
  };
}

function shown(found: unknown): string {
  return found === undefined ? 'missing' : boundedJson(found);
}
