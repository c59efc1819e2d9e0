import { outcomeClass } from '../../sample/outcome.ts';
import type { Exchange } from '../http/exchange.ts';

/** True when the caller got its answer, whatever rule the server bent. */
export function succeeded({ outcome }: Exchange): boolean {
  const became = outcomeClass(outcome);
  return became === 'useful' || became === 'warning';
}
