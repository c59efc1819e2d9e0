import type { Caller } from './session.ts';

/** Whose a request is that another brought about: what marks a call is its first request's alone. */
export function followUp({ vu, iteration, retry }: Caller): Caller {
  return { vu, iteration, ...(retry === undefined ? {} : { retry }) };
}
