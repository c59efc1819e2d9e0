/**
 * What went wrong in mcp-surge itself during a part of a run, and how often. Children return it to their parents, so it is
 * kept short.
 */
export type Faults = Readonly<Record<string, number>>;

const MAX_FAULTS = 8;
const MAX_CHARACTERS = 160;
const OTHERS = 'Other faults';

/** Adds up the faults of several parts. Of many different ones, only the first are named. */
function addFaults(parts: readonly (Faults | undefined)[]): Faults {
  const total: Record<string, number> = {};
  for (const [fault, count] of parts.flatMap((part) => Object.entries(part ?? {}))) {
    const name = fault in total || Object.keys(total).length < MAX_FAULTS ? fault : OTHERS;
    total[name] = (total[name] ?? 0) + count;
  }
  return total;
}

/** The faults that an orchestration has met so far; every replay meets the same. */
export class FaultTally {
  #faults: Faults = {};

  /** Adds what a child has returned. */
  add(faults: Faults | undefined): void {
    this.#faults = addFaults([this.#faults, faults]);
  }

  /** Adds a failure. @param what the function, e.g. `run-slice` */
  note(what: string, error: unknown): void {
    this.add(faultOf(what, error));
  }

  /** What the orchestration returns to its parent: a member `faults`, or none. */
  get result(): { readonly faults?: Faults } {
    return Object.keys(this.#faults).length === 0 ? {} : { faults: this.#faults };
  }

  get sentences(): string[] {
    return Object.entries(this.#faults).map(([fault, count]) =>
      count === 1 ? `${fault}.` : `${fault} (${count} times).`,
    );
  }
}

/**
 * Names what made an activity or an orchestration fail, without a period at its end. The host's message contains the whole
 * .NET exception as JSON, thousands of characters.
 * @param what the function, e.g. `run-slice`
 */
function faultOf(what: string, error: unknown): Faults {
  return { [`${what} failed: ${causeOf(error)}`.slice(0, MAX_CHARACTERS)]: 1 };
}

/** The cause of a failure on one line. */
export function causeOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/WorkerProcessExitException|exited with code/.test(message)) return 'its worker process died';
  if (message.includes('FunctionTimeoutException')) return 'it took longer than functionTimeout';
  if (/Non-Deterministic workflow|initialized language workers/.test(message)) {
    return 'an episode of the orchestration was lost with its worker';
  }
  const [line = ''] = message.replace(/^[\w ]*function '[^']*' failed:\s*/, '').split('\n');
  return line.trim().replace(/\.$/, '');
}
