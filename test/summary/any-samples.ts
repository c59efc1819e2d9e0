import fc from 'fast-check';
import type { Outcome } from '../../src/sample/outcome.ts';
import type { SampleParts } from '../support/blocks-of.ts';

/** The checks of a step; the positions come out of order in text order. */
const CHECKS = ['a', 'b', 'c'].map((check, position) => {
  return { target: 'web', scenario: 'calls', operation: 'tools/call:look', step: 10 - position, position, check };
});
/** A clock that some requests reach. */
const anyClock = fc.option(fc.nat(4000), { nil: undefined });
/** Only requests carry messages. The operation of an iteration is its scenario's name; of a pause, the call that asked for it. */
const anySample: fc.Arbitrary<SampleParts> = fc
  .record({
    kind: fc.constantFrom('request', 'request', 'iteration', 'droppedIteration', 'pause', 'connectionPause', 'session'),
    target: fc.constantFrom('web', 'web:2', 'wörk'),
    operation: fc.constantFrom('initialize', 'tools/call:look', 'tools/call:a\nb'),
    operationKind: fc.constantFrom('step', 'step', 'protocol'),
    outcome: fc.constantFrom<Outcome>(
      'OK',
      'OK',
      'TOOL_ERROR',
      'HTTP_429',
      'TOOL_EMPTY',
      'TMO_TOTAL',
      'TMO_GRACEFUL_STOP',
      'CLIENT_ABORT',
      'CLIENT_LIMIT',
    ),
    atMs: fc.nat(5000),
    lagMs: fc.constantFrom(0, 0, 700, 2500),
    durationMs: fc.nat(3000),
    socketMs: anyClock,
    connectMs: anyClock,
    tlsMs: anyClock,
    closeMs: anyClock,
    flags: fc.nat(255),
    vu: fc.nat(10),
    message: fc.constantFrom('', 'one', 'two', 'three'),
    checks: fc.option(fc.record({ checks: fc.constant(CHECKS), failed: fc.subarray([0, 1, 2]) }), { nil: undefined }),
  })
  .map(({ message, checks, ...parts }): SampleParts => {
    if (parts.kind === 'request') return { ...parts, message, checks };
    if (parts.kind === 'session') {
      return { ...parts, operation: 'session', lagMs: 0, durationMs: (parts.durationMs ?? 0) * 4 };
    }
    return parts.kind === 'pause' || parts.kind === 'connectionPause' ? parts : { ...parts, operation: 'calls' };
  });
/** Up to three lists of samples of every kind, each for a block of its own. */
export const anyLists = fc.array(fc.array(anySample, { maxLength: 15 }), { maxLength: 3 });
