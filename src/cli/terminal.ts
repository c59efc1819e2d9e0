import { styleText } from 'node:util';
import type { Ink, Paint } from '../report/text/text-table.ts';

/** How a report is shown on a stream: within its width, and in colours where it takes them. */
export function terminalOptions(stream: NodeJS.WriteStream): { readonly paint: Ink; readonly width: number } {
  return { paint: inkFor(stream), width: stream.columns ?? 100 };
}

/** The colours of a stream, none where it is not a terminal; NO_COLOR and FORCE_COLOR are honoured. */
export function inkFor(stream: NodeJS.WritableStream): Ink {
  const paint =
    (format: keyof Ink): Paint =>
    (text) =>
      styleText(format, text, { stream });
  return {
    bold: paint('bold'),
    dim: paint('dim'),
    red: paint('red'),
    green: paint('green'),
    yellow: paint('yellow'),
  };
}
