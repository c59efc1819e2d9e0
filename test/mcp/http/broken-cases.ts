import { chunkOf, openStream } from '../../support/raw-http.ts';
import { good, type OutcomeTable, result } from './outcome-case.ts';

const JSON_TYPE = 'content-type: application/json';
const BEFORE_HEADERS = 'socket close';
const WITHIN_STREAM = 'socket headers event close';
const lost = { reused: false } as const;

/** Replies that are no HTTP, or break off. */
export const brokenReplies: OutcomeTable = {
  title: 'a reply that breaks off',
  cases: [
    {
      name: 'no reply but the end of the connection',
      outcome: 'NET_RESET_PRE',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: (socket) => socket.end(),
      message: /^UND_ERR_SOCKET: other side closed$/,
    },
    {
      name: 'a reset before the headers',
      outcome: 'NET_RESET_PRE',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: (socket) => socket.resetAndDestroy(),
      message: /^ECONNRESET: [^;]+$/,
    },
    {
      name: 'the end of the connection within the headers',
      outcome: 'NET_RESET_PRE',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-ty'),
    },
    {
      name: 'the end of the connection within the headers, after the length',
      outcome: 'NET_RESET_PRE',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: (socket) => socket.end(good.replace(JSON_TYPE, 'connection: close').replace(/\r\n\r\n.*$/s, '\r\nx-')),
    },
    {
      name: 'an end within a stream',
      outcome: 'NET_RESET_MID',
      clocks: WITHIN_STREAM,
      ...lost,
      reply: (socket) => socket.end(openStream('data:\n\n')),
      message: /UND_ERR_SOCKET/,
    },
    {
      name: 'a reset within a stream, after an event that no session takes it up from',
      outcome: 'NET_RESET_MID',
      clocks: WITHIN_STREAM,
      ...lost,
      reply: (socket) => {
        socket.write(openStream('id: 1\ndata:\n\n'), () => setImmediate(() => socket.resetAndDestroy()));
      },
      message: /ECONNRESET|UND_ERR_SOCKET/,
    },
    {
      name: 'an end within the answer in a stream',
      outcome: 'NET_RESET_MID',
      clocks: 'socket headers close',
      ...lost,
      reply: (socket) => socket.end(openStream(`data: ${JSON.stringify(result)}`)),
    },
    {
      name: 'a body shorter than its length says',
      outcome: 'NET_RESET_MID',
      ...lost,
      reply: (socket) => socket.end(good.slice(0, -1)),
    },
    {
      name: 'a body shorter than its length says, on a connection that is to be closed',
      outcome: 'NET_RESET_MID',
      ...lost,
      reply: (socket) => socket.end(good.replace(JSON_TYPE, `${JSON_TYPE}\r\nconnection: close`).slice(0, -1)),
    },
    {
      name: 'a chunked body without its last chunk, on a connection that is to be closed',
      outcome: 'NET_RESET_MID',
      clocks: WITHIN_STREAM,
      ...lost,
      reply: (socket) => socket.end(openStream('data:\n\n').replace('\r\n', '\r\nconnection: close\r\n')),
    },
    {
      name: 'a reply and the wish to close',
      outcome: 'OK',
      ...lost,
      reply: good.replace(JSON_TYPE, `${JSON_TYPE}\r\nconnection: close`),
    },
    {
      name: 'a body that only the end of the connection ends',
      outcome: 'OK',
      ...lost,
      reply: (socket) => socket.end(good.replace(/content-length: \d+\r\n/, '')),
    },
    {
      name: 'a body longer than its length says',
      outcome: 'OK',
      ...lost,
      reply: `${good}and more`,
    },
    {
      name: 'no HTTP at all',
      outcome: 'NET_HTTP_PARSE',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: 'hello\r\n\r\n',
      message: /^HTTPParserError: .*Expected HTTP/,
    },
    {
      name: 'headers without end',
      outcome: 'NET_HTTP_PARSE',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: `HTTP/1.1 200 OK\r\nlong: ${'x'.repeat(100_000)}`,
    },
    {
      name: 'two lengths that contradict each other',
      outcome: 'NET_HTTP_PARSE',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: good.replace('content-length: ', 'content-length: 1\r\ncontent-length: '),
    },
    {
      name: 'a length and chunks',
      outcome: 'NET_HTTP_PARSE',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: good.replace('\r\n\r\n', '\r\ntransfer-encoding: chunked\r\n\r\n'),
    },
    {
      name: 'a header that is none, after the length',
      outcome: 'NET_HTTP_PARSE',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: good.replace('\r\n\r\n', '\r\nno header\r\n\r\n'),
    },
    {
      name: 'a chunk of wrong size',
      outcome: 'NET_HTTP_PARSE',
      clocks: 'socket headers close',
      ...lost,
      reply: `${openStream()}zz\r\n`,
    },
    {
      name: 'another protocol that nobody asked for',
      outcome: 'NET_HTTP_PARSE',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
      message: /bad upgrade/,
    },
    {
      name: 'the wish for a body that was sent already',
      outcome: 'NET_HTTP_PARSE',
      clocks: BEFORE_HEADERS,
      ...lost,
      reply: 'HTTP/1.1 100 Continue\r\n\r\n',
      message: /bad response/,
    },
    {
      name: 'a body without end',
      outcome: 'NET_OTHER',
      clocks: 'socket headers close',
      ...lost,
      message: /UND_ERR_RES_EXCEEDED_MAX_SIZE/,
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
