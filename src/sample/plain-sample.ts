import type { Sample } from './sample.ts';

/** A sample of what is no request: it has a time and an outcome, and none of a request's clocks. */
export function plainSample(
  known: Pick<Sample, 'kind' | 'operation' | 'outcome' | 'startMs' | 'durationMs' | 'vu' | 'iteration'>,
): Sample {
  return {
    lagMs: 0,
    socketMs: undefined,
    connectMs: undefined,
    tlsMs: undefined,
    headersMs: undefined,
    firstEventMs: undefined,
    closeMs: undefined,
    bytes: 0,
    flags: 0,
    message: '',
    ...known,
  };
}
