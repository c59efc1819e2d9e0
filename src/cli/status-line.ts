/** A line that is written over in place on a terminal; elsewhere, e.g. in a pipeline's log, a new line now and then. */
export type StatusLine = {
  show(text: string): void;
  /** Ends the line, so that what follows begins on its own. */
  end(): void;
};

/** How often a log that is no terminal gets a line. */
const LOG_INTERVAL_MS = 5000;

export function statusLine(out: NodeJS.WriteStream): StatusLine {
  let lastLogMs = Number.NEGATIVE_INFINITY;
  let open = false;
  return {
    show(text) {
      if (out.isTTY) {
        out.write(`\r\u001b[2K${text.slice(0, out.columns - 1)}`);
        open = true;
      } else if (performance.now() - lastLogMs >= LOG_INTERVAL_MS) {
        lastLogMs = performance.now();
        out.write(`${text}\n`);
      }
    },
    end() {
      if (open) out.write('\n');
      open = false;
    },
  };
}
