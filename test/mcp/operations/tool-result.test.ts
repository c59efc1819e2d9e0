import assert from 'node:assert/strict';
import { it } from 'node:test';
import { compileSoftErrors, judgeToolResult, textOfTool } from '../../../src/mcp/operations/call-tool.ts';
import { readTools } from '../../../src/mcp/operations/tool.ts';

const softErrors = compileSoftErrors([{ pattern: '^Monthly quota', outcome: 'TOOL_QUOTA' }]);
const outputSchema = { type: 'object', properties: { grams: { type: 'number' } }, required: ['grams'] };
const [weigh] = readTools([{ name: 'weigh', inputSchema: { type: 'object' }, outputSchema }]);
const saying = (text: string, more: object = {}) => ({ content: [{ type: 'text', text }], ...more });

it('the result of a tool must have structured content that matches the output schema', () => {
  assert.equal(judgeToolResult(saying('3 g', { structuredContent: { grams: 3 } }), [], weigh).outcome, 'OK');
  assert.deepEqual(judgeToolResult(saying('3 g'), [], weigh), {
    outcome: 'TOOL_SCHEMA',
    message: 'structuredContent is missing, although the tool has an outputSchema',
  });
  assert.deepEqual(judgeToolResult(saying('3 g', { structuredContent: { grams: '3' } }), [], weigh), {
    outcome: 'TOOL_SCHEMA',
    message: 'structuredContent/grams must be number',
  });
  assert.equal(judgeToolResult(saying('3 g', { structuredContent: null }), [], weigh).outcome, 'TOOL_SCHEMA');
});

it('the result of a tool does not need structured content when the tool is unknown or has no output schema', () => {
  const [plain] = readTools([{ name: 'plain', inputSchema: { type: 'object' } }]);
  assert.equal(judgeToolResult(saying('3 g'), []).outcome, 'OK');
  assert.equal(judgeToolResult(saying('3 g', { structuredContent: { grams: '3' } }), [], plain).outcome, 'OK');
});

it('the result of a tool is judged by the first problem of: shape, error, soft error, schema, emptiness', () => {
  const outcomes = [
    { content: 'x', isError: true },
    { content: [], isError: true },
    saying('Monthly quota exceeded', { isError: true }),
    saying('Monthly quota exceeded'),
    { content: [] },
    { content: [], structuredContent: { grams: 1 } },
  ].map((result) => judgeToolResult(result, softErrors, weigh).outcome);
  assert.deepEqual(outcomes, ['PROTO_SHAPE', 'TOOL_ERROR', 'TOOL_ERROR', 'TOOL_QUOTA', 'TOOL_SCHEMA', 'OK']);
  assert.equal(judgeToolResult({ content: [] }, softErrors).outcome, 'TOOL_EMPTY');
});

it('the result of a tool can lack content, which clients treat as empty, but must not have another shape', () => {
  assert.equal(judgeToolResult({}, []).outcome, 'TOOL_EMPTY');
  assert.equal(judgeToolResult({ structuredContent: {} }, []).outcome, 'OK');
  const shapeError: [unknown, string][] = [
    [{ content: null }, 'an array "content"'],
    [{ content: {} }, 'an array "content"'],
    [{ content: ['x'] }, 'content[0].type'],
    [saying('x', { content: [{ type: 'image' }, { text: 'x' }] }), 'content[1].type'],
    [{ content: [{ type: 'text' }] }, 'content[0].text'],
    [['x'], 'an object, got ["x"]'],
  ];
  for (const [result, expected] of shapeError) {
    assert.deepEqual(judgeToolResult(result, []), {
      outcome: 'PROTO_SHAPE',
      message: `tools/call: expected ${expected}`,
    });
  }
});

it('the result of a tool has a text made of the texts in its content', () => {
  const link = { type: 'resource_link', uri: 'a:b', text: 'no' };
  assert.equal(textOfTool({ content: [{ type: 'text', text: 'a' }, link, { type: 'text', text: 'b' }] }), 'a\nb');
  assert.equal(textOfTool({ structuredContent: {} }), '');
});
