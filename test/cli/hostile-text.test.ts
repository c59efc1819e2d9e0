import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { renderJson } from '../../src/report/render-report.ts';
import { planText } from '../support/a-plan.ts';
import { type Answer, legacyServer, startMcpServer } from '../support/mcp-server.ts';
import { httpReply } from '../support/raw-http.ts';
import { reportFullOf } from '../support/report-full-of.ts';

/** Sets a terminal's title, its colours and its answers, clears it, hides and reorders text, and adds lines of its own. */
const HOSTILE =
  'x\u001b]0;owned\u0007\u001b[31m\u001b[8m\u001b[2J\u009b2J\u009d0;owned\u009c\u0085\u202egpj\u2066\u200f\u061c\r\n\u2028ok\u007f\b\v';
/** Everything but line breaks that a terminal obeys. */
const DRIVES = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;
const ESCAPE = '\u001b';
/** The codes of the report's own colours. */
const INK = new RegExp(`${ESCAPE}\\[(?:1|2|22|31|32|33|39)m`, 'g');

const say =
  (status: number): Answer =>
  () =>
    httpReply(status, ['content-type: text/plain; charset=utf-8'], HOSTILE);
const listing = (...names: string[]): Answer => {
  const tools = names.map((name) => ({ name, description: HOSTILE, outputSchema: { $schema: HOSTILE } }));
  return () => ({ tools });
};
const answering = (result: object): Answer => {
  return () => ({ content: [{ type: 'text', text: HOSTILE }], ...result });
};
const initialize: Answer = () => ({
  protocolVersion: '2025-11-25',
  capabilities: { tools: {}, [HOSTILE]: {} },
  serverInfo: { name: HOSTILE, version: HOSTILE },
});

type Case = {
  readonly what: string;
  readonly args: readonly string[];
  readonly code: number;
  readonly files?: Readonly<Record<string, string>>;
};

/** A run against a server with these answers. */
type Server = {
  readonly what: string;
  readonly answers: Readonly<Record<string, Answer>>;
  readonly tool?: string;
  readonly code: number;
};

const SERVERS: readonly Server[] = [
  { what: 'a server that refuses the handshake', answers: { initialize: say(400) }, code: 106 },
  { what: 'a server that lists odd tools', answers: { initialize, 'tools/list': listing(HOSTILE) }, code: 106 },
  { what: 'a server with useful answers', answers: { initialize, 'tools/call': answering({}) }, code: 0 },
  { what: 'a server whose tools fail', answers: { 'tools/call': answering({ isError: true }) }, code: 99 },
  {
    what: 'a server with a tool of an odd name that answers with a status',
    answers: { initialize, 'tools/list': listing(HOSTILE), 'tools/call': say(503) },
    tool: HOSTILE,
    code: 99,
  },
];

const target = (url: string) => ({ url, protocol: '2025-11-25', allowWrites: ['look', HOSTILE] });
const hostilePlan = planText({
  target: { [HOSTILE]: 1, url: HOSTILE, allowWrites: HOSTILE, protocol: HOSTILE },
  scenario: {
    [HOSTILE]: HOSTILE,
    executor: HOSTILE,
    steps: [{ tool: HOSTILE, arguments: { [HOSTILE]: `{{${HOSTILE}}}` } }],
  },
  plan: { name: HOSTILE, thresholds: { [HOSTILE]: [HOSTILE] }, feeds: { [HOSTILE]: {} } },
});
const validPlan = planText({
  target: target('http://127.0.0.1:1/'),
  scenario: { steps: [{ tool: HOSTILE }] },
  plan: { description: HOSTILE },
});
const report = renderJson({
  ...reportFullOf(HOSTILE),
  startedAt: '2026-05-09T14:02:11.000Z',
  endedAt: '2026-05-09T14:12:11.000Z',
});
const small = { 'small.json': planText() };

