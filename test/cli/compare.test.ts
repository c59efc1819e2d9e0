import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Fleet, startFleet } from '../../fleet/fleet.ts';
import { UsageError } from '../../src/cli/command-context.ts';
import { compareCommand } from '../../src/cli/compare-command.ts';
import type { ComparedRun } from '../../src/comparison/comparison.ts';
import type { Report } from '../../src/report/report.ts';
import { simulatedOperation, simulatedRun } from '../comparison/simulated-runs.ts';
import { learnPlan } from '../support/fleet-plan.ts';
import { runMcpSurge } from '../support/run-command.ts';

let cwd: string;
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'mcp-surge-compare-'));
});
after(() => rm(cwd, { recursive: true, force: true }));

const write = (file: string, content: unknown) =>
  writeFile(join(cwd, file), typeof content === 'string' ? content : JSON.stringify(content));

/** A run of two operations; the factor slows down searching, not listing. */
const runOf = (seed: number, factor: number, changes: Partial<ComparedRun> = {}) =>
  simulatedRun(
    [
      simulatedOperation(seed, { requests: 3000, factor, operation: 'tools/call:search' }),
      simulatedOperation(seed + 1, { requests: 3000, operation: 'tools/list' }),
    ],
    changes,
  );

describe('mcp-surge compare', () => {
  before(async () => {
    await write('one.json', runOf(1, 1));
    await write('slower.json', runOf(3, 1.5, { runId: 'the-slower-one' }));
  });
  const compare = (...args: string[]) => runMcpSurge(['compare', ...args], { cwd });

  it('exits with 99 and shows the table if an operation became slower', async () => {
    const { code, stdout, stderr } = await compare('one.json', 'slower.json', '--tolerance', '0.2');
    assert.equal(code, 99, stderr);
    assert.match(stdout, /^Run the-slower-one of simulated\n/);
    assert.match(stdout, /Useful answers: 2 same\. Latency: 1 slower, 1 same\./);
    assert.match(stdout, /p95 changed by 20 % or more/);
    assert.match(stdout, /▲ slower +tools\/call:search +\d+ +\d+ +\+\d+ %/);
    assert.match(stdout, /= same +tools\/list/);
  });

  it('exits with 0 if no operation became slower, by the given metric and tolerance', async () => {
    assert.match(
      (await compare('slower.json', 'one.json', '--tolerance', '0.2')).stdout,
      /▼ faster +tools\/call:search/,
    );
    assert.equal((await compare('slower.json', 'one.json')).code, 0);
    const tolerant = await compare('one.json', 'slower.json', '--metric', 'p50', '--tolerance', '1');
    assert.equal(tolerant.code, 0);
    assert.match(tolerant.stdout, /p50 of useful requests in ms/);
  });

  it('exits with 99 if an operation fails more, however fast it is', async () => {
    const failing = simulatedOperation(3, { requests: 3000, factor: 0.3, failureRate: 0.4, operation: 'tools/list' });
    await write('failing.json', simulatedRun([failing]));
    const { code, stdout } = await compare('one.json', 'failing.json');
    assert.equal(code, 99);
    assert.match(stdout, /Useful answers: 1 fails more\. Latency: 1 not comparable\./);
    assert.match(stdout, /✗ fails more +tools\/list +100 % +[56]\d\.\d % +−[34]\d/);
    assert.equal((await compare('one.json', 'failing.json', '--useful-tolerance', '0.5')).code, 0);
  });

  it('exits with 99 if all requests fail, without any latency', async () => {
    const dead = simulatedOperation(3, { requests: 436, failureRate: 1, operation: 'tools/list' });
    await write('dead.json', simulatedRun([dead]));
    const { code, stdout } = await compare('one.json', 'dead.json');
    assert.equal(code, 99);
    assert.match(stdout, /✗ fails more +tools\/list +100 % +0 % +−100/);
  });

  it('says first that there is too little data, and exits with 99 only if data is required', async () => {
    await write('few.json', simulatedRun([simulatedOperation(3, { requests: 30, operation: 'tools/list' })]));
    const { code, stdout } = await compare('one.json', 'few.json');
    assert.equal(code, 0);
    assert.match(stdout, /^Run .*\n {2}Too little data to compare the one operation with run /);
    assert.equal((await compare('one.json', 'few.json', '--require-data')).code, 99);
  });

  it('exits with 107 if one of the runs is invalid', async () => {
    await write('invalid.json', runOf(3, 1.5, { verdict: { status: 'invalid' } }));
    const { code, stdout } = await compare('one.json', 'invalid.json');
    assert.equal(code, 107);
    assert.match(stdout, /current run's verdict is invalid/);
  });

  it('exits with 2 for reports that cannot be compared, and says why', async () => {
    const older = { ...runOf(1, 1), operations: [{ ...runOf(1, 1).operations[0], batches: undefined }] };
    await write('older.json', older);
    await write('other.json', { name: 'package' });
    await write('broken.json', '{');
    const [operation] = runOf(1, 1).operations;
    const batches = operation?.batches.map((batch) => ({ ...batch, histogram: 'HIST' }));
    await write('damaged.json', { ...runOf(1, 1), operations: [{ ...operation, batches }] });
    const refused = (pattern: RegExp, ...args: string[]) => {
      const inFolder = args.map((arg) => (arg.endsWith('.json') ? join(cwd, arg) : arg));
      return assert.rejects(
        compareCommand(inFolder),
        (error) => error instanceof UsageError && pattern.test(error.message),
      );
    };
    const { code, stderr } = await compare('one.json');
    assert.equal(code, 2);
    assert.match(stderr, /expected two reports/);
    await refused(/Cannot read the report .*none\.json/, 'one.json', 'none.json');
    await refused(/Cannot read the report .*broken\.json/, 'broken.json', 'one.json');
    await refused(/other\.json is not a report: runId: missing: expected a text\.$/, 'other.json', 'one.json');
    await refused(/older\.json was made by an earlier version.*run its plan again/, 'older.json', 'one.json');
    await refused(/damaged\.json is damaged: .*at 0 s cannot be read/, 'damaged.json', 'one.json');
    await refused(
      /--metric: expected one of p50, p95, p99, got "p42": did you mean "p50"\?$/,
      'one.json',
      'one.json',
      '--metric',
      'p42',
    );
    await refused(/--tolerance: expected a number, got "ten"/, 'one.json', 'one.json', '--tolerance', 'ten');
    await refused(
      /--useful-tolerance: expected a number from 0 to 1, got 2$/,
      'one.json',
      'one.json',
      '--useful-tolerance',
      '2',
    );
    await refused(/--min-requests needs a value/, 'one.json', 'one.json', '--min-requests', '');
  });

  it('does not send control characters in a name to the terminal', async () => {
    const [operation] = runOf(1, 1).operations;
    await write('hostile.json', simulatedRun(operation ? [{ ...operation, target: 'a\u001b[2Jb\n' }] : []));
    const { stdout } = await compare('hostile.json', 'hostile.json');
    assert.ok(!stdout.includes('\u001b'));
    assert.match(stdout, /a␛\[2Jb/);
  });
});

describe('mcp-surge run --baseline', () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await startFleet({ latencyScale: 0.05 });
  });
  after(() => fleet.stop());

  const plan = (thinkTime: string) =>
    learnPlan(fleet.servers, {
      duration: '6s',
      vus: 4,
      thinkTime,
      more: 'comparison: { metric: p50, minRequests: 20, failOn: slower }',
    });

  it('shows the comparison in every format of the report, and fails if an operation became slower', async () => {
    const former = simulatedOperation(1, { requests: 2000, intervals: 6, factor: 0.02 });
    const operation = 'tools/call:microsoft_docs_search';
    await write('faster.json', simulatedRun([{ ...former, operation }], { runId: 'the-faster-one' }));
    await write('plan.yaml', plan('10ms'));
    const { code, stdout, stderr } = await runMcpSurge(
      ['run', 'plan.yaml', '--out', 'o', '--baseline', 'faster.json'],
      { cwd },
    );
    assert.equal(code, 99, stdout + stderr);
    assert.match(stdout, /became slower than in run the-faster-one: p50\s/);
    assert.match(stdout, /^Comparison$/m);
    const report = JSON.parse(await readFile(join(cwd, 'o/report.json'), 'utf8')) as Report;
    assert.deepEqual(
      report.comparison?.operations.map((each) => [each.operation, each.verdict]),
      [[operation, 'slower']],
    );
    assert.ok(report.comparison?.onlyInCurrent.some((each) => each.operation === 'initialize'));
    assert.equal(report.verdict.status, 'fail');
    const page = await readFile(join(cwd, 'o/report.html'), 'utf8');
    assert.match(page, /<section id="comparison">.*the-faster-one/s);
    assert.match(page, /class="bad"><span aria-hidden="true">▲<\/span> slower/);

    // A report with a comparison can be a baseline too.
    const itself = await runMcpSurge(['compare', 'o/report.json', 'o/report.json'], { cwd });
    assert.equal(itself.code, 0, itself.stdout + itself.stderr);
    assert.match(itself.stdout, /= same +tools\/call:mic\S+ .* ±0 % … ±0 %/);
  });

  it('fails if no reply passes its check any longer, although that is fast and the plan has no thresholds', async () => {
    const operation = 'tools/call:microsoft_docs_search';
    const former = { ...simulatedOperation(1, { requests: 417, intervals: 6, factor: 50 }), operation };
    await write('useful.json', simulatedRun([former], { runId: 'the-useful-one' }));
    const unchecked = plan('10ms');
    const text = unchecked.replace('arguments: { query: anything }', '$&, checks: [{ contains: a text in no reply }]');
    assert.notEqual(text, unchecked);
    await write('checked.yaml', text);
    const { code, stdout } = await runMcpSurge(
      ['run', 'checked.yaml', '--out', 'checked', '--duration', '2s', '--baseline', 'useful.json'],
      { cwd },
    );
    assert.equal(code, 99, stdout);
    assert.match(stdout.replace(/\n +/g, ' '), /search of learn fails more than in run the-useful-one: useful 100 %/);
    const report = JSON.parse(await readFile(join(cwd, 'checked/report.json'), 'utf8')) as Report;
    const [compared] = report.comparison?.operations ?? [];
    assert.deepEqual([compared?.usefulVerdict, compared?.verdict], ['fails-more', 'too-little-data']);
    assert.deepEqual([compared?.baseline.usefulRate, compared?.current.usefulRate], [1, 0]);
    assert.equal(report.verdict.status, 'fail');
  });

  it('fails with --require-data if there is too little data to compare any operation, and needs a baseline for it', async () => {
    const operation = 'tools/call:microsoft_docs_search';
    const few = { ...simulatedOperation(1, { requests: 3, intervals: 1 }), operation };
    await write('few-requests.json', simulatedRun([few], { runId: 'the-short-one' }));
    await write('plan.yaml', plan('10ms'));
    const args = ['run', 'plan.yaml', '--duration', '1s', '--out', 'few', '--require-data'];
    const { code, stdout } = await runMcpSurge([...args, '--baseline', 'few-requests.json'], { cwd });
    assert.equal(code, 99, stdout);
    assert.match(stdout, /FAILED: Too little data to compare the one operation with run the-short-one\./);
    const alone = await runMcpSurge(args, { cwd });
    assert.equal(alone.code, 2);
    assert.match(alone.stderr, /--require-data needs --baseline REPORT/);
  });

  it('refuses a baseline that cannot be read, before any load', async () => {
    await write('plan.yaml', plan('10ms'));
    const { code, stderr } = await runMcpSurge(['run', 'plan.yaml', '--baseline', 'nowhere.json'], { cwd });
    assert.equal(code, 2);
    assert.match(stderr, /Cannot read the report nowhere\.json/);
  });
});
