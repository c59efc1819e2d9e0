import assert from 'node:assert/strict';
import { it } from 'node:test';
import { targetSchema } from '../../src/plan/target-schema.ts';
import { outcomeMeaning } from '../../src/report/outcome-meaning.ts';
import { adviceFor, withoutMarkup } from '../../src/run/probe-advice.ts';
import type { Outcome } from '../../src/sample/outcome.ts';

const URL = 'http://a.example/mcp';
const BEARER = { auth: { type: 'bearer', secret: 'token' } };

/** What a probe ended in, and what the plan's author is told to do. */
const cases: readonly [outcome: Outcome, message: string, advice: RegExp, target?: object][] = [
  ['HTTP_3XX', '/mcp/', /^Redirects are not followed: use http:\/\/a\.example\/mcp\/ as url\.$/],
  ['HTTP_3XX', 'https://a.example/mcp?key=1', /use https:\/\/a\.example\/mcp as url\.$/],
  [
    'HTTP_3XX',
    'https://login.example/sign-in',
    /if that is the server .* use https:\/\/login\.example\/sign-in as url/,
  ],
  ['HTTP_3XX', 'HTTP 304 without a body', /redirects are not followed\.$/],
  ['NET_TLS', 'SELF_SIGNED_CERT_IN_CHAIN: self-signed certificate', /NODE_EXTRA_CA_CERTS/],
  ['NET_TLS', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE: unable to verify', /NODE_EXTRA_CA_CERTS/],
  ['NET_TLS', 'ERR_SSL_WRONG_VERSION_NUMBER: wrong version number', /write http:\/\/ in url/],
  ['NET_TLS', 'ERR_TLS_CERT_ALTNAME_INVALID: names', /a name of the certificate/],
  ['NET_TLS', 'CERT_HAS_EXPIRED: expired', /renew it/],
  ['NET_TLS', 'another', /TLS handshake failed/],
  ['AUTH_401', '', /add auth to the target\.$/],
  ['AUTH_401', '', /Check the target's auth\.$/, BEARER],
  ['AUTH_403', 'Forbidden', /add auth to the target\.$/],
  ['AUTH_403', 'Invalid Host: 127.0.0.1', /use a host name that it expects/],
  ['AUTH_403', 'Invalid Host: 127.0.0.1', /Check the target's auth\.$/, BEARER],
  ['HTTP_500', '{"jsonrpc":"2.0","error":{}}', /It speaks MCP and failed inside/],
  ['HTTP_500', 'oops', /had an internal error \(HTTP 500\)\.$/],
  ['RPC_-32603', 'oops', /It speaks MCP and failed inside/],
  ['PROTO_VERSION', 'the server chose 1', /speaks revisions 2025-03-26 to 2026-07-28\.$/],
  ['PROTO_VERSION', 'the server chose 1', /Leave out protocol/, { protocol: '2025-11-25' }],
];
for (const [outcome, message, advice, target] of cases) {
  it(`a probe that ended in ${outcome} (${message}) leads to the advice ${advice}`, () => {
    assert.match(adviceFor(outcome, message, targetSchema.parse({ url: URL, ...target })), advice);
  });
}

it('a page of a target is quoted without its markup', () => {
  const page = '<!doctype html><style>p{}</style><script>alert("x")</script>\n<h1>Bad  Gateway</h1><p>a < b</p>';
  assert.equal(withoutMarkup(page), 'Bad Gateway a < b');
});

it('the meaning of a JSON-RPC code depends on the method that it answers', () => {
  assert.match(outcomeMeaning('RPC_-32602', 'prompts/get:brief'), /does not have this prompt/);
  assert.match(outcomeMeaning('RPC_-32602', 'resources/read'), /does not have this resource/);
  assert.match(outcomeMeaning('RPC_-32602', 'tasks/get:look'), /does not know the task/);
  assert.match(outcomeMeaning('RPC_-32602', 'tools/call:look'), /the parameters or the tool name/);
  assert.match(outcomeMeaning('RPC_-32602'), /the parameters or the tool name/);
  assert.match(outcomeMeaning('RPC_-32002', 'resources/read'), /does not have this resource/);
});
