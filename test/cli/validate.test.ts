import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { planText } from '../support/a-plan.ts';
import { runMcpSurge } from '../support/run-command.ts';

const NONE = { vus: undefined, duration: undefined };
const STEP = { tool: 'look', arguments: { q: '{{words}}' } };

let cwd: string;
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'mcp-surge-validate-'));
  await mkdir(join(cwd, 'plans'));
});
after(() => rm(cwd, { recursive: true, force: true }));

const validate = async (parts: Parameters<typeof planText>[0], ...args: string[]) => {
  await writeFile(join(cwd, 'plans/plan.yaml'), planText(parts));
  return runMcpSurge(['validate', 'plans/plan.yaml', ...args], { cwd });
};

it('describes what each scenario would do, and all of them together', async () => {
  const one = { target: 'web', steps: [STEP] };
  const { code, stdout, stderr } = await validate({
    plan: {
      warmUp: '5s',
      schedule: '0 0 * * * *',
      feeds: { words: { values: ['a', 'b'], order: 'sequential' } },
      scenarios: {
        steady: { ...one, executor: 'constant-vus', vus: 3, duration: '1m', callsPerIteration: { min: 1, max: 4 } },
        ramp: {
          ...one,
          executor: 'ramping-vus',
          startVUs: 1,
          stages: [
            { duration: '10s', target: 5 },
            { duration: '20s', target: 5 },
            { duration: '0s', target: 1 },
          ],
          startTime: '30s',
          sessions: { reuse: 'iteration', close: { abandon: 0.25 } },
        },
        rate: {
          ...one,
          executor: 'constant-arrival-rate',
          rate: 30,
          timeUnit: '1m',
          duration: '20s',
          preAllocatedVUs: 2,
        },
        climb: {
          ...one,
          executor: 'ramping-arrival-rate',
          startRate: 1,
          stages: [{ duration: '10s', target: 9 }],
          preAllocatedVUs: 2,
          maxVUs: 8,
          steps: [STEP, { list: 'tools', weight: 3 }],
        },
        each: {
          ...one,
          executor: 'per-vu-iterations',
          vus: 2,
          iterations: 3,
          order: 'fixed',
          steps: [STEP, { prompt: 'p' }],
        },
        shared: { ...one, executor: 'shared-iterations', vus: 1, iterations: 1, maxDuration: '2m' },
        hold: { target: 'web', executor: 'constant-vus', vus: 1, duration: '10s', steps: [] },
      },
    },
  });
  assert.equal(code, 0, stderr);
  const feeds = '    feeds: words (2 rows, sequential)';
  const perVu = '    a session for each virtual user, closed at its end';
  const look = '    1 call per iteration: tools/call:look (100 %)';
  assert.deepEqual(stdout.trimEnd().split('\n'), [
    'plans/plan.yaml is a valid plan: small',
    '  steady: constant-vus against web: 3 virtual users for 60 s',
    perVu,
    '    1 to 4 calls per iteration: tools/call:look (100 %)',
    feeds,
    '  ramp: ramping-vus against web: 1 virtual user at first, to 5 in 10 s, 5 for 20 s, jump to 1; 30 s in total, ' +
      "beginning 30 s after the run's start",
    '    a session for each iteration, 25 % abandoned, the others closed at its end',
    look,
    feeds,
    '  rate: constant-arrival-rate against web: 30 starts every 60 s for 20 s, with 2 virtual users',
    perVu,
    look,
    feeds,
    '  climb: ramping-arrival-rate against web: 1 start a second at first, to 9 in 10 s; 10 s in total, ' +
      'with 2 to 8 virtual users',
    perVu,
    '    1 call per iteration: tools/call:look (25 %), tools/list (75 %)',
    feeds,
    '  each: per-vu-iterations against web: 3 iterations by each of 2 virtual users, at most 600 s',
    perVu,
    '    calls in this order: tools/call:look, prompts/get:p',
    feeds,
    '  shared: shared-iterations against web: 1 iteration shared by 1 virtual user, at most 120 s',
    perVu,
    look,
    feeds,
    '  hold: constant-vus against web: 1 virtual user for 10 s',
    '    a session for each virtual user, held open without calls, closed at its end',
    '    no calls',
    '  total: 22 virtual users, at most 600 s, at most 9.5 starts a second',
    '  warm-up: the first 5 s are left out of all figures except the time series',
    '  schedule: "0 0 * * * *" (UTC)',
  ]);
});

it('reads feed files from the folder of the plan, whatever the working directory', async () => {
  await writeFile(join(cwd, 'plans/words.csv'), 'id,text\n1,a\n2,b\n3,c\n');
  const scenario = {
    ...NONE,
    vus: 1,
    duration: '10s',
    steps: [{ tool: 'look', arguments: { q: '{{words.text}}' } }],
  };
  const { code, stdout, stderr } = await validate({ scenario, plan: { feeds: { words: { file: 'words.csv' } } } });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /feeds: words \(3 rows, random\)/);
  const missing = await validate({ scenario, plan: { feeds: { words: { file: 'wrods.csv' } } } });
  assert.equal(missing.code, 104);
  assert.match(missing.stderr, /plans\/plan\.yaml:\d+:\d+ {2}feeds\.words\.file: cannot read the file "wrods\.csv"/);
  await writeFile(join(cwd, 'plans/words.csv'), 'id,text\n1,a\n2\n');
  const broken = await validate({ scenario, plan: { feeds: { words: { file: 'words.csv' } } } });
  assert.match(broken.stderr, /feeds\.words\.file: words\.csv: line 3: expected 2 fields as in the header, got 1/);
});

it('describes a plan that may not run here, and says why with the exit code of run', async () => {
  const auth = { type: 'bearer', secret: 'nobody-sets-this' };
  const url = 'https://mcp.example.com/mcp';
  const parts = { target: { url, auth }, scenario: { vus: 20_000 } };
  const refused = await validate(parts);
  assert.equal(refused.code, 104);
  assert.match(refused.stdout, /plan\.yaml is a valid plan: small\n {2}calls: /);
  assert.deepEqual(
    refused.stderr.split('\n').map((line) => line.replace(/;.*| \(to allow.*|: the environment.*/, '')),
    [
      'plans/plan.yaml is not allowed to run here:',
      '  targets.web.url: https://mcp.example.com is not on the allowlist, which is empty',
      '  targets.web.permission: https://mcp.example.com is not on this machine',
      '  scenarios: the scenarios have 20000 virtual users together',
      'Preflight would fail here:',
      '  targets.web: Secret "nobody-sets-this" is missing',
      '',
    ],
  );
  const allowed = { target: { url, auth, permission: true } };
  assert.equal((await validate(allowed, '--allow', 'https://mcp.example.com')).code, 106);
  const aimed = await validate({ target: { url } }, '--target', 'web=http://127.0.0.1:9/mcp', '--duration', '7s');
  assert.deepEqual([aimed.code, aimed.stderr], [0, '']);
  assert.match(aimed.stdout, /1 virtual user for 7 s/);
});
