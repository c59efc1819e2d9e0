import type { ResultJudge } from '../../../src/mcp/http/json-rpc.ts';
import { compileSoftErrors, judgeToolResult, textOfTool } from '../../../src/mcp/operations/call-tool.ts';
import { readTools } from '../../../src/mcp/operations/tool.ts';
import { initializeJudge } from '../../../src/mcp/session/handshakes.ts';
import type { Outcome } from '../../../src/sample/outcome.ts';
import { captureInto, compileJudge } from '../../../src/scenario/checks.ts';
import { compileCapture } from '../../../src/scenario/values.ts';
import { httpReply, jsonReply } from '../../support/raw-http.ts';
import type { OutcomeCase, OutcomeTable } from './outcome-case.ts';

const softErrors = compileSoftErrors([
  { pattern: 'quota', outcome: 'TOOL_QUOTA' },
  { pattern: '^Request failed', outcome: 'TOOL_SOFT_ERROR' },
]);
const PLACE = { target: 'web', scenario: 'calls', operation: 'tools/call:weigh', step: 0 };
const judge: ResultJudge = (value, tool) => judgeToolResult(value, softErrors, tool);
const [tool] = readTools([
  {
    name: 'weigh',
    outputSchema: { type: 'object', properties: { grams: { type: 'number' } }, required: ['grams'] },
  },
]);
/** A tool whose schema takes 2^24 steps. */
const [endless] = readTools([
  {
    name: 'endless',
    outputSchema: {
      $defs: Object.fromEntries(
        Array.from({ length: 24 }, (_, at) => {
          const next = { $ref: `#/$defs/l${at + 1}` };
          return [`l${at}`, at === 23 ? { const: 1 } : { anyOf: [next, next] }];
        }),
      ),
      $ref: '#/$defs/l0',
    },
  },
]);
const structured = (structuredContent: unknown) => ({ content: [], structuredContent });
const text = (value: string) => ({ content: [{ type: 'text', text: value }] });
const ofResult = (outcome: Outcome, result: unknown, more: Partial<OutcomeCase> = {}): OutcomeCase => ({
  name: JSON.stringify(result),
  reply: jsonReply({ jsonrpc: '2.0', id: 1, result }),
  outcome,
  request: { judge },
  ...more,
});

/** Results of tools that are judged by their content. */
/** A judge that needs more stack than there is, as any recursive one does for a value that is nested deeply enough. */
const recurse: ResultJudge = (value) => recurse([value]);

export const toolResults: OutcomeTable = {
  title: "a tool's result",
  cases: [
    ofResult('OK', text('fine')),
    ofResult('REPLY_UNREADABLE', 'deep', {
      message: /^the reply could not be read: Maximum call stack size exceeded$/,
      request: { judge: (value) => recurse(value) },
    }),
    ofResult('TOOL_ERROR', { isError: true, ...text('broken') }, { message: /^broken$/ }),
    ofResult('TOOL_QUOTA', text('Your quota is used up'), { message: /^Your quota/ }),
    ofResult('TOOL_SOFT_ERROR', text('Request failed with status 500')),
    ofResult('TOOL_UNCHECKED', structured(2), {
      message: /^the outputSchema cannot be checked: it takes more than 1000000 steps$/,
      request: { judge, tool: endless },
    }),
    ofResult('TOOL_EMPTY', { content: [] }),
    ofResult('TOOL_READS_LIKE_ERROR', text('Error searching libraries: fetch failed'), { message: /^Error searching/ }),
    ofResult('OK', { content: [], structuredContent: {} }),
    ofResult('OK', { content: [{ type: 'image', data: '' }] }),
    ofResult('PROTO_SHAPE', []),
    ofResult('PROTO_SHAPE', { content: 'no array' }, { message: /content/ }),
    ofResult('OK', { content: [], structuredContent: { grams: 1 } }, { request: { judge, tool } }),
    ofResult(
      'TOOL_SCHEMA',
      { content: [], structuredContent: { grams: 'one' } },
      {
        request: { judge, tool },
        message: /structuredContent\/grams/,
      },
    ),
    ofResult('TOOL_SCHEMA', text('1 g'), { request: { judge, tool }, message: /structuredContent is missing/ }),
    ofResult('TOOL_ERROR', { isError: true, ...text('no scales') }, { request: { judge, tool } }),
    ofResult(
      'TOOL_ASSERT',
      { content: [] },
      {
        name: 'no content, although a check requires some',
        request: { judge: compileJudge(judge, textOfTool, [{ matches: '.' }], PLACE) },
      },
    ),
    ofResult('TOOL_CAPTURE', text('no number'), {
      name: 'no value for a capture',
      request: {
        judge: captureInto(new Map(), judge, textOfTool, [compileCapture('id', { matches: '[0-9]+' }, false)]),
      },
      message: /^nothing to capture as id by/,
    }),
    ofResult('TOOL_ASSERT', text('fine'), {
      request: { judge: compileJudge(judge, textOfTool, [{ contains: 'excellent' }], PLACE) },
      message: /excellent/,
    }),
  ],
};

