import type { Placeholder } from '../plan/placeholder.ts';
import type { Random } from '../traffic/random.ts';
import type { Values } from './values.ts';

type Generated = Extract<Placeholder, { kind: 'generated' }>;

const LETTERS_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Compiles a generator. Its values depend on the iteration alone, so the same seed gives the same values. */
export function compileGenerator({ generator, args }: Generated): (values: Values) => string | number {
  const [first = 0, second = 0] = args.map(Number);
  switch (generator) {
    case 'vu':
      return ({ vu }) => vu;
    case 'iteration':
      return ({ iteration }) => iteration;
    case 'integer':
      // The sum of a large range and a draw close to 1 can round up to one more than the maximum.
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

/** Words for generated texts. They are what people ask about, so that a search finds something for most of them. */
const WORDS: readonly string[] = `
access account action address agent alert answer application archive array article asset audit backup balance batch board
branch bridge browser budget buffer build button cache calendar capacity card catalog certificate change channel chart
client cloud cluster code column command comment commit compiler condition connection console container contract cost
counter customer dashboard data database deadline delivery deployment design desktop device directory disk document domain
draft drive driver editor element email endpoint engine error estimate event example exception export factory feature field
file filter folder forecast format forum function gateway graph group guide handler history host image import incident index
input install instance interface invoice issue item journal key keyboard language latency layer layout ledger library license
limit link list lock log loop machine mailbox manager map market measure meeting member memory menu message method metric
migration mirror mobile model module monitor network node note notice number object offer office option order output owner
package page parser partner password patch path payment pattern performance permission picture pipeline plan platform plugin
policy pool port price printer priority process product profile program project promise protocol provider proxy query queue
quota range rate reader receipt record region registry release reminder report repository request resource result review
role route rule runtime sample schedule schema scope screen script search section security sensor server service session
setting shape share sheet signal site size slot socket solution source space stack stage standard state status storage store
stream string structure style subject subscription summary support switch symbol system table target task team template
tenant terminal test theme thread threshold ticket timer token tool topic trace traffic transaction transfer trigger type
unit update upload user validation value variable vendor version video view volume warning watcher window wizard worker
workflow workspace writer zone`
  .trim()
  .split(/\s+/);
