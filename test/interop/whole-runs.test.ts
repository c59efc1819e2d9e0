import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Report } from '../../src/report/report.ts';
import { planText } from '../support/a-plan.ts';
import { testContext } from '../support/run-context.ts';
import { type EndedRun, endedRun } from '../support/whole-run.ts';
import { startCountedServer } from './counted-server.ts';
import { EVERYTHING, startPackageServer } from './package-server.ts';
import { startHttpSseServer } from './v1-endpoint.ts';
import { v2Endpoint } from './v2-endpoint.ts';

/**
 * Runs a plan in this process. The generator's rules are loose, because the load of this machine does not matter here.
 */
async function run(target: Record<string, unknown>, steps: readonly object[]): Promise<EndedRun> {
  const text = planText({
    target,
    scenario: { vus: 4, duration: '2s', thinkTime: { type: 'constant', duration: '10ms' }, steps },
    plan: {
      feeds: { ids: { values: ['1', '2', '3'] }, cities: { values: ['Oslo', 'Zürich'] } },
      thresholds: { useful_rate: ['rate==1'], mcp_requests: ['count>40'] },
      generator: { maxEventLoopDelay: '10s', maxStartDelay: '30s' },
    },
  });
  return endedRun(testContext(), text);
}

/** The report of a run. The run must have passed. */
function passed({ problems, warnings, report }: EndedRun): Report {
  assert.deepEqual([problems, warnings], [[], []]);
  const whole = report ?? assert.fail('no report');
  assert.deepEqual(
    whole.verdict,
    { status: 'pass', reasons: ['All 2 thresholds met.'] },
    JSON.stringify(whole.failures),
  );
  assert.deepEqual(whole.warnings, []);
  assert.equal(whole.totals.useful, whole.totals.requests);
  return whole;
}

/** Requests by operation, as a server counts them: those of the plan's steps and those of the protocol together. */
function countsOf({ operations }: Report): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { operation, count } of operations) counts[operation] = (counts[operation] ?? 0) + count;
  return counts;
}

