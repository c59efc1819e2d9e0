import { _, type Ajv, type CodeKeywordDefinition, type KeywordCxt } from 'ajv';
import { compilePattern, type LinearPattern } from '../../plan/linear-pattern.ts';

/** Compiling a larger schema would keep the process from everything else for more than a tenth of a second. */
const MAX_CHARACTERS = 50_000;
/** Objects and lists within a schema. */
const MAX_PARTS = 400;
const MAX_DEPTH = 64;

/** The steps that one value may take. A step is about one comparison; so many take some tens of milliseconds. */
const MAX_STEPS = 1_000_000;

/** Texts that are longer are not checked for their format, whose expressions take quadratic time. */
const MAX_FORMAT_CHARACTERS = 2048;

/** Why a schema is too large to be compiled; undefined when it is not. Does not throw, however deep the schema is. */
export function sizeFault(schema: unknown): string | undefined {
  let characters = 0;
  let parts = 0;
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value: schema, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth } = next;
    if (typeof value === 'string') characters += value.length;
    else if (typeof value === 'object' && value !== null) {
      parts++;
      if (depth === MAX_DEPTH) return `it is nested more than ${MAX_DEPTH} levels deep`;
      for (const key in value) {
        characters += Array.isArray(value) ? 1 : key.length;
        if (characters > MAX_CHARACTERS) break;
        open.push({ value: (value as Record<string, unknown>)[key], depth: depth + 1 });
      }
    }
    if (characters > MAX_CHARACTERS) return `it has over ${MAX_CHARACTERS} characters`;
    if (parts > MAX_PARTS) return `it has over ${MAX_PARTS} parts`;
  }
  return undefined;
}

/** Thrown when a value takes too many steps. */
export class TooMuchWork extends Error {}

/** Counts the steps of checking one value. The compiled code of a schema counts down. */
export class StepCount {
  left = MAX_STEPS;
  readonly error = new TooMuchWork(`it takes more than ${MAX_STEPS} steps`);

  /** Begins with the next value. */
  reset(): void {
    this.left = MAX_STEPS;
  }
}

/**
 * Makes every keyword count the steps that it takes, in the code that the validator compiles. A schema of a few lines can
 * take 2^30 steps for one value, for example when alternatives refer to alternatives.
 */
export function countSteps(ajv: Ajv, steps: StepCount): void {
  for (const rule of Object.values(ajv.RULES.all)) {
    if (typeof rule !== 'object' || !('code' in rule.definition)) continue;
    const definition = rule.definition as CodeKeywordDefinition;
    const { type } = rule.definition as { readonly type?: readonly string[] };
    rule.definition = {
      ...definition,
      code(context, ruleType) {
        const { gen } = context;
        const count = gen.scopeValue('obj', { ref: steps });
        gen.if(_`(${count}.left -= ${costOf(context, type ?? [])}) < 0`, () => gen.throw(_`${count}.error`));
        definition.code(context, ruleType);
      },
    } as typeof rule.definition;
  }
}

/** What one evaluation of a keyword takes, as code; what its subschemas take is counted by their own keywords. */
function costOf({ keyword, data, schema, parentSchema }: KeywordCxt, types: readonly string[]) {
  const [type] = types;
  if (type === 'string') return _`1 + ${data}.length`;
  if (keyword === 'uniqueItems') {
    return hasScalars(parentSchema.items) ? _`1 + ${data}.length` : _`1 + ${data}.length * ${data}.length`;
  }
  if (type === 'array') return _`1 + ${data}.length`;
  const size = sizeOf(schema) + (MAKES_ERRORS.has(keyword) ? ERROR_STEPS : 0);
  return type === 'object' && LOOPS_OVER_MEMBERS.has(keyword)
    ? _`1 + ${size} * (1 + Object.keys(${data}).length)`
    : _`${1 + size}`;
}

/** Keywords that go on after a mismatch, and keep what describes it until they are through. */
const MAKES_ERRORS: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'not', 'if', 'contains']);
const ERROR_STEPS = 100;

/** Keywords that look at each member of an object; the others look only for the names that they know. */
const LOOPS_OVER_MEMBERS: ReadonlySet<string> = new Set([
  'additionalProperties',
  'maxProperties',
  'minProperties',
  'patternProperties',
  'propertyNames',
  'unevaluatedProperties',
]);

/** True when the validator compares items of such a list by a table instead of each with each. */
function hasScalars(items: unknown): boolean {
  const { type } = (typeof items === 'object' && items !== null ? items : {}) as { readonly type?: unknown };
  const types = [type].flat();
  return types.every((each) => ['string', 'number', 'integer', 'boolean', 'null'].includes(each as string));
}

/** How many values a keyword's own value holds; the schema is small. */
function sizeOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce((sum: number, part) => sum + sizeOf(part), 1);
}

/** The validator's regular expressions. @throws when a pattern cannot run in linear time */
export const linearRegExp = Object.assign(
  (source: string): LinearPattern => {
    const pattern = compilePattern(source);
    if ('fault' in pattern) throw new Error(`its pattern "${source.slice(0, 100)}" cannot be used: ${pattern.fault}`);
    return pattern;
  },
  { code: 'new RegExp' },
);

/** Limits the length of the texts that are checked for a format. */
export function limitFormats(ajv: Ajv): void {
  for (const [name, format] of Object.entries(ajv.formats)) {
    const check = format instanceof RegExp ? format : typeof format === 'object' ? format.validate : format;
    if (check instanceof RegExp) ajv.formats[name] = limited((text) => check.test(text));
    else if (
      typeof check === 'function' &&
      !(typeof format === 'object' && 'type' in format && format.type === 'number')
    ) {
      ajv.formats[name] = limited(check as (text: string) => boolean);
    }
  }
}

function limited(check: (text: string) => boolean): (text: string) => boolean {
  return (text) => text.length > MAX_FORMAT_CHARACTERS || check(text);
}
