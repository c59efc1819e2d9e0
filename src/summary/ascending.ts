/** Non-negative whole numbers below 2^32 in ascending order. */
export function ascending(values: Iterable<number>): Uint32Array {
  return Uint32Array.from(values).sort();
}
