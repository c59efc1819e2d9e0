import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { problemText } from '../../src/plan/problem.ts';
import { renderHtml } from '../../src/report/html/html.ts';
import { renderText } from '../../src/report/text/text.ts';
import { createRun } from '../../src/run/create-run.ts';
import { readReport, readRun } from '../../src/run/run-documents.ts';
import { runInProcess } from '../../src/run/run-in-process.ts';
import { runView } from '../../src/run/run-view.ts';
import { planText } from '../support/a-plan.ts';
import { type Answer, legacyServer, type McpServer, modernServer, startMcpServer } from '../support/mcp-server.ts';
import { httpReply } from '../support/raw-http.ts';
import { testContext } from '../support/run-context.ts';

const CAPABILITIES = { tools: {}, prompts: {}, resources: {}, completions: {} };
const inputSchema = {
  type: 'object',
  properties: { query: { type: 'string' }, top: { type: 'integer' } },
  required: ['query'],
};
const lookTool = { name: 'look', annotations: { readOnlyHint: true }, inputSchema };

/** A page of a list with two pages. */
const paged =
  (key: string, first: object, second: object): Answer =>
  ({ params }) =>
    params.cursor === undefined ? { [key]: [first], nextCursor: 'more' } : { [key]: [second] };

const LISTS: Readonly<Record<string, Answer>> = {
  'tools/list': paged('tools', lookTool, { ...lookTool, name: 'write', annotations: {} }),
  'prompts/list': paged(
    'prompts',
    { name: 'plain' },
    { name: 'brief', arguments: [{ name: 'language', required: true }] },
  ),
  'resources/list': paged('resources', { uri: 'file:///a' }, { uri: 'file:///notes.txt' }),
  'resources/templates/list': paged('resourceTemplates', { uriTemplate: 'a://{b}' }, { uriTemplate: 'repo://{owner}' }),
  'resources/read': ({ params }) => ({ contents: [{ uri: params.uri, text: 'note' }] }),
  'prompts/get': () => ({ messages: [{ role: 'user', content: { type: 'text', text: 'Write.' } }] }),
  'completion/complete': () => ({ completion: { values: [] } }),
};

const refusal = (id: number) => {
  const error = { code: -32602, message: 'Invalid arguments for tool look' };
  return JSON.stringify({ jsonrpc: '2.0', id, error });
};

const discovery =
  (capabilities: object): Answer =>
  () => ({ supportedVersions: ['2026-07-28'], capabilities });
const ERAS = {
  legacy: (capabilities: object): Record<string, Answer> => ({
    ...legacyServer,
    initialize: () => ({ protocolVersion: '2025-11-25', capabilities }),
    ...LISTS,
  }),
  modern: (capabilities: object): Record<string, Answer> => ({
    ...modernServer,
    'server/discover': discovery(capabilities),
    ...LISTS,
  }),
} as const;
const PROTOCOLS = { legacy: '2025-11-25', modern: '2026-07-28' } as const;

/** Runs a short plan of these steps. */
async function run(server: McpServer, era: keyof typeof ERAS, steps: readonly object[], target: object = {}) {
  const context = testContext({ secrets: { get: async () => 'the-secret' } });
  const text = planText({
    target: { url: `${server.origin}/mcp`, protocol: PROTOCOLS[era], ...target },
    scenario: { executor: 'per-vu-iterations', vus: 1, iterations: 1, duration: undefined, order: 'fixed', steps },
    plan: { generator: { maxEventLoopDelay: '10s', maxStartDelay: '30s' } },
  });
  const created = await createRun(context, { text, trigger: 'command' });
  assert.ok('record' in created, JSON.stringify(created));
  const { runId } = created.record;
  const warned: (readonly string[])[] = [];
  let requestsBefore = 0;
  const problems = await runInProcess(context, runId, (warnings) => {
    warned.push(warnings);
    requestsBefore = server.incoming.filter(({ headers }) => headers['user-agent']?.includes('(load)')).length;
  });
  assert.deepEqual([warned.length, requestsBefore], [1, 0], 'warnings must be there once, before the load');
  const record = await readRun(context.store, runId);
  assert.deepEqual(record.problems ?? [], problems, 'the record must have the same problems');
  return {
    problems: problems.map(problemText),
    warnings: warned[0] ?? [],
    record,
    report: await readReport(context.store, runId),
  };
}

