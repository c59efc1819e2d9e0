import type { ExchangePeer } from '../../../src/mcp/http/exchange-request.ts';
import { judgeResultType } from '../../../src/mcp/operations/call.ts';
import type { Outcome } from '../../../src/sample/outcome.ts';
import { httpReply, jsonReply } from '../../support/raw-http.ts';
import { idlePeer } from './exchange-rig.ts';
import type { OutcomeCase, OutcomeTable } from './outcome-case.ts';

const peer: ExchangePeer = {
  ...idlePeer,
  stateless: true,
  judgeResult: ({ request, result }) => judgeResultType(result, 'none') ?? request.judge(result, request.tool),
};
const ofResult = (outcome: Outcome, result: unknown, more: Partial<OutcomeCase> = {}): OutcomeCase => ({
  name: JSON.stringify(result),
  reply: jsonReply({ jsonrpc: '2.0', id: 1, result }),
  outcome,
  request: { peer },
  ...more,
});
const ofError = (status: number, outcome: Outcome, error: object, more: Partial<OutcomeCase> = {}): OutcomeCase => ({
  name: `HTTP ${status} with ${JSON.stringify(error)}`,
  reply: httpReply(status, ['content-type: application/json'], JSON.stringify({ jsonrpc: '2.0', id: 1, ...error })),
  outcome,
  request: { peer },
  ...more,
});
const failing = (code: number, message = 'no') => ({ error: { code, message } });

/** Replies that are judged differently in the modern era. */
export const modernReplies: OutcomeTable = {
  title: 'a reply in the modern era',
  cases: [
    ofResult('OK', {}),
    ofResult('OK', { resultType: 'complete' }),
    ofResult('PROTO_RESULT_TYPE', { resultType: 'partial' }, { message: /resultType "partial"/ }),
    ofResult('PROTO_RESULT_TYPE', { resultType: 7 }),
    ofResult(
      'RPC_INPUT_REQUIRED',
      { resultType: 'input_required', inputRequests: { name: { method: 'elicitation/create', params: {} } } },
      { message: /name \(elicitation\/create\)/ },
    ),
    ofResult('RPC_INPUT_REQUIRED', { resultType: 'input_required' }, { message: /does not say which/ }),

    ofError(400, 'RPC_-32020', failing(-32020, 'Mcp-Name differs'), { message: /^Mcp-Name differs$/ }),
    ofError(400, 'RPC_-32021', failing(-32021)),
    ofError(400, 'RPC_-32022', failing(-32022)),
    ofError(400, 'RPC_-32602', failing(-32602)),
    ofError(404, 'RPC_-32601', failing(-32601)),
    ofError(400, 'RPC_-32602', { id: null, ...failing(-32602) }),
    ofError(
      400,
      'RPC_-32602',
      { error: { code: -32602, message: 'x', data: 'x'.repeat(10_000) } },
      { name: 'HTTP 400 with a long error' },
    ),
    ofError(400, 'HTTP_400', { id: 2, ...failing(-32602) }),
    ofError(400, 'HTTP_400', { result: {} }),
    ofError(400, 'HTTP_400', { error: 'no' }),
    ofError(404, 'HTTP_404', { error: { message: 'no code' } }),
    ofError(401, 'AUTH_401', failing(-32001)),
    ofError(403, 'AUTH_403', failing(-32001)),
    ofError(429, 'HTTP_429', failing(-32603)),
    ofError(500, 'HTTP_500', failing(-32603)),
    {
      name: 'HTTP 404 with a page',
      outcome: 'HTTP_404',
      reply: httpReply(404, ['content-type: text/html'], '<p>no</p>'),
      request: { peer },
    },
  ],
};
