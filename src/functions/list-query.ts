import { z } from 'zod';
import { type Problem, pathText, shortened } from '../plan/problem.ts';
import type { RunFilter } from '../run/list-runs.ts';
import { runIdPattern } from '../run/run-documents.ts';
import { SHOWN_STATES } from '../run/run-view.ts';
import { RUN_TRIGGERS } from '../store/run-store.ts';

const MAX_LIMIT = 200;
const DEFAULT_LIMIT = 50;

const expected = (what: string) => ({
  error: ({ input }: { input?: unknown }) => `expected ${what}, got "${shortened(String(input))}"`,
});

const querySchema = z.object({
  plan: z.string().min(1, expected('the name of a plan')),
  state: z
    .string()
    .transform((text) => text.split(',').map((item) => item.trim()))
    .pipe(z.array(z.enum(SHOWN_STATES, expected(`one or several of ${SHOWN_STATES.join(', ')}`)))),
  trigger: z.enum(RUN_TRIGGERS, expected(`one of ${RUN_TRIGGERS.join(', ')}`)),
  since: z
    .union([z.iso.datetime({ offset: true }), z.iso.date()], expected('a date or a time such as 2026-11-23T06:00:00Z'))
    .transform((text) => Date.parse(text)),
  limit: z
    .string()
    .regex(/^\d{1,3}$/, expected(`a whole number from 1 to ${MAX_LIMIT}`))
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= MAX_LIMIT, expected(`a whole number from 1 to ${MAX_LIMIT}`)),
  cursor: z.string().regex(runIdPattern, expected('the value of "next" in the previous answer')),
});

/** Names of the query parameters of the list of runs. */
export const LIST_QUERY: readonly string[] = Object.keys(querySchema.shape);

/** Reads the query of the list of runs, or finds everything that is wrong with it. */
export function parseListQuery(
  query: Iterable<readonly [string, string]>,
): { readonly filter: RunFilter } | { readonly problems: readonly Problem[] } {
  const { success, data, error } = querySchema.partial().safeParse(Object.fromEntries(query));
  if (!success) {
    const problems = error.issues.map(({ path, message }) => ({ path: pathText(['query', ...path]), message }));
    return { problems };
  }
  const { plan, state, trigger, since, limit = DEFAULT_LIMIT, cursor } = data;
  return {
    filter: {
      ...(plan === undefined ? {} : { planName: plan }),
      ...(state === undefined ? {} : { states: state }),
      ...(trigger === undefined ? {} : { trigger }),
      ...(since === undefined ? {} : { sinceMs: since }),
      ...(cursor === undefined ? {} : { cursor }),
      limit,
    },
  };
}
