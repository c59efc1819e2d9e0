import { chunkOf, eventOf, httpReply, LAST_CHUNK, openStream } from '../../support/raw-http.ts';
import { good, result } from './exchange-rig.ts';
import type { OutcomeTable } from './outcome-case.ts';

const BEFORE_HEADERS = 'socket close';
const WITHIN_STREAM = 'socket headers event close';
const lost = { reused: false } as const;

/** Replies that are late, or never end. */
export const lateReplies: OutcomeTable = {
  title: 'a late reply',
  cases: [
    {
      name: 'no reply',
      outcome: 'TMO_HEADERS',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: () => {},
      message: /^no headers within 300 ms$/,
      target: { timeouts: { headers: '300ms' } },
    },
    {
      name: 'incomplete headers',
      outcome: 'TMO_HEADERS',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: 'HTTP/1.1 200 OK\r\ncontent-ty',
      target: { timeouts: { headers: '300ms' } },
    },
    {
      name: 'no reply, with a longer time limit for the headers than for the request',
      outcome: 'TMO_TOTAL',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: () => {},
      message: /^no answer within 300 ms$/,
      target: { timeouts: { headers: '10s', total: '300ms' } },
    },
    {
      name: 'no reply to the GET of an event stream',
      outcome: 'PROTO_HEADERS_HELD',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: () => {},
      message: /^no headers within 2000 ms$/,
      request: { method: 'GET', body: null, expects: 'stream', id: 0 },
      target: { timeouts: { headers: '2100ms' } },
    },
    {
      name: 'only early hints',
      outcome: 'TMO_HEADERS',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: 'HTTP/1.1 103 Early Hints\r\n\r\n',
      target: { timeouts: { headers: '300ms' } },
    },
    {
      name: 'silence within a stream',
      outcome: 'TMO_IDLE',
      target: { timeouts: { idle: '300ms' } },
      clocks: WITHIN_STREAM,
      ...lost,
      reply: openStream('data:\n\n'),
      message: /^no data for 300 ms$/,
    },
    {
      name: 'silence within a JSON body',
      outcome: 'TMO_IDLE',
      target: { timeouts: { idle: '300ms' } },
      clocks: 'socket headers close',
      ...lost,
      reply: good.slice(0, -1),
    },
    {
      name: 'silence within an error page',
      outcome: 'TMO_IDLE',
      target: { timeouts: { idle: '300ms' } },
      clocks: 'socket headers close',
      ...lost,
      reply: httpReply(502, ['content-type: text/html'], '<p>sorry</p>').slice(0, -1),
    },
    {
      name: 'comments keep coming until the answer',
      outcome: 'OK',
      target: { timeouts: { idle: '500ms' } },
      clocks: WITHIN_STREAM,
      reply: (socket) => {
        socket.write(openStream());
        let left = 12;
        const drip = setInterval(() => {
          if (left-- > 0) socket.write(chunkOf(':\n\n'));
          else socket.write(chunkOf(eventOf(result)) + LAST_CHUNK, () => clearInterval(drip));
        }, 50);
      },
    },
    {
      name: 'silence after an answer to another id',
      outcome: 'TMO_IDLE',
      target: { timeouts: { idle: '300ms' } },
      clocks: WITHIN_STREAM,
      ...lost,
      reply: openStream(eventOf({ ...result, id: 5 })),
      message: /no data for 300 ms; before that PROTO_ID_MISMATCH: .*id 5/,
    },
    {
      name: 'an answer without the blank line after it, in a stream that stays open',
      outcome: 'TMO_UNTERMINATED',
      target: { timeouts: { idle: '300ms' } },
      clocks: WITHIN_STREAM,
      ...lost,
      reply: openStream(`data: ${JSON.stringify(result)}\n`),
      message: /no blank line ended its event/,
    },
    {
      name: 'an answer without the blank line after it, followed by endless comments',
      outcome: 'TMO_UNTERMINATED',
      target: { timeouts: { total: '300ms' } },
      clocks: WITHIN_STREAM,
      ...lost,
      reply: (socket) => {
        socket.write(openStream(`data: ${JSON.stringify(result)}\n`));
        const drip = setInterval(() => socket.write(chunkOf(':\n')), 10);
        socket.on('close', () => clearInterval(drip));
      },
      message: /no blank line ended its event/,
    },
    {
      name: 'half an answer in a stream that stays open',
      outcome: 'TMO_IDLE',
      target: { timeouts: { idle: '300ms' } },
      clocks: WITHIN_STREAM,
      ...lost,
      reply: openStream('data: {"jsonrpc":"2.0","id":1,'),
      message: /^no data for 300 ms, in the middle of an event$/,
    },
    {
      name: 'a stream of comments without an answer',
      outcome: 'TMO_TOTAL',
      target: { timeouts: { total: '300ms' } },
      clocks: WITHIN_STREAM,
      ...lost,
      reply: (socket) => {
        socket.write(openStream('data:\n\n'));
        const drip = setInterval(() => socket.write(chunkOf(':\n')), 10);
        socket.on('close', () => clearInterval(drip));
      },
      message: /^no answer within 300 ms$/,
    },
  ],
};
