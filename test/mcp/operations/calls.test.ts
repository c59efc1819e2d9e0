import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ResultJudge } from '../../../src/mcp/http/json-rpc.ts';
import { addParams, type Call, PING } from '../../../src/mcp/operations/call.ts';
import { callTool, textOfTool } from '../../../src/mcp/operations/call-tool.ts';
import { isList, listItems, pageCall, readPage } from '../../../src/mcp/operations/list-items.ts';
import {
  completeArgument,
  getPrompt,
  readResource,
  textOfCompletion,
  textOfPrompt,
  textOfResource,
} from '../../../src/mcp/operations/prompts-and-resources.ts';
import { readTools } from '../../../src/mcp/operations/tool.ts';
import { type SdkServer, startSdkServer } from './sdk-server.ts';

describe('a server of the official SDK', () => {
  let server: SdkServer;
  before(async () => {
    server = await startSdkServer();
  });
  after(() => server.close());

  /** Sends a call whose result must be judged useful. @returns the result */
  async function useful(call: Call): Promise<unknown> {
    const result = await server.ask(call);
    assert.deepEqual(call.judge(result), { outcome: 'OK', message: '' });
    return result;
  }

  it('accepts a tool call and returns a result that matches its output schema', async () => {
    const call = callTool('weigh')('{"text":"abc"}');
    assert.equal(call.operation, 'tools/call:weigh');
    assert.equal(call.name, 'weigh');
    const result = await useful(call);
    assert.equal(textOfTool(result), '3 g');
    const [weigh] = readTools(readPage('tools/list', await server.ask(listItems('tools'))).items);
    assert.equal(weigh?.readOnly, true);
    assert.equal(call.judge(result, weigh).outcome, 'OK');
    assert.equal(call.judge({ content: [] }, weigh).outcome, 'TOOL_SCHEMA');
    assert.equal(call.judge(await server.ask(callTool('weigh')('{}')), weigh).outcome, 'TOOL_ERROR');
  });

  it('reads resources, which count under the given label', async () => {
    const notes = readResource('file:///notes.txt')('"file:///notes.txt"');
    assert.deepEqual([notes.operation, notes.name], ['resources/read:file:///notes.txt', 'file:///notes.txt']);
    assert.equal(textOfResource(await useful(notes)), 'first');
    const octo = readResource('repo://{{owners}}')('"repo://octo"');
    assert.deepEqual([octo.operation, octo.name], ['resources/read:repo://{{owners}}', 'repo://octo']);
    assert.equal(textOfResource(await useful(octo)), 'repo://octo');
  });

  it('returns prompts', async () => {
    const call = getPrompt('brief')('{"language":"rust"}');
    assert.deepEqual([call.operation, call.name], ['prompts/get:brief', 'brief']);
    assert.equal(textOfPrompt(await useful(call)), 'Write rust.\nYes.');
  });

  it('completes arguments, with and without a context', async () => {
    const make = completeArgument({ prompt: 'brief' }, 'language');
    assert.equal(make('""').operation, 'completion/complete:brief');
    assert.equal(textOfCompletion(await useful(make('"py"'))), 'python\npytorch');
    assert.equal(textOfCompletion(await useful(make('"r"', '{"mood":"!"}'))), 'rust!');
    assert.equal(textOfCompletion(await useful(make('"x"'))), '');
    const template = completeArgument({ resource: 'repo://{owner}' }, 'owner')('"o"');
    assert.equal(template.operation, 'completion/complete:repo://{owner}');
    assert.deepEqual(await useful(template), { completion: { values: [], hasMore: false } });
  });

  it('lists everything that it has', async () => {
    const listed = async (call: Call, key: string) => {
      assert.ok(isList(call));
      assert.equal(call.operation, call.method);
      return readPage(call.method, await useful(call)).items.map((item) => item[key]);
    };
    assert.deepEqual(await listed(listItems('tools'), 'name'), ['weigh']);
    assert.deepEqual(await listed(listItems('resources'), 'uri'), ['file:///notes.txt']);
    assert.deepEqual(await listed(listItems('resource-templates'), 'uriTemplate'), ['repo://{owner}']);
    assert.deepEqual(await listed(listItems('prompts'), 'name'), ['brief']);
  });

  it('answers pings', async () => {
    assert.deepEqual(await useful(PING), {});
    assert.ok(!isList(PING));
  });
});

describe('a call', () => {
  it('serialises names and labels with any characters', () => {
    const odd = 'a "b" \\ ü\n{{x}}';
    const params = [
      callTool(odd)('{}'),
      getPrompt(odd)('{}'),
      completeArgument({ prompt: odd }, odd)('""'),
      readResource('x')(JSON.stringify(odd)),
    ].map((call) => JSON.parse(call.params));
    assert.deepEqual(params, [
      { name: odd, arguments: {} },
      { name: odd, arguments: {} },
      { ref: { type: 'ref/prompt', name: odd }, argument: { name: odd, value: '' } },
      { uri: odd },
    ]);
  });

  it('requests progress only when asked to', () => {
    assert.equal(callTool('a')('{}').progress, false);
    const judge: ResultJudge = () => assert.fail();
    assert.equal(callTool('a', judge, true)('{}').progress, true);
    assert.equal(callTool('a', judge)('{}').judge, judge);
  });
});

describe('a page', () => {
  const first = listItems('prompts');

  it('is requested with the cursor of the previous page, whatever it is', () => {
    for (const cursor of ['', '"', '{}', 'ü\n', 'x'.repeat(5000)]) {
      const { params, ...rest } = pageCall(first, cursor);
      assert.deepEqual(JSON.parse(params), { cursor });
      assert.deepEqual({ ...rest, params: '{}' }, first);
    }
  });

  it('is the last one without a cursor, but not with an empty one', () => {
    const cursorOf = (more: object) => readPage('prompts/list', { prompts: [], ...more }).nextCursor;
    assert.equal(cursorOf({}), undefined);
    assert.equal(cursorOf({ nextCursor: null }), undefined);
    assert.equal(cursorOf({ nextCursor: '' }), '');
    assert.equal(cursorOf({ nextCursor: 'b' }), 'b');
  });

  it('belongs only to methods that list', () => {
    assert.throws(() => readPage('tools/call', {}), /tools\/call is not a list; expected one of tools\/list, /);
  });
});

describe('addParams', () => {
  it('adds members to params, empty or not', () => {
    assert.equal(addParams('{}', '"a":1,"b":2'), '{"a":1,"b":2}');
    assert.equal(addParams('{"a":{}}', '"b":[]'), '{"a":{},"b":[]}');
    assert.equal(addParams('{"a":1}', ''), '{"a":1}');
    assert.equal(addParams('{}', ''), '{}');
  });
});
