import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { type Fleet, startFleet } from '../../fleet/fleet.ts';
import { measuredSearchCodeFailureRate } from '../../fleet/measured.ts';
import { fleetSecrets, type ServerName, serverNames } from '../../fleet/servers.ts';
import { githubTools } from '../../fleet/tools/github-tools.ts';
import { toolRunner } from '../../fleet/tools/tool.ts';
import { type ConnectedClient, connectClient, fetchToken } from './fleet-clients.ts';

const repository = { owner: 'cedar', repo: 'delta' };
const argumentsByTool: Record<ServerName, Record<string, Record<string, unknown>>> = {
  learn: {
    microsoft_docs_search: { query: 'durable timers' },
    microsoft_code_sample_search: { query: 'blob upload', language: 'csharp' },
  },
  github: {
    search_code: { query: 'lease language:ts', perPage: 30 },
    search_repositories: { query: 'load test' },
    get_file_contents: { ...repository, path: 'docs/design.md' },
    get_me: {},
    list_issues: { ...repository, state: 'OPEN' },
    issue_read: { ...repository, issue_number: 7 },
    list_branches: repository,
    list_commits: repository,
    create_issue: { ...repository, title: 'It is slow' },
  },
  context7: {
    'resolve-library-id': { query: 'timers', libraryName: 'Azure Functions' },
    'query-docs': { libraryId: '/azure/functions', query: 'timers' },
  },
  ado: {
    wit_work_item: { action: 'get', id: 12, project: 'surge' },
    search_workitem: { searchText: 'latency', project: ['surge', 'other'], top: 50 },
    repo_repository: { action: 'list', project: 'surge' },
    pipelines_build: { action: 'list' },
  },
};

let fleet: Fleet;
let connected: Record<ServerName, ConnectedClient>;

async function connectAll({ servers }: Fleet): Promise<Record<ServerName, ConnectedClient>> {
  return {
    learn: await connectClient(servers.learn.url),
    github: await connectClient(servers.github.url, { authorization: `Bearer ${fleetSecrets.githubToken}` }),
    context7: await connectClient(servers.context7.url),
    ado: await connectClient(servers.ado.url, await fetchToken(servers.ado.tokenUrl!)),
  };
}

async function textOf(client: Client, name: string, args: Record<string, unknown>): Promise<string> {
  const { content, isError } = await client.callTool({ name, arguments: args });
  const [only, ...more] = content as { type: string; text: string }[];
  assert.equal(more.length, 0);
  assert.notEqual(isError, true, only?.text);
  return only!.text;
}

before(async () => {
  fleet = await startFleet({ latencyScale: 0, searchCodeFailureRate: 0 });
  connected = await connectAll(fleet);
});

after(async () => {
  await Promise.all(serverNames.map((name) => connected[name].client.close()));
  await fleet.stop();
});

for (const server of serverNames) {
  test(`${server}: every tool is listed with a schema and answers the SDK's client`, async () => {
    const { client } = connected[server];
    const listed: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await client.listTools(cursor === undefined ? {} : { cursor });
      for (const tool of page.tools) {
        listed.push(tool.name);
        assert.ok(tool.description!.length > 20, tool.name);
        assert.equal(tool.inputSchema.type, 'object');
        assert.equal(tool.annotations?.readOnlyHint, tool.name !== 'create_issue', tool.name);
      }
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    assert.deepEqual(listed.toSorted(), Object.keys(argumentsByTool[server]).toSorted());

    for (const [name, args] of Object.entries(argumentsByTool[server])) {
      const text = await textOf(client, name, args);
      assert.ok(text.length > 20 && text.length < 12_000, `${name} answered ${text.length} characters`);
    }
  });

  test(`${server}: arguments that break the schema are refused as a tool error that names the field`, async () => {
    const { client } = connected[server];
    for (const [name, args] of Object.entries(argumentsByTool[server])) {
      const [field] = Object.keys(args);
      if (field === undefined) continue;
      const { content, isError } = await client.callTool({ name, arguments: { ...args, [field]: { not: 'this' } } });
      assert.equal(isError, true, name);
      assert.match(JSON.stringify(content), new RegExp(`Invalid arguments for tool ${name}.*${field}`));
    }
  });
}

test('answers follow from seed and arguments alone', async () => {
  const [same, other] = await Promise.all([startFleet({ latencyScale: 0 }), startFleet({ latencyScale: 0, seed: 2 })]);
  const ask = async (client: Client, query: string) => textOf(client, 'microsoft_docs_search', { query });
  try {
    const [onSame, onOther] = await Promise.all([same, other].map(({ servers }) => connectClient(servers.learn.url)));
    const reference = await ask(connected.learn.client, 'timers');
    assert.equal(await ask(onSame!.client, 'timers'), reference);
    assert.notEqual(await ask(onSame!.client, 'queues'), reference);
    assert.notEqual(await ask(onOther!.client, 'timers'), reference);
    await Promise.all([onSame!.client.close(), onOther!.client.close()]);
  } finally {
    await Promise.all([same.stop(), other.stop()]);
  }
});

test('github lists its tools in pages and refuses a cursor that it never gave', async () => {
  const { client } = connected.github;
  const first = await client.listTools();
  const second = await client.listTools({ cursor: first.nextCursor! });
  assert.equal(first.tools.length, 5);
  assert.equal(second.tools.length, 4);
  assert.equal(second.nextCursor, undefined);
  await assert.rejects(client.listTools({ cursor: 'made-up' }), { code: -32602, message: /cursor/ });
});

const tool = githubTools.find(({ name }) => name === 'search_code')!;
const never = new AbortController().signal;

async function outcomes(seed: number, rate: number, calls: number): Promise<boolean[]> {
  const run = toolRunner({ server: 'github', seed, latencyMs: () => 0, failureRates: { search_code: rate } });
  const failed: boolean[] = [];
  for (let call = 0; call < calls; call++) {
    const { isError, content } = await run(tool, { query: 'lease' }, never);
    assert.equal(/rate limit/.test(content[0]!.text), isError === true);
    failed.push(isError === true);
  }
  return failed;
}

test('a seed decides which calls fail', async () => {
  const reference = await outcomes(3, 0.3, 60);
  assert.deepEqual(await outcomes(3, 0.3, 60), reference);
  assert.notDeepEqual(await outcomes(4, 0.3, 60), reference);
});

test('calls fail as often as measured', async () => {
  const failed = (await outcomes(1, measuredSearchCodeFailureRate, 10_000)).filter(Boolean).length;
  // 3 of 84 of 10,000 calls are 357; four standard deviations are 75.
  assert.ok(failed > 282 && failed < 432, `${failed} of 10,000 failed`);
});

test('the rate can be set to never and always', async () => {
  assert.ok(!(await outcomes(1, 0, 200)).includes(true));
  assert.ok(!(await outcomes(1, 1, 200)).includes(false));
});

test('no other tool fails', async () => {
  const run = toolRunner({ server: 'github', seed: 1, latencyMs: () => 0, failureRates: { search_code: 1 } });
  const getMe = githubTools.find(({ name }) => name === 'get_me')!;
  assert.equal((await run(getMe, {}, never)).isError, undefined);
});
