import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Call, PING } from '../../src/mcp/operations/call.ts';
import { callTool, textOfTool } from '../../src/mcp/operations/call-tool.ts';
import { listItems } from '../../src/mcp/operations/list-items.ts';
import {
  completeArgument,
  getPrompt,
  textOfCompletion,
  textOfPrompt,
  textOfResource,
} from '../../src/mcp/operations/prompts-and-resources.ts';
import { listPages } from '../../src/mcp/session/lists.ts';
import type { ListName } from '../../src/plan/step-schema.ts';
import { SAMPLE_FLAG } from '../../src/sample/block.ts';
import { CALLER, type FoundSession, openFoundSession, resourceRead, toolCall } from '../support/session-rig.ts';
import { EVERYTHING, type PackageServer, startPackageServer } from './package-server.ts';

describe('our client with server-everything', { concurrency: true }, () => {
  let server: PackageServer;
  let session: FoundSession;
  before(async () => {
    server = await startPackageServer(EVERYTHING, ['streamableHttp']);
    // Closed by the suite.
    session = await openFoundSession({ after: () => {} }, { url: `${server.origin}/mcp` });
  });
  after(async () => {
    await session?.close();
    await server?.stop();
  });

  /** Sends a call that must succeed, over an event stream as always with this server. @returns the result */
  async function useful(call: Call): Promise<unknown> {
    const { outcome, message, sample, result } = await session.request(call);
    assert.equal(outcome, 'OK', `${call.operation}: ${message}`);
    assert.equal(sample.flags, SAMPLE_FLAG.sse);
    return result;
  }

  it('finds a server of the first era with all its capabilities', () => {
    assert.equal(session.era, 'legacy');
    assert.match(session.facts.server, /^mcp-servers\/everything \d/);
    assert.equal(session.facts.protocolVersion, '2025-11-25');
    assert.equal(session.facts.session, 'stateful');
    for (const capability of ['tools', 'resources', 'prompts', 'completions']) {
      assert.ok(session.capabilities.includes(capability), session.capabilities.join());
    }
  });

  it('calls tools that return text', async () => {
    assert.equal(textOfTool(await useful(toolCall('echo', { message: 'tea ☕\n"now"' }))), 'Echo: tea ☕\n"now"');
    assert.equal(textOfTool(await useful(toolCall('get-sum', { a: 2, b: 3.5 }))), 'The sum of 2 and 3.5 is 5.5.');
  });

  it('calls a tool with structured content, and checks it by the outputSchema', async () => {
    const outputProblem = session.tools.find(({ name }) => name === 'get-structured-content')?.outputProblem;
    assert.ok(outputProblem !== undefined, 'the schema that the server lists must be usable');
    assert.match(String(outputProblem({ temperature: 'warm' })), /structuredContent/);
    const result = await useful(toolCall('get-structured-content', { location: 'Chicago' }));
    assert.equal((result as { structuredContent: { temperature: number } }).structuredContent.temperature, 36);
  });

  it('calls tools that return content of other types', async () => {
    const typesOf = (result: unknown) => (result as { content: { type: string }[] }).content.map(({ type }) => type);
    const links = await useful(toolCall('get-resource-links', { count: 2 }));
    assert.deepEqual(typesOf(links), ['text', 'resource_link', 'resource_link']);
    assert.ok(typesOf(await useful(toolCall('get-tiny-image', {}))).includes('image'));
    const reference = await useful(toolCall('get-resource-reference', { resourceType: 'Text', resourceId: 1 }));
    assert.ok(typesOf(reference).includes('resource'));
  });

  it('reads all lists to the last page', async () => {
    const items = async (list: ListName, key: string) => {
      const keys: unknown[] = [];
      const last = await listPages(session.session, listItems(list), CALLER, (page) =>
        keys.push(...page.map((item) => item[key])),
      );
      assert.equal(last.outcome, 'OK', last.message);
      return keys;
    };
    assert.deepEqual(
      await items('tools', 'name'),
      session.tools.map(({ name }) => name),
    );
    assert.ok((await items('prompts', 'name')).includes('args-prompt'));
    assert.ok((await items('resource-templates', 'uriTemplate')).includes('demo://resource/dynamic/text/{resourceId}'));
    const [document] = await items('resources', 'uri');
    assert.notEqual(textOfResource(await useful(resourceRead(String(document)))), '');
  });

  it('reads resources made from templates', async () => {
    assert.match(textOfResource(await useful(resourceRead('demo://resource/dynamic/text/7'))), /^Resource 7: /);
    const blob = (await useful(resourceRead('demo://resource/dynamic/blob/7'))) as { contents: { blob: string }[] };
    assert.match(Buffer.from(blob.contents[0]?.blob ?? '', 'base64').toString(), /^Resource 7: /);
  });

  it('gets prompts', async () => {
    const prompt = async (name: string, args: object) =>
      textOfPrompt(await useful(getPrompt(name)(JSON.stringify(args))));
    assert.match(await prompt('simple-prompt', {}), /simple prompt/);
    assert.equal(await prompt('args-prompt', { city: 'Zürich' }), "What's weather in Zürich?");
    assert.match(await prompt('resource-prompt', { resourceType: 'Text', resourceId: '1' }), /resource with id: 1/);
  });

  it('completes arguments', async () => {
    const department = completeArgument({ prompt: 'completable-prompt' }, 'department');
    assert.equal(textOfCompletion(await useful(department('"S"'))), 'Sales\nSupport');
    const name = completeArgument({ prompt: 'completable-prompt' }, 'name');
    assert.equal(textOfCompletion(await useful(name('""', '{"department":"Sales"}'))), 'David\nEve\nFrank');
    const id = completeArgument({ resource: 'demo://resource/dynamic/text/{resourceId}' }, 'resourceId');
    assert.equal(textOfCompletion(await useful(id('"12"'))), '12');
  });

  it('pings', async () => {
    assert.deepEqual(await useful(PING), {});
  });

  it('accepts progress notifications without taking them for the answer or delaying it', async () => {
    const call = (progress: boolean) =>
      callTool('trigger-long-running-operation', undefined, progress)('{"duration":0.9,"steps":3}');
    const [reported, silent] = await Promise.all([session.request(call(true)), session.request(call(false))]);
    for (const { sample } of [reported, silent]) {
      const { outcome, message, headersMs, firstEventMs, durationMs, closeMs } = sample;
      assert.equal(outcome, 'OK', message);
      // The server's timer may fire a millisecond early.
      assert.ok(durationMs >= 895, `answered after ${durationMs} ms`);
      // Well before the answer, however slow the machine is.
      const early = durationMs - 300;
      assert.ok(
        (headersMs ?? early) < early && (firstEventMs ?? early) < early,
        `headers ${headersMs}, event ${firstEventMs}`,
      );
      assert.ok((closeMs ?? 0) >= durationMs);
    }
    assert.ok(reported.sample.bytes > silent.sample.bytes + 3 * 50, 'three notifications of progress must have come');
  });

  const faults: readonly [call: Call, outcome: string, message: RegExp][] = [
    [toolCall('nope', {}), 'TOOL_ERROR', /Tool nope not found/],
    [toolCall('get-sum', { a: 'one' }), 'TOOL_ERROR', /-32602.*get-sum/],
    [getPrompt('nope')('{}'), 'RPC_-32602', /nope/],
    [getPrompt('args-prompt')('{}'), 'RPC_-32602', /args-prompt/],
    [resourceRead('demo://nope'), 'RPC_-32602', /demo:\/\/nope/],
    [{ ...PING, operation: 'no/such', method: 'no/such' }, 'RPC_-32601', /not found/],
  ];
  for (const [call, outcome, message] of faults) {
    it(`records ${outcome} for ${call.operation} with ${call.params}, and keeps the session`, async () => {
      const exchange = await session.request(call);
      assert.equal(exchange.outcome, outcome, exchange.message);
      assert.match(exchange.message, message);
      assert.equal(exchange.status, 200);
      assert.equal(session.session.alive, true);
    });
  }
});
