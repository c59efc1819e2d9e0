const SHAPE = /^(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,7}))?$/;

/** Milliseconds of a .NET time span (`[d.]hh:mm:ss[.fff]`), or undefined when the text is none. */
export function timeSpanMs(text: string): number | undefined {
  const match = SHAPE.exec(text.trim());
  if (match === null) {
    return undefined;
  }
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1, 5).map((part) => Number(part ?? 0));
  const fractionMs = Number(`0.${match[5] ?? '0'}`) * 1_000;
  return ((days * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1_000 + fractionMs;
}
