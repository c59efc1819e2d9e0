import { closest, distance } from 'fastest-levenshtein';

/** Among more names than this, or for longer ones, looking for the nearest takes too long in a hostile plan. */
const MAX_NAMES = 200;
const MAX_CHARACTERS = 200;

/** The one of the known names that a misspelt one probably means; undefined when none is near, or to be found soon. */
export function nearestOf(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0 || known.length > MAX_NAMES || name.length > MAX_CHARACTERS) return undefined;
  const nearest = closest(name, known as string[]);
  const changes = distance(name.toLowerCase(), nearest.toLowerCase());
  return changes <= Math.max(2, Math.floor(nearest.length / 3)) ? nearest : undefined;
}

/** The end of a message that refuses a name: which one may have been meant, or which there are. */
export function insteadOf(name: string, known: readonly string[]): string {
  const nearest = nearestOf(name, known);
  if (nearest !== undefined) return `did you mean "${nearest}"?`;
  return known.length === 0 ? 'there are none' : `expected one of ${known.join(', ')}`;
}
