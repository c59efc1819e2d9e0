import { chunkOf, eventOf, openStream } from '../../support/raw-http.ts';
import { good, result, testOutcomes } from './outcome-case.ts';

const JSON_TYPE = 'content-type: application/json';

testOutcomes('a reply that breaks off', [
  {
    name: 'no reply but the end of the connection',
    outcome: 'NET_RESET_PRE',
    clocks: 'close',
    reused: false,
    reply: (socket) => socket.end(),
  },
  {
    name: 'a reset before the headers',
    outcome: 'NET_RESET_PRE',
    clocks: 'close',
    reused: false,
    reply: (socket) => socket.resetAndDestroy(),
  },
  {
    name: 'an end within a stream',
    outcome: 'NET_RESET_MID',
    clocks: 'headers event close',
    reused: false,
    reply: (socket) => socket.end(openStream('data:\n\n')),
  },
  {
    name: 'a body shorter than its length says',
    outcome: 'NET_RESET_MID',
    clocks: 'headers close',
    reused: false,
    reply: (socket) => socket.end(good.slice(0, -1)),
  },
  {
    name: 'a body shorter than its length says, on a connection that is to be closed',
    outcome: 'NET_RESET_MID',
    clocks: 'headers close',
    reused: false,
    reply: (socket) => socket.end(good.replace(JSON_TYPE, `${JSON_TYPE}\r\nconnection: close`).slice(0, -1)),
  },
  {
    name: 'a chunked body without its last chunk, on a connection that is to be closed',
    outcome: 'NET_RESET_MID',
    clocks: 'headers event close',
    reused: false,
    reply: (socket) => socket.end(openStream('data:\n\n').replace('\r\n', '\r\nconnection: close\r\n')),
  },
  {
    name: 'a reply and the wish to close',
    outcome: 'OK',
    reused: false,
    reply: good.replace(JSON_TYPE, `${JSON_TYPE}\r\nconnection: close`),
  },
  {
    name: 'no HTTP at all',
    outcome: 'NET_HTTP_PARSE',
    clocks: 'close',
    reused: false,
    reply: 'hello\r\n\r\n',
    message: /^HTTPParserError: .*Expected HTTP/,
  },
  {
    name: 'headers without end',
    outcome: 'NET_HTTP_PARSE',
    clocks: 'close',
    reused: false,
    reply: `HTTP/1.1 200 OK\r\nlong: ${'x'.repeat(100_000)}`,
  },
  {
    name: 'a chunk of wrong size',
    outcome: 'NET_HTTP_PARSE',
    clocks: 'headers close',
    reused: false,
    reply: `${openStream()}zz\r\n`,
  },
  {
    name: 'a body without end',
    outcome: 'NET_OTHER',
    clocks: 'headers close',
    reused: false,
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

  {
    name: 'no reply',
    outcome: 'TMO_HEADERS',
    clocks: 'close',
    reused: false,
    reply: () => {},
    message: /headers within 150 ms$/,
    timeouts: { headers: '150ms' },
  },
  {
    name: 'silence within a stream',
    outcome: 'TMO_IDLE',
    timeouts: { idle: '150ms' },
    clocks: 'headers event close',
    reused: false,
    reply: openStream('data:\n\n'),
  },
  {
    name: 'silence after an answer to another id',
    outcome: 'TMO_IDLE',
    timeouts: { idle: '150ms' },
    clocks: 'headers event close',
    reused: false,
    reply: openStream(eventOf({ ...result, id: 5 })),
    message: /no byte for 150 ms; before that PROTO_ID_MISMATCH: .*id 5/,
  },
  {
    name: 'a stream that never comes to the point',
    outcome: 'TMO_TOTAL',
    timeouts: { total: '150ms' },
    clocks: 'headers event close',
    reused: false,
    reply: (socket) => {
      socket.write(openStream('data:\n\n'));
      const drip = setInterval(() => socket.write(chunkOf(':\n')), 10);
      socket.on('close', () => clearInterval(drip));
    },
  },
]);
