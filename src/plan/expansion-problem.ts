/** Deeper than any tool's arguments, and shallow enough for everything that walks a plan. */
const MAX_DEPTH = 64;

/**
 * Tells what keeps a parsed document from being a plan whatever its keys: that its aliases expand to too much, or that
 * it is too deep (as one whose alias stands within itself is). Walks no further than the limit.
 * @returns what is wrong, or undefined
 */
export function expansionProblem(value: unknown, maxCharacters: number): string | undefined {
  let left = maxCharacters;
  const walk = (part: unknown, depth: number): string | undefined => {
    left -= typeof part === 'string' ? part.length : 1;
    if (left < 0) return `expected a plan of at most ${maxCharacters} characters once its aliases are expanded`;
    if (typeof part !== 'object' || part === null) return undefined;
    if (depth === MAX_DEPTH) return `expected a plan nested at most ${MAX_DEPTH} levels deep`;
    for (const [key, child] of Object.entries(part)) {
      left -= key.length;
      const problem = walk(child, depth + 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
  return walk(value, 0);
}
