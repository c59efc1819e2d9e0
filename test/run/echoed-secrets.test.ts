import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { renderReport, reportFormats } from '../../src/report/render-report.ts';
import { environmentSecrets } from '../../src/secrets/open-secrets.ts';
import { drawFrom, ENCODINGS, ESCAPES, readablePart } from '../secrets/encoders.ts';
import { planText } from '../support/a-plan.ts';
import { type Answer, jsonResult, legacyServer, type McpServer, startMcpServer } from '../support/mcp-server.ts';
import { httpReply } from '../support/raw-http.ts';
import { testContext } from '../support/run-context.ts';
import { endedRun } from '../support/whole-run.ts';

/** Long enough to be cut wherever a text is cut, with characters that every encoding changes. */
const SECRET = `canary+/=&"<${'K7-vQ_x9'.repeat(80)}>end`;
/** Any part of it of this length in a stored text is a leak. */
const PART = 16;

type Echo = (text: string) => string;

/** Every way in which a server may repeat a secret. */
const ECHOES: Readonly<Record<string, Echo>> = Object.fromEntries([
  ...Object.entries(ENCODINGS).map(([name, encode]) => [name, (text: string) => encode(text, drawFrom(1))]),
  ...Object.entries(ESCAPES).map(([name, encode]) => [
    `with escapes ${name}`,
    (text: string) => encode(text, drawFrom(2)),
  ]),
  ['cut', (text: string) => `${text.slice(0, 300)}…`],
  ['beyond every limit', (text: string) => `${'x'.repeat(16_300)}${text}`],
]);

const ALWAYS: readonly string[] = ['plain', 'cut', 'beyond every limit'];

/** Where a server can put a text that may be shown or stored. */
const PLACES: Readonly<Record<string, (echo: Echo) => Readonly<Record<string, Answer>>>> = {
  'its name and its capabilities': (echo) => ({
    initialize: ({ headers }) => ({
      protocolVersion: '2025-11-25',
      serverInfo: { name: echo(sentIn(headers)), version: echo(sentIn(headers)) },
      capabilities: { tools: {}, [echo(sentIn(headers))]: {} },
    }),
  }),
  'a useful answer': (echo) => ({
    'tools/call': ({ headers }) => ({ content: [{ type: 'text', text: `you sent ${echo(sentIn(headers))}` }] }),
  }),
  'an answer without text': (echo) => ({
    'tools/call': ({ headers }) => ({ content: [], structuredContent: { sent: echo(sentIn(headers)) } }),
  }),
  'a failed tool': (echo) => ({
    'tools/call': ({ headers }) => ({ isError: true, content: [{ type: 'text', text: echo(sentIn(headers)) }] }),
  }),
  'a message of JSON-RPC': (echo) => ({
    'tools/call': ({ id, headers }) => {
      const error = { code: -32000, message: `no ${echo(sentIn(headers))}`, data: echo(sentIn(headers)) };
      return httpReply(200, ['content-type: application/json'], JSON.stringify({ jsonrpc: '2.0', id, error }));
    },
  }),
  'a body that is not JSON-RPC': (echo) => ({
    'tools/call': ({ headers }) => httpReply(500, ['content-type: text/html'], `<p>${echo(sentIn(headers))}</p>`),
  }),
  'a refusal of the handshake': (echo) => ({
    initialize: ({ headers }) => httpReply(400, ['content-type: text/plain'], echo(sentIn(headers))),
  }),
  'a refusal of the credentials': (echo) => ({
    'tools/call': ({ headers }) => {
      const said = echo(sentIn(headers)).replaceAll(/[^ -~]/g, ' ');
      return httpReply(401, [`www-authenticate: Bearer error="${said}"`], '');
    },
  }),
  'the names and descriptions of its tools': (echo) => ({
    'tools/list': ({ id, headers }) => {
      const said = echo(sentIn(headers));
      const schema = { type: 'object', required: [said], properties: { [said]: { enum: [said] } } };
      const tools = ['look', said].map((name) => {
        return { name, description: said, inputSchema: schema, outputSchema: { $schema: said, type: said } };
      });
      return jsonResult(id, { tools });
    },
  }),
};

function sentIn({ authorization = '' }: Readonly<Record<string, string>>): string {
  return authorization.replace('Bearer ', '');
}

async function run(t: TestContext, answers: Readonly<Record<string, Answer>>) {
  const target: McpServer = await startMcpServer(legacyServer, answers);
  t.after(() => target.close());
  const context = testContext({ secrets: environmentSecrets({ SURGE_SECRET_MINE: SECRET }) });
  const auth = { type: 'bearer', secret: 'mine' };
  const text = planText({
    target: { url: `${target.origin}/mcp`, protocol: '2025-11-25', allowWrites: ['look'], auth },
    scenario: { executor: 'per-vu-iterations', vus: 1, iterations: 2, duration: undefined },
    plan: { generator: { maxEventLoopDelay: '10s', maxStartDelay: '30s' } },
  });
  const ended = await endedRun(context, text);
  assert.ok(
    target.incoming.some(({ headers }) => sentIn(headers) === SECRET),
    'the target got the secret',
  );
  return { context, ...ended };
}

/** Everything that a run leaves: what is stored, what is printed, and the report in every format. */
async function remains({ context: { store }, ...ended }: Awaited<ReturnType<typeof run>>): Promise<string[]> {
  const { runId, report, problems, warnings } = ended;
  const blocks: unknown[] = [];
  const slice = 'w0000-l0000';
  const attempts = report === undefined ? undefined : await store.readAttempts(runId, slice);
  for (const attempt of attempts?.commit?.attemptIds ?? []) {
    for await (const { examples, operations, outcomes } of store.readBlocks(runId, slice, attempt)) {
      blocks.push(examples, operations, outcomes);
    }
  }
  const documents = await Promise.all(
    ['plan', 'report', 'baseline', 'fold-w0000-g0000'].map(async (name) => {
      return Buffer.from((await store.getDocument(runId, name)) ?? []).toString('latin1');
    }),
  );
  const stored = [await store.getRun(runId), await store.listProgress(runId), attempts, blocks, problems, warnings];
  const printed = report === undefined ? [] : reportFormats.map((format) => renderReport(report, format).body);
  return [JSON.stringify(stored), ...documents, ...printed];
}

/** A part of the secret that can be read in a text, in whatever way. */
const leakIn = (text: string) => readablePart(text.replaceAll(/x{9,}/g, ' '), SECRET, PART);

describe('a secret that a target repeats', () => {
  for (const [index, [place, answersOf]] of Object.entries(PLACES).entries()) {
    it(`is neither stored nor shown when it stands in ${place}`, async (t) => {
      // A third of the ways for each place: what redacts a text does not know where it stood.
      const echoes = Object.entries(ECHOES).filter(([name], at) => (at + index) % 3 === 0 || ALWAYS.includes(name));
      for (const [name, echo] of echoes) {
        const left = await remains(await run(t, answersOf(echo)));
        for (const text of left) assert.equal(leakIn(text), undefined, `${name}: ${text.slice(0, 3000)}`);
      }
    });
  }

  it('is found by this test where it is not redacted', () => {
    for (const [name, echo] of Object.entries(ECHOES)) assert.notEqual(leakIn(echo(SECRET)), undefined, name);
  });
});
