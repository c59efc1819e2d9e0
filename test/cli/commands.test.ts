import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Fleet, startFleet } from '../../fleet/fleet.ts';
import type { Report } from '../../src/report/report.ts';
import { learnPlan } from '../support/fleet-plan.ts';
import { assertCountsReconcile, fleetStats } from '../support/reconcile.ts';
import { runMcpSurge } from '../support/run-command.ts';

let fleet: Fleet;
let cwd: string;
before(async () => {
  fleet = await startFleet({ latencyScale: 0.1 });
  cwd = await mkdtemp(join(tmpdir(), 'mcp-surge-cli-'));
});
after(async () => {
  await fleet.stop();
  await rm(cwd, { recursive: true, force: true });
});

const plan = async (change: (text: string) => string = (text) => text, more = '') => {
  const file = join(cwd, 'plan.yaml');
  await writeFile(file, change(learnPlan(fleet.servers, { duration: '1s', more })));
  return 'plan.yaml';
};

it('exits with 0 after a run that passes, prints the tables, and writes the report into the given folder', async () => {
  await fetch(`${fleet.servers.learn.statsUrl}/reset`, { method: 'POST' });
  const file = await plan(undefined, 'thresholds: { useful_rate: ["rate==1"] }');
  const { code, stdout, stderr } = await runMcpSurge(['run', file, '--out', 'result'], { cwd });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /PASSED/);
  assert.match(stdout, /tools\/call:microsoft_docs_search/);
  assert.match(stdout, /Report: result\/report\.html/);
  assert.deepEqual((await readdir(join(cwd, 'result'))).sort(), ['report.html', 'report.json', 'report.txt']);
  const report = JSON.parse(await readFile(join(cwd, 'result/report.json'), 'utf8')) as Report;
  assert.equal(report.schemaVersion, 4);
  await assertCountsReconcile(report, { learn: fleet.servers.learn } as Fleet['servers'] &
    Record<'ado', { tokenUrl: string }>);
});

