import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Judgement } from '../../../src/mcp/http/json-rpc.ts';
import { PING } from '../../../src/mcp/operations/call.ts';
import { judgePage } from '../../../src/mcp/operations/list-items.ts';
import {
  getPrompt,
  judgeCompletion,
  judgePrompt,
  judgeResource,
  textOfPrompt,
  textOfResource,
} from '../../../src/mcp/operations/prompts-and-resources.ts';

/** Results that a judge accepts; results that it refuses, and what the message must name. */
type Cases = {
  readonly judge: (result: unknown) => Judgement;
  readonly useful: readonly unknown[];
  readonly shapeError: readonly (readonly [result: unknown, named: string])[];
};

const uri = 'file:///a';
const text = { type: 'text', text: 'hi' };
const page = (method: string) => (result: unknown) => judgePage(method, result);

const METHODS: Record<string, Cases> = {
  'resources/read': {
    judge: judgeResource,
    useful: [
      { contents: [{ uri, text: '' }] },
      {
        contents: [
          { uri, blob: '' },
          { uri, text: 'x' },
        ],
        ttlMs: 0,
      },
    ],
    shapeError: [
      [{}, 'an array "contents"'],
      [{ contents: { uri, text: '' } }, 'an array "contents"'],
      [{ contents: [{ text: 'x' }] }, 'contents[0].uri'],
      [{ contents: [{ uri, text: '' }, { uri }] }, 'contents[1].text or .blob'],
      [{ contents: [{ uri, text: null }] }, 'contents[0].text or .blob'],
      [{ contents: ['x'] }, 'contents[0].uri'],
    ],
  },
  'prompts/get': {
    judge: judgePrompt,
    useful: [{ messages: [{ role: 'user', content: text }], description: 'x' }],
    shapeError: [
      [{}, 'an array "messages"'],
      [{ messages: [{ content: text }] }, 'messages[0].role'],
      [{ messages: [{ role: 'user', content: 'hi' }] }, 'an object messages[0].content'],
      [{ messages: [{ role: 'user', content: text }, null] }, 'messages[1].role'],
    ],
  },
  'completion/complete': {
    judge: judgeCompletion,
    useful: [{ completion: { values: [] } }, { completion: { values: ['a', ''], total: 2, hasMore: false } }],
    shapeError: [
      [{}, 'an array "completion.values"'],
      [{ completion: [] }, 'an array "completion.values"'],
      [{ completion: { values: 'a' } }, 'an array "completion.values"'],
      [{ completion: { values: ['a', 1] } }, 'only strings in completion.values'],
    ],
  },
  'tools/list': {
    judge: page('tools/list'),
    useful: [{ tools: [] }, { tools: [{ name: 'a' }], nextCursor: '' }, { tools: [{ name: '' }], nextCursor: null }],
    shapeError: [
      [{}, 'an array "tools"'],
      [{ tools: {} }, 'an array "tools"'],
      [{ tools: [{ name: 'a' }, { title: 'b' }] }, 'tools[1].name'],
      [{ tools: [null] }, 'tools[0].name'],
      [{ tools: [], nextCursor: 7 }, 'nextCursor'],
    ],
  },
  'resources/list': {
    judge: page('resources/list'),
    useful: [{ resources: [{ uri }] }],
    shapeError: [[{ resources: [{ name: 'a' }] }, 'resources[0].uri']],
  },
  'resources/templates/list': {
    judge: page('resources/templates/list'),
    useful: [{ resourceTemplates: [{ uriTemplate: 'a:{b}' }] }],
    shapeError: [
      [{ resources: [] }, 'an array "resourceTemplates"'],
      [{ resourceTemplates: [{ uri }] }, 'resourceTemplates[0].uriTemplate'],
    ],
  },
  'prompts/list': {
    judge: page('prompts/list'),
    useful: [{ prompts: [{ name: 'a' }] }],
    shapeError: [[{ prompts: ['a'] }, 'prompts[0].name']],
  },
  ping: { judge: PING.judge, useful: [{}, { _meta: {} }], shapeError: [['pong', 'an object']] },
};

for (const [method, { judge, useful, shapeError }] of Object.entries(METHODS)) {
  describe(`a result of ${method}`, () => {
    it('is useful when it matches the specification', () => {
      for (const result of useful) assert.equal(judge(result).outcome, 'OK', JSON.stringify(result));
    });

    it('is refused with a message that names what is missing', () => {
      for (const [result, named] of shapeError) {
        const { outcome, message } = judge(result);
        assert.equal(outcome, 'PROTO_SHAPE', JSON.stringify(result));
        assert.ok(message.startsWith(`${method}: expected `) && message.endsWith(named), message);
      }
    });

    it('is refused when it is not an object', () => {
      for (const result of [undefined, null, 'x', 1, []]) assert.equal(judge(result).outcome, 'PROTO_SHAPE');
    });
  });
}

describe('a result', () => {
  it('is a warning when a resource has no contents or a prompt no messages', () => {
    assert.equal(judgeResource({ contents: [] }).outcome, 'TOOL_EMPTY');
    assert.equal(judgePrompt({ messages: [] }).outcome, 'TOOL_EMPTY');
    assert.equal(getPrompt('a')('{}').judge({ messages: [] }).outcome, 'TOOL_EMPTY');
  });

  it('has a text that leaves out other content', () => {
    assert.equal(
      textOfResource({
        contents: [
          { uri, text: 'a' },
          { uri, blob: 'b' },
          { uri, text: 'c' },
        ],
      }),
      'a\nc',
    );
    const image = { type: 'image', data: 'x' };
    const messages = [text, image, { type: 'text', text: 'you' }].map((content) => ({ role: 'user', content }));
    assert.equal(textOfPrompt({ messages }), 'hi\nyou');
  });
});
