/** A stretch of a run in whole intervals of its fold, and what it lasted, milliseconds from the run's start. */
export type Stretch = {
  readonly fromInterval: number;
  /** Not within it any more. */
  readonly toInterval: number;
  readonly fromMs: number;
  readonly toMs: number;
};

/**
 * Every stretch of a length within a run, in steps of the fold's interval; a length that is no multiple of it is taken
 * up to the next one. What lies before the first whole interval and after the last belongs to the first and the last
 * stretch, so that no rate comes from a splinter; a run that is shorter than the length is one stretch.
 * @param span what is looked at, milliseconds from the run's start: from the end of the warm-up to the end
 */
export function stretchesOf(
  span: { readonly fromMs: number; readonly toMs: number },
  intervalMs: number,
  lengthMs: number,
): Stretch[] {
  const wanted = Math.max(1, Math.ceil(lengthMs / intervalMs));
  const first = Math.ceil(span.fromMs / intervalMs);
  const last = Math.max(first, Math.floor(span.toMs / intervalMs));
  const count = Math.max(1, last - first - wanted + 1);
  return Array.from({ length: count }, (_, index) => {
    const from = first + index;
    const [isFirst, isLast] = [index === 0, index === count - 1];
    return {
      fromInterval: isFirst ? 0 : from,
      toInterval: isLast ? Number.POSITIVE_INFINITY : from + wanted,
      fromMs: isFirst ? span.fromMs : from * intervalMs,
      toMs: isLast ? span.toMs : (from + wanted) * intervalMs,
    };
  });
}
