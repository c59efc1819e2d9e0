/** What belongs to one target, in the order of the report. */
export type OfTarget<Item> = { readonly target: string; readonly operations: readonly Item[] };

export function byTarget<Item extends { readonly target: string }>(
  operations: readonly Item[],
): readonly OfTarget<Item>[] {
  return [...Map.groupBy(operations, (operation) => operation.target)].map(([target, each]) => ({
    target,
    operations: each,
  }));
}
