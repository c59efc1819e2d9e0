import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { textOfTool } from '../../src/mcp/operations/call-tool.ts';
import {
  getPrompt,
  readResource,
  textOfPrompt,
  textOfResource,
} from '../../src/mcp/operations/prompts-and-resources.ts';
import { SAMPLE_FLAG } from '../../src/sample/block.ts';
import { listenDuring } from '../support/loopback-server.ts';
import { type FoundSession, openFoundSession, toolCall } from '../support/session-rig.ts';
import { startPackageServer } from './package-server.ts';

const JSON_SERVER = 'jsonResponseStreamableHttp.js';

/** Starts an example server of the first-generation SDK for one test. @returns its origin */
async function start(t: TestContext, file: string): Promise<string> {
  const server = await startPackageServer(`@modelcontextprotocol/sdk/examples/server/${file}`);
  t.after(() => server.stop());
  return server.origin;
}

const call = ({ request }: FoundSession, tool: string, args: object) => request(toolCall(tool, args));

describe('our client with an example server of the first-generation SDK', { concurrency: true }, () => {
  it('resumes a stream that the server ends early, after the wait that it asks for (polling example)', async (t) => {
    const url = `${await start(t, 'ssePollingExample.js')}/mcp`;
    const session = await openFoundSession(t, { url });
    const { sample, result } = await call(session, 'long-task', {});
    const { outcome, message, flags, durationMs, firstEventMs } = sample;
    assert.equal(outcome, 'OK', message);
    assert.equal(textOfTool(result), 'Long task completed successfully!');
    assert.equal(flags, SAMPLE_FLAG.sse | SAMPLE_FLAG.resumed);
    // The stream ends after two seconds, and the server asks for a wait of two more. The answer is there by then.
    assert.ok(durationMs >= 3990, `answered after ${durationMs} ms`);
    assert.ok((firstEventMs ?? 4000) < 1500, `first event after ${firstEventMs} ms`);
    await session.close();
    assert.deepEqual(session.rig.samples().slice(4).sort(), ['DELETE OK', 'GET OK', 'tools/call:long-task OK resumed']);
    const get = session.rig.exchanges.find(({ request }) => request.method === 'GET') ?? assert.fail();
    assert.ok(get.request.headers.includes('last-event-id'));
    assert.equal(get.status, 200);
  });

  it('uses no session id, GET or DELETE (stateless example)', async (t) => {
    const url = `${await start(t, 'simpleStatelessStreamableHttp.js')}/mcp`;
    const session = await openFoundSession(t, { url, eventStream: true });
    assert.equal(session.era, 'legacy');
    assert.equal(session.facts.session, 'stateless');
    const counted = await call(session, 'start-notification-stream', { interval: 20, count: 5 });
    assert.equal(counted.outcome, 'OK', counted.message);
    assert.equal(counted.sample.flags, SAMPLE_FLAG.sse);
    assert.ok(counted.sample.durationMs >= 95, `answered after ${counted.sample.durationMs} ms`);
    const greeting = await session.request(getPrompt('greeting-template')('{"name":"Ada"}'));
    assert.match(textOfPrompt(greeting.result), /greet Ada/);
    const resource = await session.request(readResource('r')('"https://example.com/greetings/default"'));
    assert.equal(textOfResource(resource.result), 'Hello, world!');
    await session.close();
    const gets = session.rig.exchanges.filter(({ request }) => request.method !== 'POST');
    assert.deepEqual(
      gets.map(({ request, outcome, status }) => `${request.method} ${outcome} ${status}`),
      ['GET OK 405'],
      'a GET that is refused with 405 is not sent again',
    );
  });

  it('accepts plain JSON, and records SESS_EXPIRED for 404 behind a balancer without sticky sessions (JSON example)', async (t) => {
    const backends = [await start(t, JSON_SERVER), await start(t, JSON_SERVER)];
    const balancer = await listenDuring(
      t,
      createServer((asked, answered) => {
        const { method, headers } = asked;
        const forwarded = request(new URL('/mcp', backends[0]), { method, headers }, (reply) => {
          reply.pipe(answered.writeHead(reply.statusCode ?? 502, reply.headers));
        });
        forwarded.on('error', () => answered.destroy());
        asked.pipe(forwarded);
      }),
    );
    const url = `http://127.0.0.1:${balancer.port}/mcp`;

    const whole = await openFoundSession(t, { url });
    assert.equal(whole.facts.session, 'stateful');
    const greeted = await call(whole, 'greet', { name: 'Ada' });
    assert.equal(textOfTool(greeted.result), 'Hello, Ada!');
    assert.equal(greeted.sample.flags, 0);
    assert.equal(greeted.sample.firstEventMs, undefined);
    await whole.close();
    assert.equal(whole.rig.samples().at(-1), 'DELETE OK');
    assert.equal(whole.rig.exchanges.at(-1)?.status, 404, 'the server does not support DELETE');

    const lost = await openFoundSession(t, { url });
    backends.reverse();
    const exchange = await call(lost, 'greet', { name: 'Ada' });
    assert.deepEqual([exchange.outcome, exchange.status], ['SESS_EXPIRED', 404]);
    assert.match(exchange.message, /Session not found/);
    assert.equal(lost.session.alive, false);
    await lost.close();
    assert.equal(lost.rig.samples().at(-1), 'tools/call:greet SESS_EXPIRED', 'a lost session needs no DELETE');
  });

  it('answers requests of tasks over the event stream, and the answers decide (interactive tasks example)', async (t) => {
    const url = `${await start(t, 'simpleTaskInteractive.js')}/mcp`;
    const session = await openFoundSession(t, { url, eventStream: true, elicitation: 'defaults' });
    const [deletion, haiku] = await Promise.all([
      call(session, 'confirm_delete', { filename: 'notes.txt' }),
      call(session, 'write_haiku', { topic: 'tea' }),
    ]);
    await session.close();
    // The confirmation is required and has no default, so it is declined.
    assert.deepEqual([deletion.outcome, textOfTool(deletion.result)], ['OK', 'Deletion cancelled']);
    assert.equal(haiku.outcome, 'TOOL_ERROR');
    assert.match(haiku.message, /-32601.*sampling\/createMessage/);
    const samples = session.rig.samples();
    for (const method of ['elicitation/create', 'sampling/createMessage']) {
      assert.equal(samples.filter((sample) => sample === `response:${method} OK`).length, 1, samples.join());
    }
  });

  it('answers forms on both streams, runs tasks and sends DELETE (example with all features)', async (t) => {
    const url = `${await start(t, 'simpleStreamableHttp.js')}/mcp`;
    const session = await openFoundSession(t, { url, eventStream: true, elicitation: 'defaults' });
    const answers: Record<string, string> = {};
    for (const [tool, args] of [
      ['greet', { name: 'Ada' }],
      ['list-files', {}],
      ['collect-user-info', { infoType: 'contact' }],
      ['delay', { duration: 10 }],
      ['collect-user-info-task', { infoType: 'contact' }],
    ] as const) {
      const { outcome, message, result } = await call(session, tool, args);
      assert.equal(outcome, 'OK', `${tool}: ${message}`);
      answers[tool] = textOfTool(result);
    }
    assert.equal(answers.greet, 'Hello, Ada!');
    assert.match(answers['list-files'] ?? '', /resource links/);
    // Name and address are required and have no defaults.
    assert.match(answers['collect-user-info'] ?? '', /declined contact/);
    assert.equal(answers.delay, 'Completed 10ms delay');
    assert.match(answers['collect-user-info-task'] ?? '', /declined to provide contact/);
    await session.close();
    // Sorted, because an answer to the server and the result that follows may overtake each other.
    assert.deepEqual(session.rig.samples().slice(4).sort(), [
      'DELETE OK',
      'GET OK',
      'response:elicitation/create OK',
      'response:elicitation/create OK',
      'tasks/get:collect-user-info-task OK',
      'tasks/get:delay OK',
      'tasks/result:collect-user-info-task OK',
      'tasks/result:delay OK',
      'tools/call:collect-user-info OK',
      'tools/call:collect-user-info-task OK',
      'tools/call:delay OK',
      'tools/call:greet OK',
      'tools/call:list-files OK',
    ]);
  });
});
