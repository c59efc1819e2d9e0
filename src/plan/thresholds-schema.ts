import { z } from 'zod';
import { durationSchema } from './primitives.ts';
import { parseThreshold } from './threshold.ts';

/** A condition with its defaults filled in; `over` is milliseconds, or `run` or `stage`. */
export type Condition = {
  readonly threshold: string;
  readonly abortOnFail: boolean;
  readonly delayAbortEval: number;
  readonly over: 'run' | 'stage' | number;
};
type LongForm = { readonly threshold: string } & { readonly [Key in keyof Condition]?: Condition[Key] | undefined };

/** One condition; the long form is k6's, with `over` of our own. */
const conditionSchema = z
  .union(
    [
      z.string().transform((threshold) => ({ threshold })),
      z
        .strictObject({
          threshold: z.string(),
          /** Ends the run as soon as the condition does not hold, looked at every few seconds over all lanes. */
          abortOnFail: z.boolean().optional(),
          /** Not before so much of the run (or of the stage) is over. */
          delayAbortEval: durationSchema().optional(),
          /**
           * What the condition must hold over: the whole run, every stretch of so long within it, or every stage of the
           * plan's one scenario with stages, each by itself: then the run finds out up to which stage it held.
           */
          over: z
            .union(
              [z.literal(['run', 'stage']), durationSchema(1000)],
              'expected "run", "stage" or a duration of at least 1 s',
            )
            .optional(),
        })
        .refine(({ abortOnFail, delayAbortEval }) => delayAbortEval === undefined || abortOnFail === true, {
          message: 'expected abortOnFail: true beside it, as only aborting can be delayed',
          path: ['delayAbortEval'],
        }),
    ],
    'expected a condition such as "p(95)<500", or {threshold, abortOnFail, delayAbortEval, over}',
  )
  .transform((condition): Condition => {
    const long: LongForm = condition;
    const { threshold, abortOnFail = false, delayAbortEval = 0, over = 'run' } = long;
    return { threshold, abortOnFail, delayAbortEval, over };
  });

/** Conditions by metric, k6's grammar. */
export const thresholdsSchema = z
  .record(z.string(), z.array(conditionSchema).min(1, 'expected at least one condition'))
  .superRefine((thresholds, context) => {
    for (const [metric, conditions] of Object.entries(thresholds)) {
      conditions.forEach(({ threshold }, index) => {
        const parsed = parseThreshold(metric, threshold);
        if ('problem' in parsed) {
          context.addIssue({ code: 'custom', message: parsed.problem, path: [metric, index], input: threshold });
        }
      });
    }
  });
