import assert from 'node:assert/strict';
import { it } from 'node:test';
import { classifyTransportError, isInternalError, wasNeverBegun } from '../../../src/mcp/http/classify.ts';

const errorOf = (code: string, message = 'why') => Object.assign(new Error(message), { code });

for (const [code, outcome] of [
  ['ECONNREFUSED', 'NET_REFUSED'],
  ['ENOTFOUND', 'NET_DNS'],
  ['EAI_AGAIN', 'NET_DNS'],
  ['ETIMEDOUT', 'NET_CONNECT_TMO'],
  ['UND_ERR_CONNECT_TIMEOUT', 'NET_CONNECT_TMO'],
  ['CERT_HAS_EXPIRED', 'NET_TLS'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'NET_TLS'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'NET_TLS'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'NET_TLS'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'NET_TLS'],
  ['EPIPE', 'NET_RESET_PRE'],
  ['EHOSTUNREACH', 'NET_OTHER'],
] as const) {
  it(`classifies ${code} as ${outcome}`, () => {
    assert.deepEqual(classifyTransportError(errorOf(code), false), { outcome, message: `${code}: why` });
  });
}

it('distinguishes a reset within the reply from one before it', () => {
  assert.equal(classifyTransportError(errorOf('ECONNRESET'), false).outcome, 'NET_RESET_PRE');
  assert.equal(classifyTransportError(errorOf('ECONNRESET'), true).outcome, 'NET_RESET_MID');
});

it('prefers the attempt that reached an address to one that could not be tried', () => {
  const error = new AggregateError([errorOf('ENETUNREACH', 'v6'), errorOf('ECONNREFUSED', 'v4')]);
  assert.deepEqual(classifyTransportError(error, false), { outcome: 'NET_REFUSED', message: 'ECONNREFUSED: v4' });
  const hopeless = new AggregateError([errorOf('ENETUNREACH', 'v6'), errorOf('EHOSTUNREACH', 'v4')]);
  assert.deepEqual(classifyTransportError(hopeless, false), { outcome: 'NET_OTHER', message: 'ENETUNREACH: v6' });
});

it('classifies an error by its cause, and shows a value that is not an error', () => {
  const error = new Error('fetch failed', { cause: errorOf('ECONNREFUSED', 'inner') });
  assert.deepEqual(classifyTransportError(error, false), { outcome: 'NET_REFUSED', message: 'ECONNREFUSED: inner' });
  assert.deepEqual(classifyTransportError('odd', false), { outcome: 'NET_OTHER', message: 'odd' });
});

it('recognises the errors that no target can cause', () => {
  assert.equal(isInternalError(errorOf('UND_ERR_INVALID_ARG')), true);
  assert.equal(isInternalError(errorOf('UND_ERR_DESTROYED')), true);
  assert.equal(isInternalError(errorOf('UND_ERR_SOCKET')), false);
  assert.equal(isInternalError(errorOf('ECONNREFUSED')), false);
});

it('knows the errors of requests that an HTTP/2 server has not begun', () => {
  const refused = (http2ErrorCode: number) => Object.assign(errorOf('ERR_HTTP2_STREAM_ERROR'), { http2ErrorCode });
  assert.equal(wasNeverBegun(refused(7)), true);
  assert.equal(wasNeverBegun(refused(8)), false);
  assert.doesNotMatch(classifyTransportError(refused(7), false, true).message, /idle/);
  const goaway = errorOf('UND_ERR_INFO', 'HTTP/2: "GOAWAY" frame received with code 0');
  assert.equal(wasNeverBegun(goaway), true);
  assert.equal(classifyTransportError(goaway, false).outcome, 'NET_RESET_PRE');
  assert.equal(wasNeverBegun(errorOf('UND_ERR_INFO', 'HTTP/2: stream half-closed (remote)')), false);
  assert.equal(wasNeverBegun(errorOf('ECONNRESET')), false);
});
