import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { UsageError } from '../../src/cli/command-context.ts';
import { readOptions } from '../../src/cli/options.ts';
import { openPlan, PLAN_OPTIONS } from '../../src/cli/plan-options.ts';
import { planText } from '../support/a-plan.ts';

/** What a wrong command line is told; undefined when it is accepted. */
function told(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    return error.message;
  }
}

const OPTIONS = { ...PLAN_OPTIONS, out: { type: 'string' }, force: { type: 'boolean' } } as const;

describe('the options of a command', () => {
  const CASES: readonly (readonly [args: string[], expected: string | undefined])[] = [
    [['plan.yaml', '--out', 'x', '--force', '--target', 'a=1', '--target', 'b=2'], undefined],
    [['--out=-x'], undefined],
    [['--duratoin', '1s'], 'unknown option --duratoin: did you mean --duration? See mcp-surge --help.'],
    [['-o', 'x'], 'unknown option -o: did you mean --out? See mcp-surge --help.'],
    [
      ['--concurrency', '5'],
      'unknown option --concurrency: the options of this command are --duration, --target, --token-url, --allow, --allow-address, --allow-scope, --secret-origin, --entra-login, --out, --force. See mcp-surge --help.',
    ],
    [['--out'], '--out needs a value. See mcp-surge --help.'],
    [['--out='], '--out needs a value. See mcp-surge --help.'],
    [['--out', '--force'], '--out needs a value. See mcp-surge --help.'],
    [['--force=no'], '--force takes no value, got "no".'],
    [['--out', 'a', '--out', 'b'], undefined],
  ];
  for (const [args, expected] of CASES) {
    it(`are ${expected === undefined ? 'read' : 'refused'}: ${args.join(' ')}`, () => {
      assert.equal(
        told(() => readOptions(args, OPTIONS)),
        expected,
      );
    });
  }
});

describe('the options that change a plan', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mcp-surge-options-'));
    const auth = { type: 'bearer', secret: 'web-token' };
    await writeFile(join(folder, 'plan.yaml'), planText({ target: { auth } }));
    await writeFile(join(folder, 'none.yaml'), 'just a word');
  });
  after(() => rm(folder, { recursive: true }));

  const CASES: readonly (readonly [options: Parameters<typeof openPlan>[1], expected: string | undefined])[] = [
    [{ target: ['web=http://127.0.0.1:9/mcp'] }, undefined],
    [
      { target: ['wbe=http://127.0.0.1:9/mcp'] },
      '--target: the plan has no target "wbe": did you mean "web"? Its targets: web.',
    ],
    [
      { target: ['production=http://127.0.0.1:9/mcp'] },
      '--target: the plan has no target "production". Its targets: web.',
    ],
    [{ target: ['web'] }, '--target takes NAME=URL, got "web".'],
    [{ target: ['=http://127.0.0.1/'] }, '--target takes NAME=URL, got "=http://127.0.0.1/".'],
    [{ target: ['web=127.0.0.1:9/mcp'] }, '--target web: expected an http or https URL.'],
    [
      { target: ['web=https://me:secret@example.com/'] },
      '--target web: expected no user name and no password in the URL; use `auth`.',
    ],
    [{ target: ['web=http://127.0.0.1:1/', 'web=http://127.0.0.1:2/'] }, undefined],
    [{ 'token-url': ['ado=http://127.0.0.1:9/t'] }, '--token-url: the plan has no target "ado". Its targets: web.'],
    [
      { 'token-url': ['web=http://127.0.0.1:9/t'] },
      '--token-url web: the auth of this target has type "bearer", which has no token URL; client-credentials and jwt-bearer have one.',
    ],
    [{ 'secret-origin': ['web-token=https://mcp.example.com'] }, undefined],
    [
      { 'secret-origin': ['web-tokn=https://mcp.example.com'] },
      '--secret-origin: the plan uses no secret "web-tokn": did you mean "web-token"? Its secrets: web-token.',
    ],
    [{ duration: '10' }, '--duration takes a duration such as "10s" or "1h30m", got "10".'],
    [{ allow: ['https://mcp.example.com'] }, undefined],
    [
      { allow: ['https://mcp.example.com/mcp'] },
      '--allow takes an origin such as https://mcp.example.com, got "https://mcp.example.com/mcp": write https://mcp.example.com.',
    ],
    [
      { allow: ['mcp.example.com'] },
      '--allow takes an origin such as https://mcp.example.com, got "mcp.example.com": write https://mcp.example.com.',
    ],
    [{ allow: ['*'] }, '--allow takes an origin such as https://mcp.example.com, got "*".'],
  ];
  for (const [options, expected] of CASES) {
    it(`are ${expected === undefined ? 'used' : 'refused'}: ${JSON.stringify(options)}`, () => {
      assert.equal(
        told(() => openPlan(join(folder, 'plan.yaml'), options)),
        expected,
      );
    });
  }

  it('count as they were given last', () => {
    assert.equal(readOptions(['--out', 'a', '--out', 'b'], OPTIONS).values.out, 'b');
    const { text } = openPlan(join(folder, 'plan.yaml'), {
      target: ['web=http://127.0.0.1:1/', 'web=http://127.0.0.1:2/'],
    });
    assert.match(String(text), /127\.0\.0\.1:2/);
  });

  it('leave a file that is no plan to the parser', () => {
    const { text } = openPlan(join(folder, 'none.yaml'), { target: ['web=http://127.0.0.1:9/mcp'] });
    assert.equal(text, 'just a word');
  });
});
