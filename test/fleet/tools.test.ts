import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { type Fleet, startFleet } from '../../fleet/fleet.ts';
import { measuredSearchCodeFailureRate } from '../../fleet/measured.ts';
import { fleetSecrets, type ServerName, serverNames } from '../../fleet/servers.ts';
import { githubTools } from '../../fleet/tools/github-tools.ts';
import { toolRunner } from '../../fleet/tools/tool.ts';
import { type ConnectedClient, connectClient, fetchToken, fleetFor } from './fleet-fixture.ts';

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
let connected: Readonly<Record<ServerName, ConnectedClient>> | undefined;

const clientOf = (server: ServerName): Client => connected![server].client;

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
  await Promise.all(Object.values(connected ?? {}).map(({ client }) => client.close()));
  await fleet?.stop();
});

describe("the fleet's tools", () => {
  for (const server of serverNames) {
    it(`are listed with a schema by ${server}, and answer the SDK's client`, async () => {
      const client = clientOf(server);
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

    it(`refuse invalid arguments on ${server} with a tool error that names the field`, async () => {
      for (const [name, args] of Object.entries(argumentsByTool[server])) {
        const [field] = Object.keys(args);
        if (field === undefined) continue;
        const invalid = { ...args, [field]: { not: 'this' } };
        const { content, isError } = await clientOf(server).callTool({ name, arguments: invalid });
        assert.equal(isError, true, name);
        assert.match(JSON.stringify(content), new RegExp(`Invalid arguments for tool ${name}.*${field}`));
      }
    });
  }

  it('give answers that depend only on the seed and the arguments', async (t) => {
    const ask = async (client: Client, query: string) => textOf(client, 'microsoft_docs_search', { query });
    const connect = async (seed: number) => {
      const { servers } = await fleetFor(t, { latencyScale: 0, seed });
      const { client } = await connectClient(servers.learn.url);
      t.after(() => client.close());
      return client;
    };
    const sameSeed = await connect(1);
    const otherSeed = await connect(2);
    const reference = await ask(clientOf('learn'), 'timers');
    assert.equal(await ask(sameSeed, 'timers'), reference);
    assert.notEqual(await ask(sameSeed, 'queues'), reference);
    assert.notEqual(await ask(otherSeed, 'timers'), reference);
  });

  it('are listed in pages by github, which refuses a cursor that it did not issue', async () => {
    const client = clientOf('github');
    const first = await client.listTools();
    const second = await client.listTools({ cursor: first.nextCursor! });
    assert.equal(first.tools.length, 5);
    assert.equal(second.tools.length, 4);
    assert.equal(second.nextCursor, undefined);
    await assert.rejects(client.listTools({ cursor: 'made-up' }), { code: -32602, message: /cursor/ });
  });
});

describe('failures of search_code', () => {
  const searchCode = githubTools.find(({ name }) => name === 'search_code')!;
  const never = new AbortController().signal;

  async function outcomes(seed: number, rate: number, calls: number): Promise<boolean[]> {
    const run = toolRunner({ server: 'github', seed, latencyMs: () => 0, failureRates: { search_code: rate } });
    const failed: boolean[] = [];
    for (let call = 0; call < calls; call++) {
      const { isError, content } = await run(searchCode, { query: 'lease' }, never);
      assert.equal(/rate limit/.test(content[0]!.text), isError === true);
      failed.push(isError === true);
    }
    return failed;
  }

  it('are the same calls for the same seed, and other calls for another seed', async () => {
    const reference = await outcomes(3, 0.3, 60);
    assert.deepEqual(await outcomes(3, 0.3, 60), reference);
    assert.notDeepEqual(await outcomes(4, 0.3, 60), reference);
  });

  it('occur at the measured rate', async () => {
    const failed = (await outcomes(1, measuredSearchCodeFailureRate, 10_000)).filter(Boolean).length;
    // The expected count, 3/84 of 10,000 calls, is 357. Four standard deviations are 75.
    assert.ok(failed > 282 && failed < 432, `${failed} of 10,000 failed`);
  });

  it('never occur at rate 0, and always at rate 1', async () => {
    assert.ok(!(await outcomes(1, 0, 200)).includes(true));
    assert.ok(!(await outcomes(1, 1, 200)).includes(false));
  });

  it('do not affect other tools', async () => {
    const run = toolRunner({ server: 'github', seed: 1, latencyMs: () => 0, failureRates: { search_code: 1 } });
    const getMe = githubTools.find(({ name }) => name === 'get_me')!;
    assert.equal((await run(getMe, {}, never)).isError, undefined);
  });
});
