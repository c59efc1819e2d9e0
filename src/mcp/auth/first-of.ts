/**
 * Tries places one after the other until one gives what is looked for.
 * @throws when none does, with the sentences that each of them failed with
 */
export async function firstOf<Place, Found>(
  places: readonly Place[],
  look: (place: Place) => Promise<Found>,
): Promise<Found> {
  const problems: Error[] = [];
  for (const place of places) {
    try {
      return await look(place);
    } catch (error) {
      problems.push(error instanceof Error ? error : new Error(String(error)));
    }
  }
  throw new Error(problems.map(({ message }) => message).join(' '), { cause: new AggregateError(problems) });
}