it('overrides the plan by --duration and --target', async () => {
  const file = await plan((text) =>
    text.replace(/http:[^"]*/, 'http://127.0.0.1:9/mcp').replace('duration: 1s', 'duration: 1h'),
  );
  const args = [
    'run',
    file,
    '--out',
    'o',
    '--force',
    '--duration',
    '1s',
    '--target',
    `learn=${fleet.servers.learn.url}`,
  ];
  assert.equal((await runMcpSurge(args, { cwd })).code, 0);
});

it('overrides every target and the token URL of a plan', async () => {
  const { learn, github, context7, ado } = fleet.servers;
  const targets = Object.entries({ learn, github, context7, ado }).flatMap(([name, { url }]) => [
    '--target',
    `${name}=${url}`,
  ]);
  const plan = fileURLToPath(new URL('../../plans/demo.yaml', import.meta.url));
  const args = ['run', plan, '--out', 'demo', '--duration', '2s', ...targets, '--token-url', `ado=${ado.tokenUrl}`];
  await Promise.all(Object.values(fleet.servers).map(({ statsUrl }) => fetch(`${statsUrl}/reset`, { method: 'POST' })));
  const { stderr } = await runMcpSurge(args, { cwd });
  const report = JSON.parse(
    await readFile(join(cwd, 'demo/report.json'), 'utf8').catch(() => assert.fail(stderr)),
  ) as Report;
  assert.deepEqual(
    report.targets.map(({ name, session }) => `${name} ${session}`),
    ['learn stateful', 'github stateful', 'context7 stateless', 'ado stateless'],
  );
  await assertCountsReconcile(report, fleet.servers as Parameters<typeof assertCountsReconcile>[1]);
});

it('exits with 99 if a threshold fails, and says what was observed', async () => {
  const file = await plan(undefined, 'thresholds: { mcp_request_duration: ["p(95)<0.001"] }');
  const { code, stdout } = await runMcpSurge(['run', file, '--out', 'o', '--force'], { cwd });
  assert.equal(code, 99);
  assert.match(stdout, /mcp_request_duration p\(95\)<0\.001: observed \d/);
});

it('exits with 104 for a plan that is not valid, and shows every problem with file, line and column', async () => {
  const file = await plan((text) => text.replace('vus:', 'vsu:').replace('duration: 1s', 'duration: soon'));
  for (const command of ['run', 'validate']) {
    const { code, stdout, stderr } = await runMcpSurge([command, file], { cwd });
    assert.equal(code, 104);
    assert.equal(stdout, '');
    assert.match(stderr, /plan\.yaml is not a valid plan: 3 problems/);
    assert.match(stderr, /plan\.yaml:9:5 {2}scenarios\.look\.vsu: unknown key "vsu": did you mean "vus"\?/);
    assert.match(stderr, /plan\.yaml:10:5 {2}scenarios\.look\.duration: expected a duration/);
  }
});

it('exits with 104 for a target that is not allowed, without traffic', async () => {
  const file = await plan((text) => text.replace(/http:[^"]*/, 'https://mcp.example.com/mcp'));
  const { code, stderr } = await runMcpSurge(['run', file], { cwd });
  assert.equal(code, 104);
  assert.match(stderr, /https:\/\/mcp\.example\.com is not on the allowlist/);
  assert.match(stderr, /--allow ORIGIN/);
});

it('exits with 104 for an address that is not public, unless --allow-address allows it', async () => {
  const file = await plan((text) => text.replace(/http:[^"]*"/, 'https://10.0.0.4/mcp", permission: true'));
  const allow = ['--allow', 'https://10.0.0.4'];
  const { code, stderr } = await runMcpSurge(['run', file, ...allow], { cwd });
  assert.equal(code, 104);
  assert.match(stderr, /targets\.learn\.url: 10\.0\.0\.4 is a private address .*SURGE_ALLOWED_ADDRESSES/);
  assert.match(stderr, /--allow-address CIDR/);
  // Now the address is allowed, but not the origin, so that nothing is sent.
  const opened = await runMcpSurge(['run', file, '--allow-address', '10.0.0.0/24'], { cwd });
  assert.equal(opened.code, 104);
  assert.match(opened.stderr, /https:\/\/10\.0\.0\.4 is not on the allowlist/);
  assert.doesNotMatch(opened.stderr, /private address/);
});

it('exits with 105 if it is interrupted, after it has closed the sessions and reported the run', async () => {
  const file = await plan((text) => text.replace('duration: 1s', 'duration: 1m'));
  const { code, stdout, stderr } = await runMcpSurge(['run', file, '--out', 'o', '--force'], {
    cwd,
    during: (child) => child.stderr?.once('data', () => child.kill('SIGINT')),
  });
  assert.equal(code, 105);
  assert.match(stdout, /STOPPED/);
  assert.match(stderr, /^Stopping\. Press Ctrl-C again to quit immediately\.$/m);
  assert.equal((await fleetStats(fleet.servers.learn.statsUrl)).sessions.open, 0);
});

it('exits with 105 at the second interruption, without a report, and says what is left', async () => {
  const file = await plan((text) => text.replace('duration: 1s', 'duration: 1m'));
  const { code, stdout, stderr } = await runMcpSurge(['run', file, '--out', 'quit'], {
    cwd,
    during: (child) => {
      child.stderr?.on('data', () => child.kill('SIGINT'));
    },
  });
  assert.equal(code, 105);
  assert.equal(stdout, '');
  assert.match(stderr, /Quit\. What is left:\n {2}.*/);
  assert.match(stderr, /with learn may stay open until the servers end them\./);
  assert.match(stderr, /[Nn]o report was written|no load was sent/);
  await assert.rejects(readdir(join(cwd, 'quit')), /ENOENT/);
});

const preflightFaults: readonly (readonly [string, (text: string) => string, RegExp])[] = [
  ['an unknown tool', (text) => text.replace('microsoft_docs_search', 'nope'), /learn has no tool "nope"/],
  ['a target that is down', (text) => text.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:9'), /NET_REFUSED/],
  ['a missing secret', (text) => text.replace('" }', '", auth: { type: bearer, secret: none } }'), /SURGE_SECRET_NONE/],
];
for (const [what, change, expected] of preflightFaults) {
  it(`exits with 106 for ${what}, before any load`, async () => {
    const { code, stderr } = await runMcpSurge(['run', await plan(change)], { cwd });
    assert.equal(code, 106);
    assert.match(stderr, /^Preflight failed: no load was sent\.$/m);
    assert.match(stderr, expected);
  });
}

it('exits with 106 with every problem of the steps, after the warnings', async () => {
  const steps = `steps:
      - { tool: microsoft_docs_search, arguments: { qeury: retry } }
      - { tool: microsoft_docs_serch }`;
  const { code, stdout, stderr } = await runMcpSurge(['run', await plan((text) => text.replace(/steps: .*/, steps))], {
    cwd,
  });
  assert.equal(code, 106);
  assert.equal(stdout, '');
  assert.deepEqual(stderr.split('\n'), [
    'Preflight warnings:',
    '  scenarios.look.steps[0].arguments.qeury: microsoft_docs_search does not list this argument and may ignore it: did you mean "query"?',
    'Preflight failed: no load was sent.',
    '  scenarios.look.steps[0].arguments.query: missing; microsoft_docs_search requires it: add it. To send these arguments anyway, set validateArguments: false in this step.',
    '  scenarios.look.steps[1].tool: learn has no tool "microsoft_docs_serch": did you mean "microsoft_docs_search"? Its tools: microsoft_docs_search, microsoft_code_sample_search.',
    '',
  ]);
});

it('prints the warnings of preflight before the load, and keeps them in every form of the report', async () => {
  const file = await plan((text) => text.replace('query: anything', 'query: anything, top: 5'));
  const { code, stdout, stderr } = await runMcpSurge(['run', file, '--out', 'warned'], { cwd });
  assert.equal(code, 0);
  const warning = 'microsoft_docs_search does not list this argument and may ignore it';
  assert.ok(stderr.startsWith(`Preflight warnings:\n  scenarios.look.steps[0].arguments.top: ${warning}`), stderr);
  assert.match(stdout, /^Preflight warnings$/m);
  for (const name of ['report.json', 'report.html', 'report.txt']) {
    assert.match(
      await readFile(join(cwd, 'warned', name), 'utf8'),
      /steps\[0\]\.arguments\.top: microsoft_docs_search/,
    );
  }
});

it('exits with 106 for a wrong token, and does not show the token', async () => {
  const env = { SURGE_SECRET_GITHUB_PAT: 'wrong-token-value' };
  const text = learnPlan(fleet.servers).replace(
    /http:[^"]*"/,
    `${fleet.servers.github.url}", auth: { type: bearer, secret: github-pat }`,
  );
  await writeFile(join(cwd, 'token.yaml'), text);
  const { code, stderr } = await runMcpSurge(['run', 'token.yaml'], { cwd, env });
  assert.equal(code, 106);
  assert.match(stderr, /AUTH_401/);
  assert.doesNotMatch(stderr, /wrong-token-value/);
});

it('exits with 107 if the generator broke a rule, whatever the thresholds say', async () => {
  const { code, stdout } = await runMcpSurge(
    ['run', await plan(undefined, 'generator: { maxStartDelay: 0s }'), '--out', 'o', '--force'],
    { cwd },
  );
  assert.equal(code, 107);
  assert.match(stdout, /INVALID/);
  assert.match(stdout, /slices started in time/);
});

it('exits with 2 for a wrong command line, and says what is wrong', async () => {
  const existing = await plan();
  for (const [args, expected] of [
    [['rnu'], /there is no command "rnu": did you mean "run"\?.*mcp-surge run PLAN/s],
    [['run'], /expected one plan: mcp-surge run PLAN/],
    [['run', 'a', '--dration', '1s'], /unknown option --dration: did you mean --duration\? See mcp-surge --help/],
    [['run', 'missing.yaml'], /Cannot read the plan missing\.yaml/],
    [['run', existing, '--target', 'learn'], /--target takes NAME=URL/],
    [['validate', existing, '--target', 'lern=http://127.0.0.1:9/'], /no target "lern": did you mean "learn"\?/],
    [['run', existing, '--out', 'plan.yaml'], /The report's folder plan\.yaml is a file\. Choose another/],
    [['run', existing, '--allow-address', '10.0.0.1/8'], /--allow-address takes an IP address .*got "10\.0\.0\.1\/8"/],
  ] as const) {
    const { code, stderr } = await runMcpSurge(args, { cwd });
    assert.equal(code, 2, args.join(' '));
    assert.match(stderr, expected);
  }
});

it('keeps a report that is already in the folder, and sends nothing, unless --force is given', async () => {
  await mkdir(join(cwd, 'kept'));
  await writeFile(join(cwd, 'kept/report.json'), 'mine');
  await fetch(`${fleet.servers.learn.statsUrl}/reset`, { method: 'POST' });
  const { code, stderr } = await runMcpSurge(['run', await plan(), '--out', 'kept'], { cwd });
  assert.equal(code, 2);
  assert.match(stderr, /folder kept already has report\.json\. Pass --force to replace a report\./);
  assert.equal(await readFile(join(cwd, 'kept/report.json'), 'utf8'), 'mine');
  assert.equal((await fleetStats(fleet.servers.learn.statsUrl)).sessions.opened, 0);
});

it('describes what a plan would do (validate)', async () => {
  const { code, stdout } = await runMcpSurge(['validate', await plan()], { cwd });
  assert.equal(code, 0);
  assert.match(stdout, /look: constant-vus against learn: 3 virtual users for 1 s\n/);
  assert.match(stdout, /1 call per iteration: tools\/call:microsoft_docs_search/);
});
