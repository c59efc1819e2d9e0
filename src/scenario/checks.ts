import { isDeepStrictEqual } from 'node:util';
import type { ResultJudge } from '../mcp/http/json-rpc.ts';
import { compileJsonSchema } from '../mcp/operations/json-schema.ts';
import type { Json } from '../plan/feed.ts';
import type { Check } from '../plan/step-schema.ts';
import { outcomeClass } from '../sample/outcome.ts';
import { type CompiledCapture, compilePointer } from './values.ts';

/** Reads the text of a result. */
export type TextOf = (result: unknown) => string;

/**
 * Adds a step's checks to the judge of its results. A result that would be useful or a warning becomes TOOL_ASSERT when a
 * check does not hold.
 */
export function compileJudge(judge: ResultJudge, textOf: TextOf, checks: readonly Check[]): ResultJudge {
  if (checks.length === 0) return judge;
  const compiled = checks.map(compileCheck);
  return (result, tool) => {
    const judgement = judge(result, tool);
    if (outcomeClass(judgement.outcome) === 'failed') return judgement;
    const text = textOf(result);
    for (const check of compiled) {
      const problem = check(result, text);
      if (problem !== undefined) return { outcome: 'TOOL_ASSERT', message: problem };
    }
    return judgement;
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
    for (const { name, find, sought } of captures) {
      const value = find(result, text);
      if (value === undefined) {
        const message = `nothing to capture as ${name} ${sought}; the result's text is "${text}"`;
        return { outcome: 'TOOL_CAPTURE', message };
      }
      captured.set(name, value);
    }
    return judgement;
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
    return ofText(`contains "${contains}"`, (text) => text.includes(contains));
  }
  if ('matches' in check) {
    const pattern = new RegExp(check.matches, 'u');
    return ofText(`matches ${pattern}`, (text) => pattern.test(text));
  }
  if ('equals' in check) return equalsCheck(check);
  if ('schema' in check) return schemaCheck(check);
  if ('size' in check) return sizeCheck(check);
  return ofText('notEmpty', (text) => text.trim() !== '');
}

function ofText(name: string, holds: (text: string) => boolean): CompiledCheck {
  return (_, text) => (holds(text) ? undefined : `check failed: ${name}; the result's text is "${text}"`);
}

function equalsCheck({ pointer, equals }: CheckOf<'equals'>): CompiledCheck {
  const find = compilePointer(pointer);
  const name = `${pointer} equals ${JSON.stringify(equals)}`;
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
    return problem === undefined ? undefined : `check failed: schema; ${problem}`;
  };
}

function sizeCheck({ size: { min = 0, max = Number.POSITIVE_INFINITY } }: CheckOf<'size'>): CompiledCheck {
  const name = max === Number.POSITIVE_INFINITY ? `at least ${min}` : `${min} to ${max}`;
  return (_, text) => {
    const bytes = Buffer.byteLength(text);
    if (bytes >= min && bytes <= max) return undefined;
    return `check failed: size ${name} bytes; the result's text has ${bytes}: "${text}"`;
  };
}

function shown(found: unknown): string {
  return found === undefined ? 'missing' : JSON.stringify(found);
}
