import type { CheckKey, SAMPLE_KIND } from './block.ts';
import type { Outcome } from './outcome.ts';

/**
 * One measurement: a request, an iteration, a dropped iteration, a pause that a target asked for with Retry-After, a
 * session from its opening to its end, or a call that was not sent because its session could not be opened. Times are in milliseconds.
 */
export type Sample = {
  readonly kind: keyof typeof SAMPLE_KIND;
  /** The operation's number (Recorder.operation). */
  readonly operation: number;
  readonly outcome: Outcome;
  /** The actual start, since 1970. */
  readonly startMs: number;
  /** From the intended to the actual start. */
  readonly lagMs: number;
  /** From the actual start until the matching response, or until the failure was known. */
  readonly durationMs: number;
  /** From the actual start until a connection took the request; undefined if none did. */
  readonly socketMs: number | undefined;
  /** The time to open the connection, name look-up included; undefined if it was open already. */
  readonly connectMs: number | undefined;
  /** The time of the new connection's TLS handshake after that. */
  readonly tlsMs: number | undefined;
  /** Further clocks, from the actual start; undefined if the request never got there. */
  readonly headersMs: number | undefined;
  readonly firstEventMs: number | undefined;
  readonly closeMs: number | undefined;
  /** Bytes of the reply's body. */
  readonly bytes: number;
  readonly vu: number;
  readonly iteration: number;
  /** Bits of SAMPLE_FLAG. */
  readonly flags: number;
  /** The target's message, for the list of failures; may be empty. */
  readonly message: string;
  /** The checks that ran on its result; undefined if there were none. */
  readonly checks?: CheckResults | undefined;
};

/** How the checks of a step came out for one result. All its checks are counted, not only the first that failed. */
export type CheckResults = {
  /** The same objects for every result of the step. */
  readonly checks: readonly CheckKey[];
  /** Positions of those that did not hold. */
  readonly failed: readonly number[];
};

/** A sample with a time and an outcome, and with none of a request's clocks: of something that is not a request, or of a request that begins. */
export function plainSample({
  kind,
  operation,
  outcome,
  startMs,
  lagMs = 0,
  durationMs,
  vu,
  iteration,
  flags = 0,
}: Pick<Sample, 'kind' | 'operation' | 'outcome' | 'startMs' | 'durationMs' | 'vu' | 'iteration'> &
  Partial<Pick<Sample, 'lagMs' | 'flags'>>): Sample {
  return {
    kind,
    operation,
    outcome,
    startMs,
    lagMs,
    durationMs,
    vu,
    iteration,
    socketMs: undefined,
    connectMs: undefined,
    tlsMs: undefined,
    headersMs: undefined,
    firstEventMs: undefined,
    closeMs: undefined,
    bytes: 0,
    flags,
    message: '',
    checks: undefined,
  };
}
