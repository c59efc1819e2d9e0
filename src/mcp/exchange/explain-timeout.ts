import type { Judgement } from './judgement.ts';

/**
 * What may explain that a request is out of time, to go behind the judgement's message.
 * @param sent whether a connection had taken it
 * @param before what was wrong with its reply until then
 */
export function explainTimeout(sent: boolean, before: Judgement | undefined): string {
  if (!sent) return '; not sent, as no connection was free or could be made';
  return before === undefined ? '' : `; before that ${before.outcome}: ${before.message}`;
}
