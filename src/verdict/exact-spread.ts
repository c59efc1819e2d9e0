import type { Spread } from './observations.ts';

/**
 * The spread of all values of several ascending arrays, exact and without sorting them together: the same values are
 * looked at in many stretches of a run.
 */
export function exactSpread(arrays: readonly Uint32Array[]): Spread {
  const count = arrays.reduce((total, { length }) => total + length, 0);
  return {
    count,
    quantile(q) {
      // As in `quantile`: binary fractions make 0.07 * 100 a little more than 7, which must not become rank 8.
      const rank = Math.min(count, Math.max(1, Math.ceil(q * count * (1 - 4 * Number.EPSILON))));
      let [low, high] = [0, 0xffff_ffff];
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        const upTo = arrays.reduce((total, array) => total + countUpTo(array, middle), 0);
        if (upTo >= rank) high = middle;
        else low = middle + 1;
      }
      return low;
    },
    mean() {
      let sum = 0;
      for (const array of arrays) for (const value of array) sum += value;
      return sum / count;
    },
  };
}

/** How many values of an ascending array are at most `limit`. */
function countUpTo(ascending: Uint32Array, limit: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