/** An answer to initialize with the id as text. */
const withTextId = (headers: string[]) => {
  const response = { jsonrpc: '2.0', id: '1', result: opened('2025-11-25') };
  return {
    name: `${headers.join(' and ')}, the id as text`,
    reply: httpReply(200, ['content-type: application/json', ...headers], JSON.stringify(response)),
  };
};
const initialize = (judgeOf: ResultJudge) => ({ opensSession: true, rpcMethod: 'initialize', judge: judgeOf });
const opened = (protocolVersion: unknown) => ({ protocolVersion, capabilities: {} });
const withIds = (outcome: Outcome, headers: string[], more: Partial<OutcomeCase> = {}): OutcomeCase => ({
  name: headers.join(' and ') || 'no session id',
  reply: httpReply(
    200,
    ['content-type: application/json', ...headers],
    JSON.stringify({ jsonrpc: '2.0', id: 1, result: opened('2025-11-25') }),
  ),
  outcome,
  request: initialize(initializeJudge(undefined)),
  ...more,
});

/** Replies to initialize. */
export const initializeReplies: OutcomeTable = {
  title: 'a reply to initialize',
  cases: [
    withIds('OK', []),
    withIds('OK', ['MCP-SESSION-ID: a']),
    withIds('SESS_DUP', ['mcp-session-id: a', 'Mcp-Session-Id: a'], { message: /came 2 times/ }),
    withIds('SESS_AMBIGUOUS', ['mcp-session-id: a', 'mcp-session-id: b', 'mcp-session-id: a'], {
      message: /2 different values/,
    }),
    withIds('PROTO_ID_TYPE', ['mcp-session-id: a'], withTextId(['mcp-session-id: a'])),
    withIds('SESS_DUP', [], withTextId(['mcp-session-id: a', 'mcp-session-id: a'])),
    withIds('SESS_AMBIGUOUS', [], withTextId(['mcp-session-id: a', 'mcp-session-id: b'])),
    withIds('PROTO_SHAPE', [], { ...withTextId(['mcp-session-id: caf\u00e9']), message: /beyond visible ASCII/ }),
    withIds('PROTO_SHAPE', ['mcp-session-id: caf\u00e9'], { message: /beyond visible ASCII/ }),
    withIds('OK', ['mcp-session-id: a', 'mcp-session-id: b'], {
      request: {},
      name: 'two session ids in a reply to another request',
    }),
    ofResult('OK', opened('2025-03-26'), { request: initialize(initializeJudge(undefined)) }),
    ofResult('OK', opened('2024-11-05'), { request: initialize(initializeJudge(undefined)) }),
    ofResult('PROTO_VERSION', opened('2024-11-05'), {
      request: initialize(initializeJudge('2025-03-26')),
      message: /HTTP\+SSE, is deprecated/,
    }),
    ofResult('PROTO_VERSION', opened('2026-07-28'), { request: initialize(initializeJudge(undefined)) }),
    ofResult('PROTO_VERSION', opened('2025-06-18'), {
      request: initialize(initializeJudge('2025-11-25')),
      message: /the plan pins 2025-11-25/,
    }),
    ofResult('PROTO_SHAPE', opened(7), { request: initialize(initializeJudge(undefined)), message: /protocolVersion/ }),
  ],
};