describe('a whole run', { concurrency: true }, () => {
  it('passes with every kind of step against server-everything', async (t) => {
    const server = await startPackageServer(EVERYTHING, ['streamableHttp']);
    t.after(() => server.stop());
    const steps = [
      { tool: 'echo', arguments: { message: 'Hello, {{cities}}' }, checks: [{ contains: 'Hello' }] },
      { tool: 'get-structured-content', arguments: { location: 'Chicago' }, checks: [{ matches: '"humidity":\\d' }] },
      { tool: 'trigger-long-running-operation', arguments: { duration: 0.05, steps: 2 }, progress: true },
      { tool: 'trigger-elicitation-request' },
      { resource: 'demo://resource/dynamic/text/{{ids}}', checks: [{ contains: 'plaintext' }] },
      { prompt: 'args-prompt', arguments: { city: '{{cities}}' }, checks: [{ contains: 'weather' }] },
      {
        complete: {
          prompt: 'completable-prompt',
          argument: { name: 'name', value: '' },
          context: { department: 'Sales' },
        },
        checks: [{ contains: 'Eve' }],
      },
      {
        complete: {
          resource: 'demo://resource/dynamic/text/{resourceId}',
          argument: { name: 'resourceId', value: '{{ids}}' },
        },
        checks: [{ notEmpty: true }],
      },
      { list: 'tools' },
      { list: 'resources' },
      { list: 'resource-templates' },
      { list: 'prompts' },
      { ping: true },
    ];
    const target = {
      url: `${server.origin}/mcp`,
      eventStream: true,
      elicitation: 'defaults',
      allowWrites: ['trigger-elicitation-request'],
    };
    const report = passed(await run(target, steps));
    assert.deepEqual(
      report.targets.map(({ protocolVersion, session }) => [protocolVersion, session]),
      [['2025-11-25', 'stateful']],
    );
    assert.deepEqual(Object.keys(countsOf(report)).sort(), [
      'DELETE',
      'GET',
      'completion/complete:completable-prompt',
      'completion/complete:demo://resource/dynamic/text/{resourceId}',
      'initialize',
      'notifications/initialized',
      'ping',
      'prompts/get:args-prompt',
      'prompts/list',
      'resources/list',
      'resources/read:demo://resource/dynamic/text/{{ids}}',
      'resources/templates/list',
      'response:elicitation/create',
      'tools/call:echo',
      'tools/call:get-structured-content',
      'tools/call:trigger-elicitation-request',
      'tools/call:trigger-long-running-operation',
      'tools/list',
    ]);
    const { initialize, DELETE, GET } = countsOf(report);
    assert.deepEqual([initialize, DELETE, GET], [4, 4, 4], 'one session for each virtual user');
  });

  it('is refused before its start for everything that server-everything would refuse in its steps', async (t) => {
    const server = await startPackageServer(EVERYTHING, ['streamableHttp']);
    t.after(() => server.stop());
    const steps = [
      { tool: 'echo', arguments: { mesage: 'Hello' } },
      { tool: 'get-sum', arguments: { a: 1, b: '{{ids}}' } },
      { tool: 'get-structured-content', arguments: { location: 'Oslo' } },
      { tool: 'get-tiny-imge' },
      { prompt: 'args-prompt', arguments: { state: 'Texas' } },
      { prompt: 'simple-promt' },
      { resource: 'demo://resource/static/document/features.md' },
      { resource: 'demo://resource/dynamic/txt/1' },
    ];
    const { problems, warnings, report } = await run({ url: `${server.origin}/mcp` }, steps);
    assert.equal(report, undefined);
    const places = (sentences: readonly string[]) => sentences.map((each) => each.split(': ', 1)[0]);
    assert.deepEqual(places(problems), [
      'scenarios.calls.steps[0].arguments.message',
      'scenarios.calls.steps[1].arguments.b',
      'scenarios.calls.steps[2].arguments.location',
      'scenarios.calls.steps[3].tool',
      'scenarios.calls.steps[4].arguments.city',
      'scenarios.calls.steps[5].prompt',
    ]);
    assert.match(problems[3] ?? '', /did you mean "get-tiny-image"\?/);
    assert.match(problems[5] ?? '', /did you mean "simple-prompt"\?/);
    assert.deepEqual(places(warnings), [
      'scenarios.calls.steps[0].arguments.mesage',
      'scenarios.calls.steps[7].resource',
    ]);
  });

  it('passes against the second-generation SDK, whose server counts the same requests', async (t) => {
    const server = await startCountedServer(v2Endpoint());
    t.after(() => server.stop());
    const steps = [
      { tool: 'add', arguments: { a: 1, b: 2 }, checks: [{ matches: '^3$' }] },
      { tool: 'wait', arguments: { ms: 20, steps: 2 }, progress: true },
      { tool: 'confirm', checks: [{ contains: 'as you like' }] },
      { tool: 'route', arguments: { region: '{{cities}}' } },
      { resource: 'file:///notes.txt' },
      { prompt: 'brief', arguments: { language: 'rust' } },
      { complete: { prompt: 'brief', argument: { name: 'language', value: 'py' } } },
      { list: 'resources' },
    ];
    const report = passed(await run({ url: server.url, elicitation: 'defaults' }, steps));
    assert.deepEqual(
      report.targets.map(({ protocolVersion, session }) => [protocolVersion, session]),
      [['2026-07-28', 'stateless']],
    );
    assert.deepEqual(countsOf(report), server.counts('(load)'));
    assert.deepEqual(server.counts('(preflight)'), {
      'server/discover': 1,
      'tools/list': 1,
      'prompts/list': 1,
      'resources/list': 1,
      'resources/templates/list': 1,
    });
    assert.equal(countsOf(report)['tools/list'], 4);
    for (const step of ['add', 'wait', 'confirm', 'route'])
      assert.ok((countsOf(report)[`tools/call:${step}`] ?? 0) > 0);
  });

  it('is refused before its start when the plan needs what the stateless era does not have', async (t) => {
    const server = await startCountedServer(v2Endpoint());
    t.after(() => server.stop());
    const { problems, report } = await run({ url: server.url }, [{ ping: true }, { tool: 'subtract' }]);
    assert.equal(report, undefined);
    assert.deepEqual(problems, [
      'scenarios.calls.steps[0].ping: web speaks 2026-07-28, which has no ping. Remove the step.',
      'scenarios.calls.steps[1].tool: web has no tool "subtract". Its tools: add, wait, confirm, insist, route.',
    ]);
    assert.deepEqual(server.counts('(load)'), {});
  });

  const olds = [
    { what: 'that refuses POST at its endpoint', start: startHttpSseServer },
    {
      what: 'that has only GET there, such as server-everything',
      start: async () => {
        const { origin, stop } = await startPackageServer(EVERYTHING, ['sse']);
        return { url: `${origin}/sse`, stop };
      },
    },
  ];
  for (const { what, start } of olds) {
    it(`is refused against an HTTP+SSE server ${what}, and the refusal names the transport`, async (t) => {
      const server = await start();
      t.after(() => server.stop());
      const { problems, report } = await run({ url: server.url }, [{ ping: true }]);
      assert.equal(report, undefined);
      assert.equal(problems.length, 1);
      const [problem = ''] = problems;
      assert.ok(problem.startsWith(`targets.web: initialize at ${server.url} ended in PROTO_VERSION (`), problem);
      assert.match(problem, /HTTP\+SSE, the transport of revision 2024-11-05/);
      assert.match(problem, /speaks Streamable HTTP, .*another path, such as \/mcp/);
    });
  }
});
