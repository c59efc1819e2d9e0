import { type Document, isPair, isScalar, isSeq, type Scalar, visit } from 'yaml';
import type { DanglingReference } from './problem.ts';

/** What to do about a number that a program in JavaScript, like this one, cannot hold digit for digit. */
export function inexactText(source: string): string {
  return `expected a number that keeps all its digits, got ${source}: write it as text, "${source}"`;
}

/** More than are described. */
const MAX_PROBLEMS = 200;

/** Finds the numbers of a plan whose digits would be changed: beyond 2^53, or with leading zeros. */
export function inexactNumbers(document: Document): DanglingReference[] {
  const problems: DanglingReference[] = [];
  visit(document, {
    Scalar(_, node, ancestors) {
      const source = changedSource(node);
      if (source === undefined) return undefined;
      problems.push({ path: pathOf(node, ancestors), message: inexactText(source) });
      return problems.length < MAX_PROBLEMS ? undefined : visit.BREAK;
    },
  });
  return problems;
}

/** The digits of a number that would be changed; undefined for anything else. */
function changedSource({ value, source }: Scalar): string | undefined {
  // Numbers that are not finite have a message of their own.
  if (typeof value !== 'number' || !Number.isFinite(value) || source === undefined) return undefined;
  if (/^0[xo]/i.test(source)) return BigInt(source) === BigInt(value) ? undefined : source;
  return /^[+-]?0\d/.test(source) || losesDigits(source) ? source : undefined;
}

/** The path of a scalar, from the keys and indices of its ancestors. */
function pathOf(node: Scalar, ancestors: readonly unknown[]): PropertyKey[] {
  const path: PropertyKey[] = [];
  for (const [index, ancestor] of ancestors.entries()) {
    const child = ancestors[index + 1] ?? node;
    if (isPair(ancestor) && isScalar(ancestor.key)) path.push(String(ancestor.key.value));
    if (isSeq(ancestor)) path.push(ancestor.items.indexOf(child));
  }
  return path;
}

/** True for a decimal number that, read and written again, has other digits. */
export function losesDigits(source: string): boolean {
  return digitsOf(source) !== digitsOf(String(Number(source)));
}

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i;

/** A number's sign, significant digits and power of ten, so that `1.50`, `1.5` and `15e-1` are the same. */
function digitsOf(source: string): string {
  const [, sign = '', whole = '', fraction = '', power = '0'] = DECIMAL.exec(source) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  return `${sign === '-' ? '-' : ''}${significant}e${Number(power) - fraction.length + digits.length - significant.length}`;
}

const QUOTE = 34;
const MINUS = 45;
const JSON_NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** The first number in a JSON text whose digits parsing would change, with its position; undefined when there is none. */
export function inexactNumberIn(json: string): { readonly source: string; readonly index: number } | undefined {
  for (let at = 0; at < json.length; ) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) at = endOfString(json, at);
    else if (code !== MINUS && !(code >= 48 && code <= 57)) at++;
    else {
      JSON_NUMBER.lastIndex = at;
      const [source = ''] = JSON_NUMBER.exec(json) ?? [];
      if (source !== '' && losesDigits(source)) return { source, index: at };
      at += Math.max(1, source.length);
    }
  }
  return undefined;
}

/** The position after a JSON text. */
function endOfString(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); end !== -1; end = json.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (json[end - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return end + 1;
  }
  return json.length;
}

/** A whole number beyond 2^53 within a value that was parsed: its digits may have been others. */
export function uncertainNumberIn(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value) ? value : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const child of Object.values(value)) {
    const found = uncertainNumberIn(child);
    if (found !== undefined) return found;
  }
  return undefined;
}
