import type { Exchange } from '../mcp/http/exchange.ts';
import { type Outcome, outcomeClass } from '../sample/outcome.ts';

/** How an iteration came out. */
export type Ending = {
  readonly outcome: Outcome;
  /** The last reply, which may ask for a pause. */
  readonly last?: Exchange | undefined;
  /** True when nothing could be sent, so that the next iteration would come at once. */
  readonly barred?: boolean;
};

/** A feed has no row left for the iteration. */
export const FEED_END: Ending = { outcome: 'PLAN_FEED_END', barred: true };

/** There was no session. @param before what the iteration came to until then */
export function notOpened(refused: Exchange, before: Outcome = 'OK'): Ending {
  return { outcome: worseOutcome(before, refused.outcome), last: refused, barred: true };
}

/** What an iteration comes to with one more call: its first failure, or else its first warning, or else OK. */
export function worseOutcome(before: Outcome, next: Outcome): Outcome {
  return rankOf(next) > rankOf(before) ? next : before;
}

function rankOf(outcome: Outcome): number {
  const became = outcomeClass(outcome);
  if (became === 'useful') return 0;
  return became === 'warning' ? 1 : 2;
}
