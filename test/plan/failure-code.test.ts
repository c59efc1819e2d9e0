import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isFailureCode } from '../../src/plan/failure-code.ts';
import { type Outcome, outcomeClass } from '../../src/sample/outcome.ts';

// The type makes this list complete: a new outcome does not compile until it stands here.
const NAMED: Record<Exclude<Outcome, `HTTP_${number}` | `RPC_${number}`>, true> = {
  OK: true,
  NET_REFUSED: true,
  NET_DNS: true,
  NET_TLS: true,
  NET_CONNECT_TMO: true,
  NET_RESET_PRE: true,
  NET_RESET_MID: true,
  NET_HTTP_PARSE: true,
  NET_OTHER: true,
  TMO_HEADERS: true,
  TMO_IDLE: true,
  TMO_TOTAL: true,
  HTTP_3XX: true,
  AUTH_401: true,
  AUTH_403: true,
  AUTH_SCOPE: true,
  AUTH_REJECTED: true,
  AUTH_TOKEN: true,
  SESS_EXPIRED: true,
  SESS_LOST: true,
  SESS_MISSING: true,
  SESS_REFUSED: true,
  SESS_DUP: true,
  PROTO_CT_MISSING: true,
  PROTO_CT_HTML: true,
  PROTO_CT_OTHER: true,
  PROTO_202: true,
  PROTO_NOTIF_ACK: true,
  PROTO_EMPTY: true,
  PROTO_JSON: true,
  PROTO_SHAPE: true,
  PROTO_ID_TYPE: true,
  PROTO_ID_MISMATCH: true,
  PROTO_NO_REPLY: true,
  PROTO_VERSION: true,
  SSE_BAD_DATA: true,
  SSE_UNTERMINATED: true,
  TOOL_ERROR: true,
  TOOL_QUOTA: true,
  TOOL_SOFT_ERROR: true,
  TOOL_EMPTY: true,
  TOOL_ASSERT: true,
  CLIENT_ABORT: true,
};

it('knows exactly the outcomes that count as failures', () => {
  for (const outcome of Object.keys(NAMED) as Outcome[]) {
    assert.equal(isFailureCode(outcome), outcomeClass(outcome) === 'failed', outcome);
  }
  for (const outcome of ['HTTP_429', 'HTTP_503', 'RPC_-32602', 'RPC_1'] as const) assert.ok(isFailureCode(outcome));
});

it('refuses words that only look like codes', () => {
  for (const word of ['TOOL_EROR', 'HTTP_4XX', 'HTTP_42', 'HTTP_700', 'RPC_', 'RPC_--1', 'tool_error', 'TOOL_ERROR ']) {
    assert.equal(isFailureCode(word), false, word);
  }
});