const preflightMethods = (server: McpServer) =>
  server.incoming.filter(({ headers }) => headers['user-agent']?.includes('(preflight)')).map(({ method }) => method);

for (const era of ['legacy', 'modern'] as const) {
  describe(`preflight against a server of the ${era} era`, () => {
    it('finds every problem of every step together, also on the last page of a list', async (t) => {
      const server = await startMcpServer(ERAS[era](CAPABILITIES));
      t.after(() => server.close());
      const { problems, warnings, record, report } = await run(server, era, [
        { tool: 'look', arguments: { query: 'x', top: 5 } },
        { tool: 'look', arguments: { query: 7, tpo: 5 } },
        { tool: 'lok' },
        { tool: 'write', arguments: {} },
        { prompt: 'brief' },
        { prompt: 'brife', arguments: { language: 'de' } },
        { resource: 'file:///notes.txt' },
        { resource: 'file:///note.txt' },
        { resource: 'repo://octo' },
        { complete: { prompt: 'brief', argument: { name: 'language', value: '' } } },
        { complete: { resource: 'repo://{name}', argument: { name: 'name', value: '' } } },
      ]);
      const short = (texts: readonly string[]) => texts.map((text) => text.replace('scenarios.calls.', ''));
      assert.deepEqual(short(problems), [
        'steps[1].arguments.query: expected string, got 7: write it in quotes (inputSchema of look). To send these arguments anyway, set validateArguments: false in this step.',
        'steps[2].tool: web has no tool "lok": did you mean "look"? Its tools: look, write.',
        'steps[3].tool: web does not mark "write" with readOnlyHint, so it may change something. To call it anyway, add it to targets.web.allowWrites.',
        'steps[3].arguments.query: missing; write requires it: add it. To send these arguments anyway, set validateArguments: false in this step.',
        'steps[4].arguments.language: missing; prompt "brief" of web requires it: add it. To send these arguments anyway, set validateArguments: false in this step.',
        'steps[5].prompt: web has no prompt "brife": did you mean "brief"?',
      ]);
      assert.deepEqual(short(warnings), [
        'steps[1].arguments.tpo: look does not list this argument and may ignore it: did you mean "top"?',
        'steps[7].resource: web lists neither "file:///note.txt" nor a template for it: did you mean "file:///notes.txt"? Check the URI; the run goes on, because a server may have resources that it does not list.',
        'steps[10].complete.resource: web does not list this template: did you mean "repo://{owner}"?',
      ]);
      assert.equal(report, undefined);
      assert.deepEqual([record.state, record.preflightWarnings], ['refused', warnings]);
    });

    it('lets a step send wrong arguments on purpose, and the refusal is a failure that no check changes', async (t) => {
      const refuse: Answer = ({ id, params }) =>
        params.name === 'look' && (params.arguments as { query?: unknown }).query === 'x'
          ? { content: [{ type: 'text', text: 'seen' }] }
          : httpReply(200, ['content-type: application/json'], refusal(id));
      const server = await startMcpServer(ERAS[era](CAPABILITIES), { 'tools/call': refuse });
      t.after(() => server.close());
      const { problems, report } = await run(server, era, [
        { tool: 'look', arguments: { query: 'x' } },
        { tool: 'look', arguments: { query: 7 }, validateArguments: false, checks: [{ contains: 'Invalid' }] },
      ]);
      assert.deepEqual(problems, []);
      assert.deepEqual(
        server.of('tools/call').map(({ params }) => params.arguments),
        [{ query: 'x' }, { query: 7 }],
      );
      const [look] = report?.operations.filter(({ operation }) => operation === 'tools/call:look') ?? [];
      assert.deepEqual([look?.useful, look?.failures], [1, 1]);
      assert.deepEqual(
        report?.failures.map(({ outcome, count }) => [outcome, count]),
        [['RPC_-32602', 1]],
      );
      assert.deepEqual(report?.checks, []);
    });

    it('keeps its warnings in the record and the report, and lets the run go on', async (t) => {
      const server = await startMcpServer(ERAS[era](CAPABILITIES));
      t.after(() => server.close());
      const steps = [{ tool: 'look', arguments: { query: 'x', tpo: 5 } }, { resource: 'a:b' }];
      const { problems, warnings, record, report } = await run(server, era, steps);
      assert.deepEqual([problems, warnings.length], [[], 2]);
      assert.deepEqual(record.preflightWarnings, warnings);
      assert.deepEqual(runView(record, 'http://127.0.0.1/api/runs', 0).preflightWarnings, warnings);
      const whole = report ?? assert.fail();
      assert.deepEqual(whole.preflightWarnings, warnings);
      assert.match(
        renderText(whole, { width: 300 }),
        /^Preflight warnings\n(.*\n)+ {2}.*arguments\.tpo: look does not list/m,
      );
      assert.match(renderHtml(whole), /<h2>Preflight warnings<\/h2>(.|\n)*arguments\.tpo: look does not list/);
    });

    it('asks for no list that the plan does not need or the server does not offer', async (t) => {
      const needed: readonly (readonly [object, ...string[]])[] = [
        [{ tool: 'look', arguments: { query: 'x' } }],
        [{ list: 'prompts' }],
        [{ prompt: 'plain' }, 'prompts/list'],
        [{ resource: 'file:///a' }, 'resources/list', 'resources/templates/list'],
        [{ complete: { prompt: 'brief', argument: { name: 'language', value: '' } } }, 'prompts/list'],
        [{ complete: { resource: 'a://{b}', argument: { name: 'b', value: '' } } }, 'resources/templates/list'],
      ];
      for (const [step, ...lists] of needed) {
        const server = await startMcpServer(ERAS[era](CAPABILITIES));
        t.after(() => server.close());
        const { problems, warnings, report } = await run(server, era, [step]);
        assert.deepEqual([problems, warnings], [[], []]);
        assert.ok(report !== undefined && !('preflightWarnings' in report));
        const asked = preflightMethods(server).filter((method) => /^(prompts|resources)\//.test(method));
        assert.deepEqual([...new Set(asked)], lists);
      }
      const server = await startMcpServer(ERAS[era]({ tools: {}, completions: {} }));
      t.after(() => server.close());
      const complete = { prompt: 'brief', argument: { name: 'language', value: '' } };
      const { problems, warnings } = await run(server, era, [{ prompt: 'brief' }, { resource: 'a:b' }, { complete }]);
      assert.deepEqual(problems, [
        'scenarios.calls.steps[0].prompt: web does not offer prompts; it offers tools, completions. Remove the step.',
        'scenarios.calls.steps[1].resource: web does not offer resources; it offers tools, completions. Remove the step.',
      ]);
      assert.deepEqual(warnings, [
        'scenarios.calls.steps[2].complete.prompt: was not checked, because web offers completions but no prompts: is it the right server?',
      ]);
      assert.deepEqual(
        preflightMethods(server).filter((method) => /^(prompts|resources)\//.test(method)),
        [],
      );
    });

    it('warns when a list fails, and shows no secret and no control character of a server', async (t) => {
      const error = { code: -32603, message: 'no\u001b[31m lists for the-secret' };
      const failing: Answer = ({ id }) => {
        const body = JSON.stringify({ jsonrpc: '2.0', id, error });
        return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
      };
      const server = await startMcpServer(ERAS[era](CAPABILITIES), { 'prompts/list': failing });
      t.after(() => server.close());
      const { problems, warnings } = await run(server, era, [{ prompt: 'brief' }], {
        auth: { type: 'bearer', secret: 's' },
      });
      assert.deepEqual(problems, []);
      assert.deepEqual(warnings, [
        'scenarios.calls.steps[0].prompt: the name and its arguments were not checked, because prompts/list ended in RPC_-32603 (no␛[31m lists for [redacted]).',
      ]);
    });
  });
}
