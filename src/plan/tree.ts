/** A mapping of a plan as it was written. */
export type Tree = Readonly<Record<string, unknown>>;

/** The mapping that a value is; an empty one for any other value, so that paths into it find nothing. */
export function tree(value: unknown): Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Tree) : {};
}

/** The list that a value is; an empty one for any other value. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
