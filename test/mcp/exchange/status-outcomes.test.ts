import { httpReply } from '../../support/raw-http.ts';
import { type OutcomeCase, testOutcomes } from './outcome-case.ts';

const ofStatus = (
  status: number,
  outcome: string,
  more: Partial<OutcomeCase> & { headers?: string[]; body?: string } = {},
) => ({
  name: `HTTP ${status} ${more.body ?? ''}`,
  reply: httpReply(status, more.headers ?? ['content-type: text/html'], more.body ?? '<p>sorry</p>'),
  outcome,
  ...more,
});
const acknowledgement = { expects: 'acknowledgement', id: 0 } as const;
const deletion = { expects: 'deletion', method: 'DELETE', body: null, id: 0, sentSessionId: true } as const;

testOutcomes('a reply that is known by its head', [
  ofStatus(204, 'PROTO_EMPTY', { body: '', headers: [] }),
  ofStatus(202, 'PROTO_202', { body: '', headers: [] }),
  ofStatus(200, 'PROTO_CT_HTML', { message: /sorry/ }),
  ofStatus(200, 'PROTO_CT_OTHER', { headers: ['content-type: text/plain'] }),
  ofStatus(200, 'PROTO_CT_MISSING', { headers: [] }),

  ofStatus(304, 'HTTP_3XX', { body: '', headers: [] }),
  ofStatus(302, 'HTTP_3XX', { headers: ['location: http://127.0.0.1:1/'] }),
  ofStatus(404, 'HTTP_404'),
  ofStatus(429, 'HTTP_429', { headers: ['retry-after: 1'] }),
  ofStatus(503, 'HTTP_503', {
    body: `<p>sorry</p>${'x'.repeat(100_000)}`,
    name: 'HTTP 503 with a long page',
    message: /^.{4096}$/,
  }),
  ofStatus(401, 'AUTH_401'),
  ofStatus(403, 'AUTH_403'),
  ofStatus(403, 'AUTH_SCOPE', {
    headers: ['www-authenticate: Basic', 'www-authenticate: Bearer error="insufficient_scope"'],
  }),
  ofStatus(404, 'SESS_EXPIRED', { request: { sentSessionId: true } }),
  ofStatus(400, 'SESS_LOST', { request: { sentSessionId: true }, body: 'Bad Request: No valid session ID provided' }),
  ofStatus(400, 'SESS_MISSING', { body: 'Server not initialized' }),
  ofStatus(400, 'SESS_MISSING', { body: 'Mcp-Session-Id header is required' }),
  ofStatus(400, 'HTTP_400', { body: 'no' }),

  ofStatus(202, 'OK', { body: '', headers: [], request: acknowledgement, name: 'a notification taken' }),
  ofStatus(200, 'PROTO_NOTIF_ACK', { request: acknowledgement, message: /HTTP 200.*sorry/ }),
  ofStatus(204, 'PROTO_NOTIF_ACK', { body: '', headers: [], request: acknowledgement }),
  ofStatus(500, 'HTTP_500', { request: acknowledgement }),
  ...[200, 202, 204, 404, 405].map((status) =>
    ofStatus(status, 'OK', { request: deletion, body: '', headers: [], name: `DELETE answered with ${status}` }),
  ),
  ofStatus(206, 'HTTP_206', { request: deletion }),
  ofStatus(400, 'SESS_LOST', { request: deletion, body: 'No valid session ID provided' }),
]);
