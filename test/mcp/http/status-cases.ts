import { SAMPLE_FLAG } from '../../../src/sample/block.ts';
import type { Outcome } from '../../../src/sample/outcome.ts';
import { httpReply } from '../../support/raw-http.ts';
import type { OutcomeCase, OutcomeTable } from './outcome-case.ts';

type More = Partial<OutcomeCase> & { headers?: string[]; body?: string };

const ofStatus = (status: number, outcome: Outcome, more: More = {}): OutcomeCase => ({
  name: `HTTP ${status} ${more.body ?? ''}`,
  reply: httpReply(status, more.headers ?? ['content-type: text/html'], more.body ?? '<p>sorry</p>'),
  outcome,
  ...(more.body === undefined && outcome !== 'OK' ? { message: /<p>sorry<\/p>/ } : {}),
  ...more,
});
const nothing = { body: '', headers: [] };
const acknowledgement = { expects: 'acknowledgement', id: 0 } as const;
const deletion = { expects: 'deletion', method: 'DELETE', body: null, id: 0, sentSessionId: true } as const;
const stream = { expects: 'stream', method: 'GET', body: null, id: 0, sentSessionId: true } as const;
const inSession = { sentSessionId: true } as const;
const renewed = { renewed: true } as const;
const initialize = { opensSession: true } as const;
const rpcError = JSON.stringify({ jsonrpc: '2.0', id: 1, error: { code: -32601, message: 'Method not found' } });

