import assert from 'node:assert/strict';
import { it } from 'node:test';
import { renderHtml } from '../../src/report/html/html.ts';
import { renderText } from '../../src/report/text/text.ts';
import { type Answer, legacyServer, startMcpServer } from '../support/mcp-server.ts';
import { httpReply } from '../support/raw-http.ts';
import { runPlan } from './run-plan.ts';

const ONCE = { executor: 'per-vu-iterations', vus: 1, iterations: 2, sessions: { reuse: 'iteration' } };
const SCHEMA = { type: 'object' };
const LONG_ID = '0123456789abcdef';
const seen = { content: [{ type: 'text', text: 'seen' }] };

/** A server of the first era that breaks no rule. */
const faultless: Readonly<Record<string, Answer>> = {
  ...legacyServer,
  initialize: ({ id }) => opened(id, {}),
  'tools/list': ({ id }) => json(id, { tools: [{ name: 'look', inputSchema: SCHEMA }] }),
  'tools/call': ({ id }) => json(id, seen),
};

function json(id: number, result: object, ...headers: string[]): string {
  const body = JSON.stringify({ jsonrpc: '2.0', id, result });
  return httpReply(200, ['content-type: application/json', ...headers], body);
}

function opened(id: number, more: object, session = LONG_ID): string {
  const result = { protocolVersion: '2025-11-25', capabilities: { tools: {} }, ...more };
  return json(id, result, `mcp-session-id: ${session}`);
}

function events(...messages: readonly object[]): string {
  const text = messages.map((message) => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`).join('');
  return httpReply(200, ['content-type: text/event-stream'], text);
}

let turn = 0;
/** What a server does, and the rules that the report lists for it. The load has two sessions with a call each. */
const servers: readonly [name: string, answers: Readonly<Record<string, Answer>>, rules: readonly string[]][] = [
  ['breaks no rule', {}, []],
  [
    'opens a stream for a notification',
    { 'notifications/initialized': () => httpReply(204, [], '') },
    ['notification-ack 2'],
  ],
  [
    'sends an empty cursor',
    { 'tools/list': ({ id }) => json(id, { tools: [{ name: 'look', inputSchema: SCHEMA }], nextCursor: '' }) },
    ['empty-cursor 2'],
  ],
  [
    'does not declare its tools',
    { initialize: ({ id }) => opened(id, { capabilities: {} }) },
    ['capability-not-declared 2'],
  ],
  [
    'begins with a byte order mark',
    {
      'tools/call': ({ id }) =>
        httpReply(200, ['content-type: application/json'], `\ufeff${JSON.stringify({ id, result: seen })}`),
    },
    ['byte-order-mark 2'],
  ],
  [
    'sends content of an unknown type',
    { 'tools/call': ({ id }) => json(id, { content: [...seen.content, { type: 'video' }, { type: 'image' }] }) },
    ['content-misshapen 2'],
  ],
  [
    'describes a tool without a schema',
    { 'tools/list': ({ id }) => json(id, { tools: [{ name: 'look' }] }) },
    ['tool-schema-invalid 2'],
  ],
  ['has short session ids', { initialize: ({ id }) => opened(id, {}, '17') }, ['session-id-invalid 2']],
  [
    'asks for what the client lacks',
    { 'tools/call': ({ id }) => events({ id: 1, method: 'roots/list' }, { id, result: seen }) },
    ['undeclared-client-feature 2'],
  ],
  [
    'goes on after its answer',
    { 'tools/call': ({ id }) => events({ id, result: seen }, { method: 'notifications/message' }) },
    ['message-after-response 2'],
  ],
  [
    'is deployed in two versions',
    { initialize: ({ id }) => opened(id, { serverInfo: { name: 'a', version: `${++turn}` } }) },
    ['server-differs-between-replies 1'],
  ],
  [
    'lists other tools each time',
    {
      'tools/list': ({ id }) =>
        json(id, {
          tools: [{ name: 'look', description: `${++turn}`, inputSchema: { type: 'object', title: `${turn}` } }],
        }),
    },
    ['tools-differ-between-clients 1'],
  ],
];

for (const [name, answers, rules] of servers) {
  it(`a server that ${name} has these deviations: ${rules.join() || 'none'}`, async (t) => {
    const server = await startMcpServer(faultless, answers);
    t.after(() => server.close());
    const { report } = await runPlan(server.origin, { calls: { ...ONCE, steps: [{ tool: 'look' }] } });
    const { deviations = [] } = report;
    assert.deepEqual(
      deviations.map(({ rule, count }) => `${rule} ${count}`),
      rules,
    );
    assert.equal(report.totals.failures, 0);
    assert.equal(/\nDeviations\n/.test(renderText(report)), rules.length > 0);
    assert.equal(renderHtml(report).includes('id="deviations"'), rules.length > 0);
  });
}
