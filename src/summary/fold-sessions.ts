import type { Block, OperationKey } from '../sample/block.ts';
import { type Outcome, outcomeClass } from '../sample/outcome.ts';
import { ascending } from './ascending.ts';
import type { SessionFold } from './fold.ts';

type OpenSessions = {
  readonly opened: number[];
  readonly closed: number[];
  readonly lifetimes: number[];
  readonly losses: { [Code in Outcome]?: number };
};

/** Adds up sessions by target. */
export class SessionFolder {
  readonly #runStartMs: number;
  readonly #targets = new Map<string, OpenSessions>();

  /** @param runStartMs planned start of the run, epoch */
  constructor(runStartMs: number) {
    this.#runStartMs = runStartMs;
  }

  /** Counts a session that is over. */
  add(block: Block, at: number): void {
    const { startUs, durationUs, bytes, operation, outcome } = block.columns;
    const { target } = block.operations[operation[at] as number] as OperationKey;
    const sessions = this.#sessionsOf(target);
    // The start of a long session lies outside its block, so it is told by its end and its whole lifetime.
    const endMs = block.originMs + ((startUs[at] as number) + (durationUs[at] as number)) / 1000 - this.#runStartMs;
    const lifetimeMs = bytes[at] as number;
    sessions.opened.push(Math.max(0, Math.round(endMs - lifetimeMs)));
    sessions.closed.push(Math.max(0, Math.round(endMs)));
    sessions.lifetimes.push(lifetimeMs);
    const code = block.outcomes[outcome[at] as number] as Outcome;
    if (outcomeClass(code) === 'failed') sessions.losses[code] = (sessions.losses[code] ?? 0) + 1;
  }

  finish(): SessionFold[] {
    return [...this.#targets].map(([target, { opened, closed, lifetimes, losses }]) => {
      return {
        target,
        opened: ascending(opened),
        closed: ascending(closed),
        lifetimes: ascending(lifetimes),
        losses,
      };
    });
  }

  #sessionsOf(target: string): OpenSessions {
    let sessions = this.#targets.get(target);
    if (sessions === undefined) {
      sessions = { opened: [], closed: [], lifetimes: [], losses: {} };
      this.#targets.set(target, sessions);
    }
    return sessions;
  }
}
