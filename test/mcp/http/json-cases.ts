import type { Outcome } from '../../../src/sample/outcome.ts';
import { httpReply, jsonReply } from '../../support/raw-http.ts';
import { good, result } from './exchange-rig.ts';
import type { OutcomeCase, OutcomeTable } from './outcome-case.ts';

const JSON_TYPE = 'content-type: application/json';
const inJson = (message: unknown, outcome: Outcome, more: Partial<OutcomeCase> = {}): OutcomeCase => ({
  name: JSON.stringify(message),
  reply: jsonReply(message),
  outcome,
  ...more,
});

/** Replies of content type application/json. */
export const jsonReplies: OutcomeTable = {
  title: 'a reply in JSON',
  cases: [
    inJson(result, 'OK'),
    {
      name: 'a content type with capitals and a charset',
      outcome: 'OK',
      reply: good.replace('application/json', 'Application/JSON; charset=utf-8'),
    },
    {
      name: 'content-encoding: identity',
      outcome: 'OK',
      reply: good.replace(JSON_TYPE, `${JSON_TYPE}\r\nContent-Encoding: Identity`),
    },
    inJson([{ method: 'notifications/progress' }, { id: 9, result: {} }, result], 'OK'),
    inJson([{ id: 1, method: 'ping' }, result], 'OK'),
    {
      name: 'early hints before the reply',
      outcome: 'OK',
      reply: `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${good}`,
    },
    inJson({ ...result, error: null }, 'OK'),
    inJson({ ...result, method: null }, 'OK'),
    inJson({ id: 1, error: { code: -32602, message: 'no such tool' } }, 'RPC_-32602', { message: /^no such tool$/ }),
    inJson({ id: '1', error: { code: -32602, message: 'no such tool' } }, 'RPC_-32602'),
    inJson({ id: 1, error: { code: -32000 } }, 'RPC_-32000', { message: /-32000/ }),
    inJson({ id: 1, error: { message: 'no code' } }, 'PROTO_SHAPE', { message: /no code/ }),
    inJson({ id: 1, error: { code: 1e300, message: 'no code either' } }, 'PROTO_SHAPE'),
    inJson({ ...result, error: 'both' }, 'PROTO_SHAPE', { message: /both/ }),
    inJson('hello', 'PROTO_SHAPE'),
    inJson(null, 'PROTO_SHAPE', { message: /^null$/ }),
    inJson({ ok: true }, 'PROTO_SHAPE', { message: /"ok":true/ }),
    inJson({ id: 1, method: 7 }, 'PROTO_SHAPE', { message: /"method":7/ }),
    inJson([[result]], 'PROTO_SHAPE'),
    inJson({ ...result, id: '1' }, 'PROTO_ID_TYPE', { message: /id sent back as text: 1/ }),
    inJson({ ...result, id: 2 }, 'PROTO_ID_MISMATCH', { message: /id 2 instead of 1/ }),
    inJson({ id: null, error: { code: -32700, message: 'parse error' } }, 'PROTO_ID_MISMATCH', {
      message: /null.*parse error/,
    }),
    inJson({ id: 1, method: 'sampling/createMessage' }, 'PROTO_NO_REPLY', { message: /sampling/ }),
    inJson([], 'PROTO_NO_REPLY', { message: /^\[\]$/ }),
    {
      name: 'incomplete JSON',
      outcome: 'PROTO_JSON',
      reply: httpReply(200, [JSON_TYPE], '{"jsonrpc"'),
      message: /^\{"jsonrpc"$/,
    },
    {
      name: 'a megabyte that is not JSON',
      outcome: 'PROTO_JSON',
      reply: httpReply(200, [JSON_TYPE], 'x'.repeat(2 ** 20)),
      message: /^x{16384}…$/,
    },
    inJson({ id: null, result: {} }, 'PROTO_ID_MISMATCH', { message: /id null instead of 1/ }),
    { name: 'no body', outcome: 'PROTO_EMPTY', reply: httpReply(200, [JSON_TYPE], '') },
    { name: 'a body of white space', outcome: 'PROTO_EMPTY', reply: httpReply(200, [JSON_TYPE], ' ') },
    {
      name: 'compressed JSON that no request asked for',
      outcome: 'PROTO_CT_OTHER',
      reply: good.replace(JSON_TYPE, `${JSON_TYPE}\r\ncontent-encoding: gzip`),
      message: /content-encoding gzip, which no request asked for/,
    },
  ],
};
