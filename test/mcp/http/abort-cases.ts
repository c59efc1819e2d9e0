import type { Outcome } from '../../../src/sample/outcome.ts';
import { eventOf, httpReply, openStream } from '../../support/raw-http.ts';
import type { RawReply } from '../../support/scripted-server.ts';
import { result } from './outcome-case.ts';

/** How far a request is when we end it, and what becomes of it. */
export type AbortCase = {
  readonly name: string;
  readonly outcome: Outcome;
  readonly reply: RawReply;
  /** What the target must have been sent, and the exchange have reached, before the end. */
  readonly reached: 'prepared' | 'sent' | 'headers' | 'event';
  readonly clocks: string;
  /** Connections that the request and one after it use. */
  readonly connections: number;
};

const hanging: RawReply = () => {};

/** Requests that we end ourselves. */
export const abortedRequests: { readonly cases: readonly AbortCase[] } = {
  cases: [
    {
      name: 'no token could be had, so nothing is sent',
      outcome: 'AUTH_TOKEN',
      reply: hanging,
      reached: 'prepared',
      clocks: '',
      connections: 1,
    },
    {
      name: 'the load ends before the headers',
      outcome: 'CLIENT_ABORT',
      reply: hanging,
      reached: 'sent',
      clocks: 'socket close',
      connections: 2,
    },
    {
      name: 'the load ends within a body',
      outcome: 'CLIENT_ABORT',
      reply: httpReply(200, ['content-type: application/json'], '{"id":1}').slice(0, -1),
      reached: 'headers',
      clocks: 'socket headers close',
      connections: 2,
    },
    {
      name: 'the load ends within a stream',
      outcome: 'CLIENT_ABORT',
      reply: openStream('data:\n\n'),
      reached: 'event',
      clocks: 'socket headers event close',
      connections: 2,
    },
    {
      name: 'the load ends after the answer, which counts',
      outcome: 'OK',
      reply: openStream(eventOf(result)),
      reached: 'event',
      clocks: 'socket headers event close',
      connections: 2,
    },
  ],
};
