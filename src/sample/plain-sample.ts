import type { Sample } from './sample.ts';

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
