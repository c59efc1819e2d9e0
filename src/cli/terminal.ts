import { styleText } from 'node:util';
import { withVisibleControls } from '../report/format.ts';
import type { Ink, Paint } from '../report/text/text-table.ts';
import type { LiveView } from '../run/run-view.ts';

/**
 * Writes a text to a terminal, a pipe or a file. The only way for texts that may come from a plan, a file or a target: a
 * terminal would obey the control characters in them.
 */
export function print(stream: NodeJS.WritableStream, text: string): void {
  stream.write(withVisibleControls(text));
}

/**
 * Writes a rendered report. Its texts were made printable before they were painted; only the codes of our own colours are
 * left as they are.
 */
export function printPainted(stream: NodeJS.WritableStream, text: string): void {
  stream.write(
    text
      .split(INK_CODES)
      .map((part, index) => (index % 2 === 0 ? withVisibleControls(part) : part))
      .join(''),
  );
}

const ESCAPE = '\u001b';
/** The codes of the colours of {@link Ink}; in parentheses, so that splitting a text keeps them. */
const INK_CODES = new RegExp(`(${ESCAPE}\\[(?:1|2|22|31|32|33|39)m)`);

/** A text as one line, whatever it contains. Its spaces stay. */
export function printableLine(text: string): string {
  return withVisibleControls(text.replaceAll(/[\t\n\v\f\r\x85\u2028\u2029]+/g, ' '));
}

/** How a report is shown on a stream: within its width, and in colours if the stream supports them. */
export function terminalOptions(stream: NodeJS.WriteStream): { readonly paint: Ink; readonly width: number } {
  return { paint: inkFor(stream), width: stream.columns ?? 100 };
}

/** The colours of a stream; none if it is not a terminal. NO_COLOR and FORCE_COLOR are honoured. */
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

/** One line for a run whose load begins in so many seconds. */
export function startingLine(seconds: number): string {
  return `starts in ${Math.ceil(seconds)} s`;
}

/** One line that shows the progress of a run. */
export function progressLine(elapsedSeconds: number, live: LiveView): string {
  const elapsed = `${elapsedSeconds.toFixed(0).padStart(3)} s`;
  const begun = live.slices.alive + live.slices.ended + live.slices.silent;
  const bound = live.atLeast?.includes('p95') ? '≥ ' : '';
  const p95 = live.p95Ms === null ? '-' : `${bound}${Math.round(live.p95Ms).toLocaleString('en')} ms`;
  const warmUp = live.warmUpRequests === 0 ? '' : ` and ${live.warmUpRequests} in warm-up`;
  return [
    elapsed,
    `${live.activeVus} vus`,
    ...(live.slices.silent === 0 ? [] : [`${live.slices.silent} of ${begun} slices silent`]),
    `${live.requests} requests${warmUp}`,
    `${live.requestsPerSecond.toFixed(1)}/s`,
    `p95 ${p95}`,
    `${live.failures} failures`,
    ...(live.withoutAnswer === 0 ? [] : [`${live.withoutAnswer} without an answer`]),
    ...(live.blocked === 0 ? [] : [`${live.blocked} calls without a session`]),
    ...(live.requests === 0 && live.protocol.requests > 0 ? ['no step has ended yet'] : []),
    ...(live.droppedIterations === 0 ? [] : [`${live.droppedIterations} dropped`]),
  ].join('  ·  ');
}

/** How often a stream that is not a terminal gets a status line. */
const LOG_INTERVAL_MS = 5000;

type StatusLine = {
  show(text: string): void;
  /** Ends the line, so that further output begins on a new one. */
  end(): void;
};

/** A status line. On a terminal it is overwritten; elsewhere, such as in a pipeline's log, a new line is added at times. */
export function statusLine(out: NodeJS.WriteStream): StatusLine {
  let lastLogMs = Number.NEGATIVE_INFINITY;
  let open = false;
  return {
    show(text) {
      if (out.isTTY) {
        out.write(`\r\u001b[2K${withVisibleControls(text).slice(0, out.columns - 1)}`);
        open = true;
      } else if (performance.now() - lastLogMs >= LOG_INTERVAL_MS) {
        lastLogMs = performance.now();
        print(out, `${text}\n`);
      }
    },
    end() {
      if (open) out.write('\n');
      open = false;
    },
  };
}
