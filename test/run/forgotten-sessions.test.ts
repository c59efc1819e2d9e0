import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { type Answer, legacyServer, startMcpServer } from '../support/mcp-server.ts';
import { eventStream, httpReply } from '../support/raw-http.ts';
import { runPlan } from './run-plan.ts';

const JSON_TYPE = ['content-type: application/json'];
const rpcError = (id: unknown, code: number, message: string) =>
  JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } });

/** The forms in which servers say that they do not know a session. */
const FORMS: readonly ((id: number) => string)[] = [
  () => httpReply(404, [], 'Not found'),
  () => httpReply(400, [], 'Unknown Mcp-Session-Id header'),
  () => httpReply(400, JSON_TYPE, rpcError(null, -32000, 'Bad Request: No valid session ID provided')),
  () => httpReply(400, [], 'Invalid session ID'),
  () => httpReply(401, [], 'Session not found'),
  () => httpReply(401, [], ''),
  () => httpReply(403, [], 'unknown session'),
  () => httpReply(410, [], 'Session terminated'),
  () => httpReply(500, JSON_TYPE, rpcError('server-error', -32603, 'Session has expired')),
  (id) => httpReply(200, JSON_TYPE, rpcError(id, -32001, 'Session not found')),
  () => httpReply(200, JSON_TYPE, rpcError(null, -32001, 'Session not found')),
  () => httpReply(200, ['content-type: text/plain'], 'Session not found'),
  () => eventStream('data: {"error":"Session not found"}\n\n'),
];

/** A server that forgets a session at some of the requests that carry its id. @param forgets decides about the next one */
function forgetfulServer(forgets: () => boolean, form: () => number) {
  const known = new Set<string>();
  let opened = 0;
  let forgotten = 0;
  const answers: Record<string, Answer> = {
    initialize: ({ id }) => {
      const session = `session-${++opened}`;
      known.add(session);
      const result = { protocolVersion: '2025-11-25', capabilities: { tools: {} } };
      return httpReply(
        200,
        [...JSON_TYPE, `mcp-session-id: ${session}`],
        JSON.stringify({ jsonrpc: '2.0', id, result }),
      );
    },
  };
  for (const method of ['notifications/initialized', 'tools/list', 'tools/call']) {
    answers[method] = (incoming) => {
      const session = incoming.headers['mcp-session-id'] ?? '';
      const isOfLoad = incoming.headers['user-agent']?.includes('(load)') === true;
      if (isOfLoad && known.has(session) && forgets()) {
        known.delete(session);
        forgotten++;
      }
      if (!known.has(session)) return (FORMS[form()] as (id: number) => string)(incoming.id);
      return legacyServer[method]?.(incoming);
    };
  }
  return { answers: { ...legacyServer, ...answers }, opened: () => opened, forgotten: () => forgotten };
}

it('a server that forgets sessions at random, in any form, loses exactly as many as it forgot', async () => {
  const runs = fc.array(fc.record({ forgets: fc.boolean(), form: fc.nat(FORMS.length - 1) }), {
    minLength: 20,
    maxLength: 40,
  });
  let forgotten = 0;
  await fc.assert(
    fc.asyncProperty(runs, async (draws) => {
      let at = 0;
      let form = 0;
      // About every eighth request with a session id.
      const forgets = () => ++at % 4 === 0 && draws[at % draws.length]?.forgets === true;
      const fake = forgetfulServer(forgets, () => draws[++form % draws.length]?.form ?? 0);
      const server = await startMcpServer(fake.answers);
      try {
        const scenario = { executor: 'per-vu-iterations', vus: 2, iterations: 20, steps: [{ tool: 'look' }] };
        const { samples, report } = await runPlan(server.origin, { calls: scenario });
        const requests = samples.filter(({ kind }) => kind === 'request');
        const lost = requests.filter(({ outcome }) => outcome === 'SESS_LOST' || outcome === 'SESS_EXPIRED');
        const others = requests.filter(({ outcome }) => !/^(OK|SESS_LOST|SESS_EXPIRED|PROTO_NOTIF_ACK)$/.test(outcome));
        assert.deepEqual(others, []);
        assert.equal(lost.length, fake.forgotten());
        const odd = (report.deviations ?? []).filter(({ rule }) => rule === 'dead-session-status');
        assert.equal(
          odd.reduce((sum, { count }) => sum + count, 0),
          lost.filter(({ outcome }) => outcome === 'SESS_LOST').length,
        );
        forgotten += fake.forgotten();
      } finally {
        await server.close();
      }
    }),
    { numRuns: 4 },
  );
  assert.ok(forgotten > 0);
});
