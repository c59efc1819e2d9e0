/** A stream of numbers, each at least 0 and below 1. */
export type Random = () => number;

/**
 * A pseudo-random stream for these parts. The same parts give the same numbers on every machine; any difference in
 * the parts gives an unrelated stream. Not for secrets.
 *
 * The parts are hashed with FNV-1a. The stream is SplitMix with 32 bits of state.
 */
export function seededRandom(...parts: readonly (string | number)[]): Random {
  let state = hash32(JSON.stringify(parts));
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    mixed ^= mixed >>> 15;
    return (mixed >>> 0) / 2 ** 32;
  };
}

function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash;
}
