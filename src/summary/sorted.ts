/** All values in ascending order. */
export function sorted(arrays: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(arrays.reduce((length, array) => length + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all.sort();
}

/** The values that are left when every one of `taken` is taken away once. Both ascending, `taken` a part of `from`. */
export function without(from: Uint32Array, taken: Uint32Array): Uint32Array {
  const rest = new Uint32Array(from.length - taken.length);
  let [at, next] = [0, 0];
  for (const value of from) {
    if (taken[next] === value) next++;
    else rest[at++] = value;
  }
  return rest;
}
