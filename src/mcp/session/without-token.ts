import type { Judgement } from '../exchange/judgement.ts';
import { limitReached } from '../http/classify.ts';
import type { Exchange } from '../http/exchange.ts';

/** The outcome of a request that no token could be had for, by the error that its fetch ended in. */
export function judgeWithoutToken(error: Error): Judgement {
  const wayOut = limitReached(error);
  if (wayOut === undefined) return { outcome: 'AUTH_TOKEN', message: error.message };
  return { outcome: 'CLIENT_LIMIT', message: `${error.message.replace(/\.$/, '')}; ${wayOut}` };
}

/** True for a request that was not sent because no token could be had; one that lacks a connection was given to it. */
export function lackedToken({ outcome, link }: Exchange): boolean {
  return outcome === 'AUTH_TOKEN' || (outcome === 'CLIENT_LIMIT' && link === undefined);
}
