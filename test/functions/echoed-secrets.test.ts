import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { TableClient, TableServiceClient } from '@azure/data-tables';
import { localHostOptions } from '../../demo/local-stack.ts';
import { postRun } from '../../demo/runs-api.ts';
import { startAzurite } from '../../tools/functions-host/azurite/azurite.ts';
import { startFunctionsHost } from '../../tools/functions-host/functions-host.ts';
import { drawFrom, ENCODINGS, ESCAPES, readablePart } from '../secrets/encoders.ts';
import { planText } from '../support/a-plan.ts';
import { type Answer, legacyServer, startMcpServer } from '../support/mcp-server.ts';
import { httpReply } from '../support/raw-http.ts';
import { waitForRun } from '../support/wait-for-run.ts';

const SECRET = `canary+/=&"<${'K7-vQ_x9'.repeat(80)}>end`;
const PART = 16;

const forms = [...Object.values(ENCODINGS), ...Object.values(ESCAPES)];

/** The secret in all forms; one after the other, and cut. */
const echoes = [...forms.map((form, index) => form(SECRET, drawFrom(index))), SECRET.slice(0, 300)];
const everything = echoes.join(' | ');

/** A target that repeats the secret wherever it can put a text. Every call has another outcome. */
async function startEchoingTarget(t: TestContext): Promise<string> {
  let calls = 0;
  const replies: readonly Answer[] = [
    () => ({ content: [{ type: 'text', text: everything }] }),
    () => ({ isError: true, content: [{ type: 'text', text: everything }] }),
    ({ id }) => {
      const error = { code: -32000, message: everything, data: everything };
      return httpReply(200, ['content-type: application/json'], JSON.stringify({ jsonrpc: '2.0', id, error }));
    },
    () => httpReply(500, ['content-type: text/html'], everything),
    () => httpReply(200, ['content-type: text/html'], everything),
    () => httpReply(401, ['www-authenticate: Bearer error="invalid_token"'], everything),
  ];
  const server = await startMcpServer(legacyServer, {
    initialize: () => ({
      protocolVersion: '2025-11-25',
      serverInfo: { name: everything, version: everything },
      capabilities: { tools: {}, [everything]: {} },
    }),
    'tools/list': () => ({ tools: [{ name: 'look', description: everything, outputSchema: { $schema: everything } }] }),
    'tools/call': (incoming) => replies[calls++ % replies.length]?.(incoming),
  });
  t.after(() => server.close());
  return server.origin;
}

/** Everything that is stored in tables, as texts; what is compressed is unpacked. */
async function storedTexts(connectionString: string): Promise<string[]> {
  const options = { allowInsecureConnection: true };
  const texts: string[] = [];
  for await (const { name = '' } of TableServiceClient.fromConnectionString(connectionString, options).listTables()) {
    for await (const entity of TableClient.fromConnectionString(connectionString, name, options).listEntities()) {
      const parts = Object.values(entity).map((value) =>
        value instanceof Uint8Array ? Buffer.from(value) : String(value),
      );
      // A document is stored in several properties, which belong together.
      const bytes = Buffer.concat(parts.filter((part) => typeof part !== 'string'));
      texts.push(parts.filter((part) => typeof part === 'string').join('\n'), bytes.toString('latin1'));
      for (const part of [...parts.filter((each) => typeof each !== 'string'), bytes]) texts.push(unpacked(part));
    }
  }
  return texts;
}

function unpacked(bytes: Buffer): string {
  try {
    return gunzipSync(bytes).toString('latin1');
  } catch {
    return '';
  }
}

const leakIn = (text: string) => readablePart(text, SECRET, PART);

it('keeps a secret that a target repeats out of the storage, the histories, the logs and every answer of the API', async (t) => {
  const azurite = await startAzurite();
  t.after(() => azurite.stop());
  const hubFolder = await mkdtemp(join(tmpdir(), 'mcp-surge-hub-'));
  const logged: string[] = [];
  const settings = { SURGE_SECRET_CANARY: SECRET };
  const host = await startFunctionsHost({
    ...localHostOptions(azurite.connectionString, { settings }),
    hubFolder,
    log: ({ message }) => logged.push(message),
  });
  t.after(async () => {
    await host.stop();
    await rm(hubFolder, { recursive: true, force: true });
  });
  const origin = await startEchoingTarget(t);
  const text = planText({
    target: {
      url: `${origin}/mcp`,
      protocol: '2025-11-25',
      allowWrites: ['look'],
      auth: { type: 'bearer', secret: 'canary' },
    },
    scenario: { executor: 'per-vu-iterations', vus: 1, iterations: 12, duration: undefined },
  });
  const { id } = await postRun(`${host.url}/api`, text);
  await waitForRun(`${host.url}/api`, id);
  const refused = planText({
    plan: { name: 'refused' },
    target: { url: `${origin}/mcp`, protocol: '2025-11-25', auth: { type: 'bearer', secret: 'canary' } },
  });
  const other = await postRun(`${host.url}/api`, refused);
  await waitForRun(`${host.url}/api`, other.id);

  const answers = await Promise.all(
    [
      `runs/${id}`,
      'runs',
      `runs/${other.id}`,
      ...['json', 'html', 'txt'].map((format) => `runs/${id}/report.${format}`),
    ].map(async (path) => (await fetch(`${host.url}/api/${path}`)).text()),
  );
  const stored = await storedTexts(azurite.connectionString);
  const files = (await readdir(hubFolder, { recursive: true, withFileTypes: true })).filter((file) => file.isFile());
  const histories = await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'utf8')));
  assert.ok(
    stored.some((each) => each.includes('[redacted]')),
    'messages of the target are stored',
  );
  assert.ok(
    answers.some((each) => each.includes('[redacted]')),
    'messages of the target are shown',
  );
  assert.ok(histories.length > 0 && logged.length > 0);
  for (const [where, texts] of Object.entries({ answers, stored, histories, logged })) {
    for (const each of texts) assert.equal(leakIn(each), undefined, `${where}: ${each.slice(0, 2000)}`);
  }
  for (const echo of echoes) assert.notEqual(leakIn(echo), undefined, 'this test finds the secret in every form');
});
