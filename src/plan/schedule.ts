import { shortened } from './problem.ts';

/** One field of a schedule: its values, and the names of the values if they have names. */
type Field = { readonly name: string; readonly min: number; readonly max: number; readonly words: readonly string[] };

const MONTHS = [
  ...['january', 'february', 'march', 'april', 'may', 'june'],
  ...['july', 'august', 'september', 'october', 'november', 'december'],
];
const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

const FIELDS: readonly Field[] = [
  { name: 'second', min: 0, max: 59, words: [] },
  { name: 'minute', min: 0, max: 59, words: [] },
  { name: 'hour', min: 0, max: 23, words: [] },
  { name: 'day of the month', min: 1, max: 31, words: [] },
  { name: 'month', min: 1, max: 12, words: MONTHS },
  { name: 'day of the week', min: 0, max: 6, words: DAYS },
];
const LONGEST_OF_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const EXPECTED =
  'expected NCRONTAB with six fields (second, minute, hour, day, month, day of the week), e.g. "0 */5 * * * *" for every five minutes';

/**
 * What is wrong with a schedule, as Azure timer triggers read it: NCRONTAB with six fields, seconds first. `5/10` means
 * every tenth from 5 on. Day of the month and day of the week must both match. What a trigger would read differently from
 * what is written is refused too: a range that runs backwards and a step beyond the end of its field.
 * @returns undefined when the schedule is valid and fires again and again
 */
export function scheduleProblem(text: string): string | undefined {
  const fields = text.trim().split(/\s+/);
  const got = `got "${shortened(text)}"`;
  if (fields.length === 5 && fieldsProblem(['0', ...fields]) === undefined) {
    return `${EXPECTED}, ${got}: write the seconds first, "0 ${fields.join(' ')}"`;
  }
  if (fields.length !== FIELDS.length) return `${EXPECTED}, ${got}`;
  const problem = fieldsProblem(fields);
  return problem === undefined ? undefined : `${problem}, ${got}`;
}

function fieldsProblem(texts: readonly string[]): string | undefined {
  const values: (readonly number[])[] = [];
  for (const [index, field] of FIELDS.entries()) {
    const parsed = valuesOf(texts[index] ?? '', field);
    if (typeof parsed === 'string') return parsed;
    values.push(parsed);
  }
  const [, , , days = [], months = []] = values;
  const fires = months.some((month) => days.some((day) => day <= (LONGEST_OF_MONTH[month - 1] as number)));
  return fires ? undefined : 'expected a schedule that fires: no month that it names has such a day';
}

/** The values that a field matches, or what is wrong with it. */
function valuesOf(text: string, field: Field): number[] | string {
  const values: number[] = [];
  for (const item of text.split(',')) {
    const parsed = valuesOfItem(item, field);
    if (typeof parsed === 'string') return parsed;
    values.push(...parsed);
  }
  return values;
}

function valuesOfItem(item: string, field: Field): number[] | string {
  const { name, min, max } = field;
  const [, start = '', end, stepText] = /^(\*|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(item) ?? [];
  if (start === '' || (start === '*' && end !== undefined)) {
    return `expected *, a value, a range or a list as the ${name}, each with at most one step such as */5; found "${item}"`;
  }
  const from = start === '*' ? min : fieldValue(start, field);
  const last = stepText === undefined ? from : max;
  const to = start === '*' ? max : end === undefined ? last : fieldValue(end, field);
  if (typeof from === 'string') return from;
  if (typeof to === 'string') return to;
  if (from > to) {
    const around = [`${from}-${max}`, `${min}-${to}`].join(',');
    return `expected a range from the smaller to the larger ${name}; found "${item}": write "${around}" to go past the end`;
  }
  const step = Number(stepText ?? 1);
  if (step < 1) return `expected a step of at least 1 as part of the ${name}; found "${item}"`;
  if (step > 1 && from + step > to) {
    const allowed = to - from < 2 ? 'no step' : `a step up to ${to - from}`;
    return `expected ${allowed} as part of the ${name}; "${item}" would fire at ${from} only`;
  }
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
}

/** The value of a number or a name; a name may be shortened while it is clear. */
function fieldValue(text: string, { name, min, max, words }: Field): number | string {
  const value = /^\d+$/.test(text) ? Number(text) : wordValue(text, min, words);
  if (value !== undefined && value >= min && value <= max) return value;
  const named = words.length === 0 ? '' : ` or a name such as ${words[0]?.slice(0, 3)}`;
  const sunday = name === 'day of the week' && value === 7 ? '; Sunday is 0' : '';
  return `expected a number from ${min} to ${max}${named} as the ${name}; found "${text}"${sunday}`;
}

function wordValue(text: string, min: number, words: readonly string[]): number | undefined {
  const matching = words.flatMap((word, index) => (word.startsWith(text.toLowerCase()) ? [index + min] : []));
  return text.length >= 3 && matching.length === 1 ? matching[0] : undefined;
}
