import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type LocalStack, startLocalStack } from '../../demo/local-stack.ts';
import { postRun } from '../../demo/runs-api.ts';
import { type Fleet, startFleet } from '../../fleet/fleet.ts';
import type { RunView } from '../../src/run/run-view.ts';
import { learnPlan } from '../support/fleet-plan.ts';
import { waitForRun } from '../support/wait-for-run.ts';

const run = promisify(execFile);

let folder: string;
let watched: Fleet;
let stack: LocalStack;
const lines: string[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-surge-package-'));
  await run(process.execPath, ['scripts/build.ts', folder]);
  watched = await startFleet({ latencyScale: 0 });
  // A canary that is due every second, with runs that take longer.
  const more = 'thresholds: { useful_rate: ["rate==1"] }';
  const canary = `schedule: "* * * * * *"\n${learnPlan(watched.servers, { name: 'every-second', duration: '2s', vus: 1, more })}`;
  await writeFile(join(folder, 'package/plans/every-second.yaml'), canary);
  await writeFile(join(folder, 'package/plans/broken.yaml'), 'name: broken\nschedule: "* * * * * *"\n');
  await writeFile(
    join(folder, 'package/plans/elsewhere.yaml'),
    canary.replace('every-second', 'elsewhere').replace(/http:[^"]*/, 'https://mcp.example.com/mcp'),
  );
  stack = await startLocalStack({
    latencyScale: 0,
    appRoot: join(folder, 'package'),
    entry: 'main.js',
    log: ({ message }) => lines.push(message),
  });
});
after(async () => {
  await stack?.stop();
  await watched?.stop();
  await rm(folder, { recursive: true, force: true });
});

const canaryRuns = async () => {
  const { runs } = (await (await fetch(`${stack.host.url}/api/runs?plan=every-second`)).json()) as {
    runs: RunView[];
  };
  return runs;
};

it('makes a package of bundles with host.json and plans, and without node_modules', async () => {
  const manifest = JSON.parse(await readFile(join(folder, 'package/package.json'), 'utf8')) as Record<string, unknown>;
  assert.equal(manifest.main, 'main.js');
  assert.equal(manifest.dependencies, undefined);
  await assert.rejects(cp(join(folder, 'package/node_modules'), join(folder, 'x')), { code: 'ENOENT' });
});

it('runs a plan from the package', async () => {
  const { id } = await postRun(`${stack.host.url}/api`, learnPlan(stack.servers, { duration: '1s' }));
  assert.equal((await waitForRun(`${stack.host.url}/api`, id)).verdict?.status, 'unjudged');
});

it('parses large plans in the thread of the package', async () => {
  const padding = `# ${'x'.repeat(98)}\n`.repeat(400);
  const body = `${learnPlan(stack.servers, { duration: '1s' })}\n${padding}wrong: 1\n`;
  const response = await fetch(`${stack.host.url}/api/runs`, { method: 'POST', body });
  const { problems } = (await response.json()) as { problems: { path: string; line: number }[] };
  assert.equal(response.status, 400);
  assert.deepEqual(
    problems.map(({ path }) => path),
    ['wrong'],
  );
  assert.ok((problems[0]?.line ?? 0) > 400, 'the whole plan was parsed');
});

it('starts the runs of a canary by its timer, and never two at the same time', async () => {
  const limitMs = performance.now() + 30_000;
  while ((await canaryRuns()).filter(({ state }) => state === 'done').length < 2) {
    assert.ok(performance.now() < limitMs, `no two runs of the canary: ${JSON.stringify(await canaryRuns())}`);
    await delay(200);
  }
  const ended = (await canaryRuns()).filter(({ state }) => state === 'done').toReversed();
  for (const [index, { trigger, createdAt, verdict }] of ended.entries()) {
    assert.equal(trigger, 'canary');
    assert.equal(verdict?.status, 'pass');
    const before = ended[index - 1];
    if (before !== undefined) assert.ok(createdAt > (before.endedAt as string), 'two runs of one canary overlap');
  }
  assert.ok(lines.some((line) => /every-second is skipped, because its run .* is still/.test(line)));
});

it('gives no timer to a plan that is not valid or not allowed, and says why in the log', () => {
  const timers = stack.host.functions.filter(({ trigger }) => trigger === 'timer').map(({ name }) => name);
  const canaries = timers.filter((name) => name.startsWith('canary-'));
  assert.deepEqual(canaries, ['canary-every-second']);
  assert.ok(lines.some((line) => /plans\/broken\.yaml gets no timer, because it is not a valid plan: line/.test(line)));
  assert.ok(lines.some((line) => /Canary elsewhere gets no timer, .*not on the allowlist/.test(line)));
});
