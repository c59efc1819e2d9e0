import type { Placeholder } from '../plan/placeholder.ts';
import type { Random } from '../traffic/random.ts';
import type { Values } from './values.ts';
import { WORDS } from './words.ts';

type Generated = Extract<Placeholder, { kind: 'generated' }>;

const LETTERS_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Makes the generator of a placeholder: every value hangs on the iteration alone, so the same seed makes the same ones. */
export function compileGenerator({ generator, args }: Generated): (values: Values) => string | number {
  const [first = 0, second = 0] = args.map(Number);
  switch (generator) {
    case 'vu':
      return ({ vu }) => vu;
    case 'iteration':
      return ({ iteration }) => iteration;
    case 'integer':
      // The sum of a large range and a draw close to 1 may round up to one more than the greatest.
      return ({ random }) => Math.min(second, first + Math.floor(random() * (second - first + 1)));
    case 'number':
      return ({ random }) => Math.min(second, first + random() * (second - first));
    case 'string':
      return ({ random }) => repeated(first, () => pick(LETTERS_AND_DIGITS, random)).join('');
    case 'words':
      return ({ random }) => repeated(first, () => pick(WORDS, random)).join(' ');
    case 'pick':
      return ({ random }) => pick(args, random);
    case 'uuid':
      return ({ random }) => uuid(random);
  }
}

/** RFC 9562 §5.4: a UUID of version 4, its random bits from the plan's seed. */
function uuid(random: Random): string {
  const hex = repeated(4, () => hexOf(Math.floor(random() * 2 ** 32))).join('');
  const variant = ((Number.parseInt(hex[16] as string, 16) & 0b0011) | 0b1000).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

function hexOf(bits: number): string {
  return bits.toString(16).padStart(8, '0');
}

function repeated(count: number, make: () => string): string[] {
  return Array.from({ length: count }, make);
}

function pick(from: ArrayLike<string>, random: Random): string {
  return from[Math.floor(random() * from.length)] as string;
}
