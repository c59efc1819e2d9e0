/** Of two example messages the first by text, where there are two; so the choice does not depend on their order. */
export function firstExample(one: string, other: string): string {
  if (one === '' || other === '') return one + other;
  return one < other ? one : other;
}
