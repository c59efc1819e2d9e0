import type { Sample } from '../../src/sample/sample.ts';

/** A useful request of 10 ms over a connection that was there, with some of its fields replaced. */
export function aSample(changes: Partial<Sample> = {}): Sample {
  return {
    kind: 'request',
    operation: 0,
    outcome: 'OK',
    startMs: 0,
    lagMs: 0,
    durationMs: 10,
    socketMs: 0.1,
    connectMs: undefined,
    tlsMs: undefined,
    headersMs: 5,
    firstEventMs: undefined,
    closeMs: 11,
    bytes: 100,
    vu: 0,
    iteration: 0,
    flags: 0,
    message: '',
    ...changes,
  };
}
