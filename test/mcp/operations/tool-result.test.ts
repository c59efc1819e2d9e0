import assert from 'node:assert/strict';
import { it } from 'node:test';
import { compileSoftErrors, judgeToolResult, textOfTool } from '../../../src/mcp/operations/call-tool.ts';
import { readTools } from '../../../src/mcp/operations/tool.ts';
import { softErrorFor } from '../../../src/sample/error-text.ts';
import { outcomeClass } from '../../../src/sample/outcome.ts';

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

it('the result of a tool is still useful when its text reads like an error, which becomes a warning', () => {
  const failed = 'Error searching libraries: fetch failed';
  assert.deepEqual(judgeToolResult(saying(failed), softErrors), { outcome: 'TOOL_READS_LIKE_ERROR', message: failed });
  assert.equal(outcomeClass('TOOL_READS_LIKE_ERROR'), 'warning');
  assert.equal(judgeToolResult(saying(failed, { isError: true }), softErrors).outcome, 'TOOL_ERROR');
  assert.equal(judgeToolResult(saying('Monthly quota exceeded'), softErrors).outcome, 'TOOL_QUOTA');
  assert.equal(judgeToolResult(saying('Monthly quota exceeded'), []).outcome, 'TOOL_READS_LIKE_ERROR');
  assert.equal(judgeToolResult(saying(failed), softErrors, weigh).outcome, 'TOOL_SCHEMA');
  assert.equal(judgeToolResult(saying('Error handling in Express'), softErrors).outcome, 'OK');
  const suggested = softErrorFor(failed);
  assert.ok(suggested);
  assert.equal(judgeToolResult(saying(failed), compileSoftErrors([suggested])).outcome, 'TOOL_SOFT_ERROR');
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
