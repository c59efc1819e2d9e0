import { z } from 'zod';
import { durationSchema } from './primitives.ts';

const share = z.number().min(0).max(1);

/**
 * What the generator must have achieved for its figures to count. A rule that is broken makes the verdict `invalid`.
 */
export const generatorRulesSchema = z.strictObject({
  /** p99 of the delay of timers in the process that makes the load; above it, latencies are partly our own. */
  maxEventLoopDelay: durationSchema(1).prefault('100ms'),
  /** How late a slice may begin. */
  maxStartDelay: durationSchema().prefault('2s'),
  /** Slices that may vanish, as a share of all. */
  maxLostSlices: share.default(0),
  /** CPU seconds a second of the process; a process that makes load on one thread has not much more than 1. */
  maxCpu: z.number().positive().default(0.95),
  /** Starts that may be missing, as a share of those planned; dropped iterations are not missing, they are counted. */
  maxMissedStarts: share.default(0.001),
  /** A start that comes this long after its instant is late. */
  lateAfter: durationSchema(1).prefault('50ms'),
  /** Late starts, as a share of all starts that had an instant. */
  maxLateStarts: share.default(0.01),
});
