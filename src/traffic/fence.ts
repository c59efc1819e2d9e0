/** Decides whether load may be made at an instant. */
export type LoadGate = {
  /** Asked before every start and before every request is sent. @param nowMs epoch */
  allows(nowMs: number): boolean;
};

/** Always allows load: for a probe, and for a process that nobody can take over from. */
export const OPEN_GATE: LoadGate = { allows: () => true };

/**
 * Ends the load of a holder that can no longer prove that it holds its slice. Every proof lets it go on for a while; when
 * that time is over, another process may have taken the slice over. Time is compared whenever something is about to be
 * sent, so that a process that wakes from a long sleep sends nothing, in whatever order its timers fire. Once the fence is
 * down it stays down.
 */
export class Fence implements LoadGate {
  readonly #proofMs: number;
  readonly #whyNoProof: string;
  readonly #down = new AbortController();
  #untilMs: number;
  #reason: string | undefined;

  /**
   * @param provenMs epoch milliseconds at which the holder was proven to hold the slice
   * @param proofMs how long a proof lasts
   * @param whyNoProof the reason when no proof came in time
   */
  constructor(provenMs: number, proofMs: number, whyNoProof: string) {
    this.#untilMs = provenMs + proofMs;
    this.#proofMs = proofMs;
    this.#whyNoProof = whyNoProof;
  }

  /** Aborted when the fence comes down. */
  get signal(): AbortSignal {
    return this.#down.signal;
  }

  /** Why the fence is down; undefined while it is not. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Until when load may be made without a further proof, epoch milliseconds. */
  get untilMs(): number {
    return this.#untilMs;
  }

  allows(nowMs: number): boolean {
    return nowMs <= this.#untilMs || this.#refuse();
  }

  /** Takes note of a proof that came in time. @param provenMs when it began, before anything was asked */
  prove(provenMs: number, nowMs: number): void {
    if (this.allows(nowMs)) this.#untilMs = Math.max(this.#untilMs, provenMs + this.#proofMs);
  }

  /** Brings the fence down. Only the first reason counts. */
  trip(reason: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#untilMs = Number.NEGATIVE_INFINITY;
    this.#down.abort();
  }

  #refuse(): false {
    this.trip(this.#whyNoProof);
    return false;
  }
}
