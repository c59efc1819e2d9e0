import { chunkOf, openStream } from '../../support/raw-http.ts';
import { good, result } from './exchange-rig.ts';
import type { OutcomeTable } from './outcome-case.ts';

const JSON_TYPE = 'content-type: application/json';
const BEFORE_HEADERS = 'socket close';
const WITHIN_STREAM = 'socket headers event close';
/** The connection cannot be used again. */
const lost = { reused: false } as const;

/** Replies that are not valid HTTP, or break off. */
export const brokenReplies: OutcomeTable = {
  title: 'a broken reply',
  cases: [
    {
      name: 'the server closes the connection without a reply',
      outcome: 'NET_RESET_PRE',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: (socket) => socket.end(),
      message: /^UND_ERR_SOCKET: other side closed$/,
    },
    {
      name: 'the server resets the connection before the headers',
      outcome: 'NET_RESET_PRE',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: (socket) => socket.resetAndDestroy(),
      message: /^ECONNRESET: [^;]+$/,
    },
    {
      name: 'the connection ends within the headers',
      outcome: 'NET_RESET_PRE',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-ty'),
    },
    {
      name: 'the connection ends within the headers, after the length',
      outcome: 'NET_RESET_PRE',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: (socket) => socket.end(good.replace(JSON_TYPE, 'connection: close').replace(/\r\n\r\n.*$/s, '\r\nx-')),
    },
    {
      name: 'the connection ends within a stream',
      outcome: 'NET_RESET_MID',
      clocks: WITHIN_STREAM,
      ...lost,
      reply: (socket) => socket.end(openStream('data:\n\n')),
      message: /UND_ERR_SOCKET/,
    },
    {
      name: 'the server resets the connection within a stream that no session resumes',
      outcome: 'NET_RESET_MID',
      clocks: WITHIN_STREAM,
      ...lost,
      reply: (socket) => {
        socket.write(openStream('id: 1\ndata:\n\n'), () => setImmediate(() => socket.resetAndDestroy()));
      },
      message: /ECONNRESET|UND_ERR_SOCKET/,
    },
    {
      name: 'the connection ends within an event with the answer',
      outcome: 'NET_RESET_MID',
      clocks: 'socket headers close',
      ...lost,
      reply: (socket) => socket.end(openStream(`data: ${JSON.stringify(result)}`)),
    },
    {
      name: 'a body is shorter than its length',
      outcome: 'NET_RESET_MID',
      ...lost,
      reply: (socket) => socket.end(good.slice(0, -1)),
    },
    {
      name: 'a body is shorter than its length, on a connection with connection: close',
      outcome: 'NET_RESET_MID',
      ...lost,
      reply: (socket) => socket.end(good.replace(JSON_TYPE, `${JSON_TYPE}\r\nconnection: close`).slice(0, -1)),
    },
    {
      name: 'a chunked body has no last chunk, on a connection with connection: close',
      outcome: 'NET_RESET_MID',
      clocks: WITHIN_STREAM,
      ...lost,
      reply: (socket) => socket.end(openStream('data:\n\n').replace('\r\n', '\r\nconnection: close\r\n')),
    },
    {
      name: 'the reply has connection: close',
      outcome: 'OK',
      ...lost,
      reply: good.replace(JSON_TYPE, `${JSON_TYPE}\r\nconnection: close`),
    },
    {
      name: 'the end of the connection ends the body',
      outcome: 'OK',
      ...lost,
      reply: (socket) => socket.end(good.replace(/content-length: \d+\r\n/, '')),
    },
    {
      name: 'a body is longer than its length',
      outcome: 'OK',
      ...lost,
      reply: `${good}and more`,
    },
    {
      name: 'the reply is not HTTP',
      outcome: 'NET_HTTP_PARSE',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: 'hello\r\n\r\n',
      message: /^HTTPParserError: .*Expected HTTP/,
    },
    {
      name: 'the headers never end',
      outcome: 'NET_HTTP_PARSE',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: `HTTP/1.1 200 OK\r\nlong: ${'x'.repeat(100_000)}`,
    },
    {
      name: 'two lengths contradict each other',
      outcome: 'NET_HTTP_PARSE',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: good.replace('content-length: ', 'content-length: 1\r\ncontent-length: '),
    },
    {
      name: 'the reply has a length and chunks',
      outcome: 'NET_HTTP_PARSE',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: good.replace('\r\n\r\n', '\r\ntransfer-encoding: chunked\r\n\r\n'),
    },
    {
      name: 'a header line has no colon',
      outcome: 'NET_HTTP_PARSE',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: good.replace('\r\n\r\n', '\r\nno header\r\n\r\n'),
    },
    {
      name: 'the size of a chunk is not a number',
      outcome: 'NET_HTTP_PARSE',
      clocks: 'socket headers close',
      ...lost,
      reply: `${openStream()}zz\r\n`,
    },
    {
      name: 'the server switches to another protocol without being asked',
      outcome: 'NET_HTTP_PARSE',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
      message: /bad upgrade/,
    },
    {
      name: 'the server asks for a body that was already sent (100 Continue)',
      outcome: 'NET_HTTP_PARSE',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: 'HTTP/1.1 100 Continue\r\n\r\n',
      message: /bad response/,
    },
    {
      name: 'the body never ends',
      outcome: 'REPLY_TOO_LARGE',
      clocks: 'socket headers close',
      ...lost,
      message: /^the reply has (an event of )?more than 8388608 bytes/,
      reply: (socket) => {
        const chunk = Buffer.from(chunkOf('x'.repeat(2 ** 20)));
        const pour = () => {
          while (!socket.destroyed && socket.write(chunk));
        };
        socket.on('drain', pour);
        socket.write(openStream());
        pour();
      },
    },
  ],
};
