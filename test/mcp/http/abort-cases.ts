import type { Outcome } from '../../../src/sample/outcome.ts';
import { eventOf, httpReply, openStream } from '../../support/raw-http.ts';
import type { RawReply } from '../../support/scripted-server.ts';
import { result } from './exchange-rig.ts';

/** How far a request is when we end it, and what that leads to. */
export type AbortCase = {
  readonly name: string;
  readonly outcome: Outcome;
  readonly reply: RawReply;
  /** What must have happened before we end it: nothing, or the server got it, or something of the reply arrived. */
  readonly reached: 'prepared' | 'sent' | 'headers' | 'event';
  readonly clocks: string;
  /** Connections that this request and the next one use. */
  readonly connections: number;
};

const noReply: RawReply = () => {};

/** Requests that we end ourselves. */
export const abortedRequests: readonly AbortCase[] = [
  {
    name: 'no token was issued, so nothing is sent',
    outcome: 'AUTH_TOKEN',
    reply: noReply,
    reached: 'prepared',
    clocks: '',
    connections: 1,
  },
  {
    name: 'the load ends before the headers',
    outcome: 'CLIENT_ABORT',
    reply: noReply,
    reached: 'sent',
    clocks: 'socket close',
    connections: 2,
  },
  {
    name: 'the graceful stop ends before the headers',
    outcome: 'TMO_GRACEFUL_STOP',
    reply: noReply,
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
];
