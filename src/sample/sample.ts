import type { SAMPLE_KIND } from './block.ts';
import type { Outcome } from './outcome.ts';

/**
 * One measurement: a request, an iteration, an iteration that could not start, a pause that a target asked for with
 * Retry-After, or a session from when it was open until it was over. Times are milliseconds.
 */
export type Sample = {
  readonly kind: keyof typeof SAMPLE_KIND;
  /** Number from Recorder.operation. */
  readonly operation: number;
  readonly outcome: Outcome;
  /** Actual start, epoch. */
  readonly startMs: number;
  /** Intended to actual start. */
  readonly lagMs: number;
  /** From the actual start until the matching response, or until the failure was known. */
  readonly durationMs: number;
  /** From the actual start until a connection took the request; undefined when none did. */
  readonly socketMs: number | undefined;
  /** What making the connection took, name look-up included; undefined when it had served before. */
  readonly connectMs: number | undefined;
  /** What the new connection's TLS handshake took after that. */
  readonly tlsMs: number | undefined;
  /** Further clocks, from the actual start; undefined when the request never got there. */
  readonly headersMs: number | undefined;
  readonly firstEventMs: number | undefined;
  readonly closeMs: number | undefined;
  /** Body bytes received. */
  readonly bytes: number;
  readonly vu: number;
  readonly iteration: number;
  /** Bits of SAMPLE_FLAG. */
  readonly flags: number;
  /** What the target said, for the failure summary; empty when there is nothing to show. */
  readonly message: string;
};

/** A sample of what is no request: it has a time and an outcome, and none of a request's clocks. */
export function plainSample({
  kind,
  operation,
  outcome,
  startMs,
  lagMs = 0,
  durationMs,
  vu,
  iteration,
}: Pick<Sample, 'kind' | 'operation' | 'outcome' | 'startMs' | 'durationMs' | 'vu' | 'iteration'> &
  Partial<Pick<Sample, 'lagMs'>>): Sample {
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
    flags: 0,
    message: '',
  };
}