const COMMANDS: readonly Case[] = [
  { what: 'the name of a command', args: [HOSTILE], code: 2 },
  { what: 'an option', args: ['run', `--${HOSTILE}`], code: 2 },
  { what: 'the value of an option', args: ['run', 'a.yaml', '--duration', HOSTILE], code: 2 },
  { what: 'a scope', args: ['run', 'small.json', '--allow-scope', HOSTILE], code: 2, files: small },
  { what: 'where a secret may go', args: ['run', 'small.json', '--secret-origin', HOSTILE], code: 2, files: small },
  { what: 'an origin', args: ['run', 'small.json', '--allow', HOSTILE], code: 2, files: small },
  { what: 'an address', args: ['run', 'small.json', '--allow-address', HOSTILE], code: 2, files: small },
  {
    what: 'a target of the command line',
    args: ['run', 'small.json', '--target', `${HOSTILE}=http://127.0.0.1/`],
    code: 2,
    files: small,
  },
  { what: 'a file that is missing', args: ['validate', HOSTILE], code: 2 },
  { what: 'a report that is missing', args: ['compare', HOSTILE, HOSTILE], code: 2 },
  {
    what: 'a report that is not JSON',
    args: ['compare', 'odd.txt', 'odd.txt'],
    code: 2,
    files: { 'odd.txt': HOSTILE },
  },
  {
    what: 'the keys of a report',
    args: ['compare', 'keys.json', 'keys.json'],
    code: 2,
    files: { 'keys.json': JSON.stringify({ schemaVersion: HOSTILE, [HOSTILE]: 1 }) },
  },
  { what: 'a whole report', args: ['compare', 'full.json', 'full.json'], code: 0, files: { 'full.json': report } },
  { what: 'a plan that is not YAML', args: ['validate', 'a.yaml'], code: 104, files: { 'a.yaml': `a: [${HOSTILE}` } },
  { what: 'the file of a plan', args: ['validate', HOSTILE], code: 104, files: { [HOSTILE]: '{}' } },
  { what: 'the keys and values of a plan', args: ['validate', 'p.json'], code: 104, files: { 'p.json': hostilePlan } },
  { what: 'the tools of a valid plan', args: ['validate', 'v.json'], code: 0, files: { 'v.json': validPlan } },
];

describe('a hostile text does not drive the terminal', () => {
  const closing: (() => Promise<unknown>)[] = [];
  const cases: Case[] = [...COMMANDS];
  let outputs: readonly { readonly code: number; readonly text: string }[];

  before(async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'mcp-surge-hostile-'));
    closing.push(() => rm(cwd, { recursive: true, force: true }));
    for (const [index, { what, answers, tool = 'look', code }] of SERVERS.entries()) {
      const server = await startMcpServer(legacyServer, answers);
      closing.push(() => server.close());
      const text = planText({
        target: target(`${server.origin}/mcp`),
        scenario: { executor: 'per-vu-iterations', vus: 1, iterations: 1, duration: undefined, steps: [{ tool }] },
        plan: {
          thresholds: { useful_rate: ['rate==1'] },
          generator: { maxEventLoopDelay: '10s', maxStartDelay: '30s' },
        },
      });
      const file = `server-${index}.json`;
      cases.push({ what, args: ['run', file, '--out', `out-${index}`], code, files: { [file]: text } });
    }
    // A missing file is looked for before the case that makes a file of this name.
    const script = fileURLToPath(new URL('many-commands.ts', import.meta.url));
    const { [HOSTILE]: named, ...files } = Object.assign({}, ...cases.map((each) => each.files ?? {})) as Record<
      string,
      string
    >;
    await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(cwd, name), text)));
    const later = cases.findIndex((each) => each.files?.[HOSTILE] !== undefined);
    const first = await runAll(script, cwd, cases.slice(0, later));
    await writeFile(join(cwd, HOSTILE), named ?? '');
    outputs = [...first, ...(await runAll(script, cwd, cases.slice(later)))];
  });
  after(async () => {
    for (const close of closing) await close();
  });

  for (const [index, { what, code }] of [...COMMANDS, ...SERVERS].entries()) {
    it(`as ${what}`, () => {
      const output = outputs[index] ?? assert.fail('no output');
      assert.equal(output.code, code, output.text);
      const text = output.text.replaceAll(INK, '');
      assert.ok(text.length > 20, text);
      assert.doesNotMatch(text, DRIVES, JSON.stringify(text));
      assert.doesNotMatch(text, /^\s*ok␡/m, 'a name must not look like a line of its own');
    });
  }
});

/** The output of commands on both streams, with colours. */
async function runAll(script: string, cwd: string, cases: readonly Case[]) {
  const args = [script, JSON.stringify(cases.map((each) => each.args))];
  const env = { ...process.env, FORCE_COLOR: '1' };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd, env, timeout: 60_000 });
  const [out, errors] = [stdout, stderr].map((text) => text.split(/@@ (\d+) @@\n/));
  return cases.map((_, index) => ({
    code: Number(out?.[2 * index + 1]),
    text: `${out?.[2 * index]}${errors?.[2 * index]}`,
  }));
}
