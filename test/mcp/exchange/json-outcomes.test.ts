import { compileSoftErrors, judgeToolResult } from '../../../src/mcp/operations/tool-result.ts';
import { httpReply, jsonReply } from '../../support/raw-http.ts';
import { good, type OutcomeCase, result, testOutcomes } from './outcome-case.ts';

const JSON_TYPE = 'content-type: application/json';
const inJson = (message: unknown, outcome: string, more: Partial<OutcomeCase> = {}): OutcomeCase => ({
  name: JSON.stringify(message),
  reply: jsonReply(message),
  outcome,
  ...more,
});
const judgedAsTool = {
  judge: (value: unknown) =>
    judgeToolResult(
      value,
      compileSoftErrors([
        { pattern: 'quota', outcome: 'TOOL_QUOTA' },
        { pattern: '^Request failed', outcome: 'TOOL_SOFT_ERROR' },
      ]),
    ),
};
const toolReply = (value: object) => ({ ...result, result: value });

testOutcomes('a reply in JSON', [
  inJson(result, 'OK'),
  {
    name: 'a content type with a charset, in capitals',
    outcome: 'OK',
    reply: good.replace('application/json', 'Application/JSON; charset=utf-8'),
  },
  inJson([{ method: 'notifications/progress' }, { id: 9, result: {} }, result], 'OK'),
  {
    name: 'early hints before the reply',
    outcome: 'OK',
    reply: `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${good}`,
  },
  inJson({ ...result, error: null }, 'OK'),
  inJson({ id: 1, error: { code: -32602, message: 'no such tool' } }, 'RPC_-32602', { message: /^no such tool$/ }),
  inJson({ id: 1, error: { code: -32000 } }, 'RPC_-32000', { message: /-32000/ }),
  inJson({ id: 1, error: { message: 'no code' } }, 'PROTO_SHAPE', { message: /no code/ }),
  inJson({ ...result, error: 'both' }, 'PROTO_SHAPE', { message: /both/ }),
  inJson('hello', 'PROTO_SHAPE'),
  inJson({ ok: true }, 'PROTO_SHAPE', { message: /"ok":true/ }),
  inJson({ ...result, id: '1' }, 'PROTO_ID_TYPE'),
  inJson({ ...result, id: 2 }, 'PROTO_ID_MISMATCH', { message: /id 2 instead of 1/ }),
  inJson({ id: null, error: { code: -32700, message: 'parse error' } }, 'PROTO_ID_MISMATCH', {
    message: /null.*parse error/,
  }),
  inJson({ id: 1, method: 'sampling/createMessage' }, 'PROTO_NO_REPLY'),
  inJson([], 'PROTO_NO_REPLY'),
  {
    name: 'JSON that is cut',
    outcome: 'PROTO_JSON',
    reply: httpReply(200, [JSON_TYPE], '{"jsonrpc"'),
    message: /^\{"jsonrpc"$/,
  },
  { name: 'an empty JSON body', outcome: 'PROTO_EMPTY', reply: httpReply(200, [JSON_TYPE], ' ') },

  inJson(toolReply({ isError: true, content: [{ type: 'text', text: 'broken' }] }), 'TOOL_ERROR', {
    request: judgedAsTool,
    message: /^broken$/,
  }),
  inJson(toolReply({ content: [{ type: 'text', text: 'Your quota is used up' }] }), 'TOOL_QUOTA', {
    request: judgedAsTool,
  }),
  inJson(toolReply({ content: [{ type: 'text', text: 'Request failed with status 500' }] }), 'TOOL_SOFT_ERROR', {
    request: judgedAsTool,
  }),
  inJson(toolReply({ content: [] }), 'TOOL_EMPTY', { request: judgedAsTool }),
  inJson(toolReply({ content: [], structuredContent: {} }), 'OK', { request: judgedAsTool }),
  inJson(toolReply({ content: [{ type: 'image', data: '' }] }), 'OK', { request: judgedAsTool }),
  inJson(toolReply([]), 'PROTO_SHAPE', { request: judgedAsTool }),
]);
