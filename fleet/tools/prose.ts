import { type Random, seededRandom } from '../seeded-random.ts';

const subjects = [
  'The connection pool',
  'A queue trigger',
  'The retry policy',
  'An access token',
  'The storage account',
  'A cached response',
  'The deployment slot',
  'A background worker',
  'The request handler',
  'An event stream',
];
const verbs = ['keeps', 'releases', 'validates', 'records', 'renews', 'splits', 'limits', 'forwards'];
const objects = [
  'one lease for every partition',
  'the oldest entry first',
  'all headers that the caller named',
  'its state between two calls',
  'a copy of the last good answer',
  'work that has waited too long',
  'the remaining quota of the tenant',
  'each batch with its own deadline',
];
const conditions = [
  'once the caller has authenticated',
  'until the process is asked to stop',
  'unless the limit of the plan is reached',
  'even when the network is slow',
  'as long as a client is connected',
  'before the next poll begins',
];
const names = ['amber', 'birch', 'cedar', 'delta', 'ember', 'fjord', 'grove', 'harbor', 'inlet', 'juniper'];

/** Made-up content for answers. The same parts give the same content. */
export type Prose = {
  /** An integer from `low` to `high`, both inclusive. */
  readonly number: (low: number, high: number) => number;
  readonly pick: <Item>(items: readonly Item[]) => Item;
  /** A short lower-case name, for example for a repository or a person. */
  readonly name: () => string;
  /** Hexadecimal digits, for example for a commit. */
  readonly hex: (digits: number) => string;
  /** A day in the first half of 2026, `YYYY-MM-DD`. */
  readonly day: () => string;
  readonly sentence: () => string;
  readonly paragraph: (sentences: number) => string;
};

/** The prose for these parts, for example a seed, a tool and its arguments. */
export function seededProse(...parts: readonly (string | number)[]): Prose {
  const random: Random = seededRandom('prose', ...parts);
  const number = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
  const pick = <Item>(items: readonly Item[]): Item => items[number(0, items.length - 1)]!;
  const name = () => `${pick(names)}-${pick(names)}`;
  const hex = (digits: number) => Array.from({ length: digits }, () => number(0, 15).toString(16)).join('');
  const day = () => `2026-0${number(1, 6)}-${String(number(1, 28)).padStart(2, '0')}`;
  const sentence = () => `${pick(subjects)} ${pick(verbs)} ${pick(objects)} ${pick(conditions)}.`;
  const paragraph = (sentences: number) => Array.from({ length: sentences }, sentence).join(' ');
  return { number, pick, name, hex, day, sentence, paragraph };
}
