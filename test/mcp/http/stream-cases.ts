import type { Outcome } from '../../../src/sample/outcome.ts';
import { eventOf, eventStream } from '../../support/raw-http.ts';
import { result } from './exchange-rig.ts';
import type { OutcomeCase, OutcomeTable } from './outcome-case.ts';

const inStream = (name: string, outcome: Outcome, texts: string[], more: Partial<OutcomeCase> = {}): OutcomeCase => ({
  name,
  reply: eventStream(...texts),
  outcome,
  clocks: 'socket headers event close',
  ...more,
});

/** Replies in event streams that the server ends. */
export const streamReplies: OutcomeTable = {
  title: 'a reply in an event stream',
  cases: [
    inStream('the reply in a stream', 'OK', [eventOf(result)]),
    inStream('an error in a stream', 'RPC_-32603', [eventOf({ id: 1, error: { code: -32603, message: 'x' } })]),
    inStream('an array in a stream', 'OK', [eventOf([{ method: 'notifications/message' }, result])]),
    inStream('a byte order mark, comments, CRLF and data on several lines', 'OK', [
      `\ufeff: hello\r\nid: 1\r\ndata: {"id":1,\r\ndata:"result":{}}\r\n\r\n`,
    ]),
    inStream('lines that end with CR', 'OK', [`data: ${JSON.stringify(result)}\r\r`]),
    inStream('CR and LF in chunks of their own', 'OK', [
      `: sent by sse-starlette\r`,
      `\ndata: ${JSON.stringify(result)}\r`,
      '\n\r',
      '\n',
    ]),
    inStream('progress, a request of the same id and a priming event before the reply', 'OK', [
      'id: 7\ndata:\n\n',
      eventOf({ method: 'notifications/progress', params: {} }),
      eventOf({ id: 1, method: 'sampling/createMessage', params: {} }),
      eventOf(result),
    ]),
    inStream('the reply byte by byte', 'OK', [...`id: 1\r\nevent: message\r\n${eventOf(result)}`]),
    inStream('pings that are not JSON-RPC', 'OK', [
      'event: ping\ndata: {}\n\nevent: ping\ndata: 12:00\n\n',
      eventOf(result),
    ]),
    inStream('the reply in an event of another type, which clients ignore', 'PROTO_NO_REPLY', [
      `event: reply\n${eventOf(result)}`,
    ]),
    inStream('junk before the reply', 'OK', [
      'data: <junk>\n\n',
      eventOf({ junk: 1 }),
      eventOf({ ...result, id: 5 }),
      eventOf(result),
    ]),
    inStream('a second reply after the first', 'OK', [
      eventOf(result),
      eventOf({ id: 1, error: { code: -32603, message: 'too late' } }),
    ]),
    inStream('only junk', 'SSE_BAD_DATA', ['data: <junk>\n\n'], { message: /^<junk>$/ }),
    inStream('junk, followed only by a request from the server', 'SSE_BAD_DATA', [
      'data: <junk>\n\n',
      eventOf({ id: 1, method: 'roots/list' }),
    ]),
    inStream('only a message that is not JSON-RPC', 'PROTO_SHAPE', [eventOf({ junk: 1 })]),
    inStream('only a reply with another id', 'PROTO_ID_MISMATCH', [eventOf({ ...result, id: 5 })]),
    inStream('only a reply without an id', 'PROTO_ID_MISMATCH', [eventOf({ result: {} })], {
      message: /undefined instead of 1/,
    }),
    inStream(
      'only an error with a null id',
      'PROTO_ID_MISMATCH',
      [eventOf({ id: null, error: { code: -32700, message: 'x' } })],
      {
        message: /id null instead of 1: x/,
      },
    ),
    inStream('the id sent back as text', 'PROTO_ID_TYPE', [eventOf({ ...result, id: '1' })]),
    inStream('only progress', 'PROTO_NO_REPLY', [eventOf({ method: 'notifications/progress' })]),
    inStream('an empty stream', 'PROTO_NO_REPLY', [], { clocks: 'socket headers close' }),
    inStream('a priming event in a stream that no session resumes', 'PROTO_NO_REPLY', ['id: 1\ndata:\n\n']),
    inStream('no blank line after the reply', 'SSE_UNTERMINATED', [`data: ${JSON.stringify(result)}`]),
    inStream('no blank line after an error', 'RPC_7', ['data: {"id":1,"error":{"code":7,"message":"x"}}\n']),
    inStream('no blank line after junk', 'SSE_BAD_DATA', ['data: <junk>']),
  ],
};