/** Replies whose status or content type shows that they are not an answer, and replies without a body. */
export const statusReplies: OutcomeTable = {
  title: 'a reply that is judged by its head',
  cases: [
    ofStatus(204, 'PROTO_EMPTY', { ...nothing, message: /HTTP 204/ }),
    ofStatus(202, 'PROTO_202', { ...nothing, message: /HTTP 202/ }),
    {
      name: 'HTTP 202 whose body never ends',
      outcome: 'PROTO_202',
      reply: 'HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked\r\n\r\n',
      flags: SAMPLE_FLAG.held,
      reused: false,
    },
    ofStatus(200, 'PROTO_CT_HTML'),
    ofStatus(200, 'PROTO_CT_OTHER', { headers: ['content-type: text/plain'] }),
    ofStatus(200, 'PROTO_CT_MISSING', { headers: [] }),

    ofStatus(304, 'HTTP_3XX', { ...nothing, message: /HTTP 304/ }),
    ofStatus(302, 'HTTP_3XX', { headers: ['location: /elsewhere'], message: /^\/elsewhere$/ }),
    ofStatus(404, 'HTTP_404'),
    ofStatus(404, 'HTTP_404', { body: rpcError, name: 'HTTP 404 with a JSON-RPC error in the legacy era' }),
    ofStatus(429, 'HTTP_429', { headers: ['retry-after: 1'] }),
    ofStatus(429, 'HTTP_429', {
      headers: ['retry-after: Mon, 23 Nov 2026 12:00:00 GMT'],
      name: 'HTTP 429 with a date in Retry-After',
    }),
    ofStatus(429, 'HTTP_429', { body: 'slow down', message: /^slow down$/ }),
    ofStatus(418, 'HTTP_418'),
    ofStatus(500, 'HTTP_500', { ...nothing, message: /HTTP 500 without a body/ }),
    ofStatus(500, 'HTTP_500', {
      headers: ['content-type: text/event-stream'],
      flags: 0,
      name: 'HTTP 500 with the content type of an event stream',
    }),
    ofStatus(502, 'HTTP_502'),
    ofStatus(502, 'HTTP_502', {
      headers: ['connection: close'],
      reused: false,
      name: 'HTTP 502 with connection: close',
    }),
    ofStatus(504, 'HTTP_504'),
    ofStatus(503, 'HTTP_503', {
      body: `<p>sorry</p>${'x'.repeat(100_000)}`,
      name: 'HTTP 503 with a long page',
      message: /^<p>.{16381}…$/,
    }),
    ofStatus(401, 'AUTH_401'),
    ofStatus(401, 'AUTH_401', {
      body: '',
      headers: ['www-authenticate: Bearer resource_metadata="http://127.0.0.1/"'],
      message: /^Bearer resource_metadata/,
    }),
    ofStatus(401, 'AUTH_REJECTED', { request: renewed, name: 'HTTP 401 to renewed credentials' }),
    ofStatus(403, 'AUTH_403'),
    ofStatus(403, 'AUTH_403', { request: renewed, name: 'HTTP 403 to renewed credentials' }),
    ofStatus(403, 'AUTH_SCOPE', {
      headers: ['www-authenticate: Basic', 'www-authenticate: Bearer error="insufficient_scope"'],
    }),
    ofStatus(403, 'AUTH_SCOPE', {
      headers: ['www-authenticate: Bearer Error = insufficient_scope, scope="a b"'],
      name: 'HTTP 403 with a challenge in another notation',
    }),
    ofStatus(403, 'AUTH_403', {
      headers: ['www-authenticate: Bearer error="invalid_token", error_description="not insufficient_scope"'],
      name: 'HTTP 403 with a challenge for another reason',
    }),
    ofStatus(401, 'AUTH_401', {
      headers: ['www-authenticate: Bearer error="insufficient_scope"'],
      name: 'HTTP 401 with the challenge of a 403',
    }),
    ofStatus(404, 'SESS_EXPIRED', { request: inSession }),
    ofStatus(400, 'SESS_LOST', { request: inSession, body: 'Bad Request: No valid session ID provided' }),
    ofStatus(400, 'SESS_LOST', { request: inSession, body: 'Bad Request: Server not initialized' }),
    ofStatus(400, 'SESS_LOST', { request: inSession, body: 'Session not found' }),
    ofStatus(400, 'SESS_MISSING', { body: 'Server not initialized' }),
    ofStatus(400, 'SESS_MISSING', { body: 'Mcp-Session-Id header is required' }),
    ofStatus(400, 'HTTP_400', { body: 'no' }),
    ofStatus(400, 'HTTP_400', { body: 'the header mcp-session-id is fine', request: inSession }),
    ofStatus(503, 'SESS_REFUSED', { request: initialize, name: 'HTTP 503 to initialize' }),
    ofStatus(429, 'SESS_REFUSED', { request: initialize, name: 'HTTP 429 to initialize' }),
    ofStatus(500, 'HTTP_500', { request: initialize, name: 'HTTP 500 to initialize' }),

    ofStatus(202, 'OK', { ...nothing, request: acknowledgement, name: 'an accepted notification' }),
    {
      name: 'an accepted notification whose body never ends',
      outcome: 'OK',
      reply: 'HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked\r\n\r\n',
      request: acknowledgement,
      flags: SAMPLE_FLAG.held,
      reused: false,
    },
    ofStatus(202, 'OK', {
      body: '',
      request: acknowledgement,
      headers: ['content-type: application/json'],
      name: 'an accepted notification with a content type but no body',
    }),
    ofStatus(202, 'PROTO_NOTIF_ACK', {
      request: acknowledgement,
      headers: ['content-type: text/plain'],
      body: 'Accepted',
      message: /HTTP 202: Accepted/,
    }),
    ofStatus(200, 'PROTO_NOTIF_ACK', { request: acknowledgement, message: /HTTP 200.*sorry/ }),
    ofStatus(204, 'PROTO_NOTIF_ACK', { ...nothing, request: acknowledgement }),
    ...[200, 202].map(
      (status): OutcomeCase => ({
        name: `an acknowledgement with HTTP ${status} and an event stream that stays open`,
        outcome: 'PROTO_NOTIF_ACK',
        reply: `HTTP/1.1 ${status} Any\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n`,
        request: acknowledgement,
        target: { heldStreams: 'read' },
        message: /an event stream/,
        flags: SAMPLE_FLAG.held,
        reused: false,
      }),
    ),
    ...(['200 PROTO_NOTIF_ACK', '202 OK'] as const).map((text): OutcomeCase => {
      const [status, outcome] = text.split(' ') as [string, Outcome];
      return {
        name: `an acknowledgement with HTTP ${status} and a JSON body that never comes`,
        outcome,
        reply: `HTTP/1.1 ${status} Any\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
        request: acknowledgement,
        flags: SAMPLE_FLAG.held,
        reused: false,
      };
    }),
    ofStatus(500, 'HTTP_500', { request: acknowledgement }),
    ofStatus(404, 'SESS_EXPIRED', { request: { ...acknowledgement, ...inSession } }),
    ...[200, 202, 204, 404, 405].map((status) =>
      ofStatus(status, 'OK', { ...nothing, request: deletion, name: `DELETE answered with ${status}` }),
    ),
    ofStatus(206, 'HTTP_206', { request: deletion }),
    ofStatus(400, 'SESS_LOST', { request: deletion, body: 'No valid session ID provided' }),

    ofStatus(405, 'OK', { request: stream, name: 'a GET to a server that offers no stream' }),
    ofStatus(409, 'HTTP_409', { request: stream, name: 'a GET for a second stream' }),
    ofStatus(404, 'SESS_EXPIRED', { request: stream, name: 'a GET for a session that no longer exists' }),
    ofStatus(200, 'PROTO_CT_HTML', { request: stream, name: 'a GET answered with a page' }),
    ofStatus(200, 'PROTO_CT_OTHER', {
      request: stream,
      headers: ['content-type: application/json'],
      name: 'a GET answered in JSON',
    }),
  ],
};
