import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { overridePlan } from '../../src/plan/override-plan.ts';
import { parsePlan } from '../../src/plan/parse-plan.ts';
import { policyRefusals, refusalSentence } from '../../src/plan/policy.ts';
import { problemText } from '../../src/plan/problem.ts';
import { segmentsOf, sliceOf } from '../../src/plan/slices.ts';
import { createRun } from '../../src/run/create-run.ts';
import { compileProblems } from '../../src/run/plan-problems.ts';
import { testContext } from '../support/run-context.ts';

const folder = new URL('../../plans/', import.meta.url);
const PLANS = readdirSync(folder)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => readFileSync(new URL(file, folder), 'utf8'));

/** The longest that one plan may take, in seconds of CPU; other work on the machine does not count. */
const MOST_SECONDS = 1;

/** Pieces of YAML and values that plans are not written for. */
const PIECES = [
  ...[
    ': ',
    '- ',
    '\n',
    '  ',
    '[',
    ']',
    '{',
    '}',
    ',',
    '"',
    "'",
    '|\n',
    '>-\n',
    '#',
    '&a ',
    '*a',
    '<<: *a',
    '!!str ',
    '? ',
    '%',
  ],
  ...[
    '---\n',
    '...\n',
    '\t',
    '\0',
    '\u2028',
    '\ud800',
    '\ufeff',
    '🚀',
    '{{',
    '}}',
    '{{$uuid}}',
    '{{$integer(1,',
    '\\u0041',
  ],
  ...[
    'null',
    'true',
    '0',
    '-1',
    '1e400',
    '.nan',
    '.inf',
    '0x10',
    '9007199254740993',
    '1s',
    '30d',
    '99999h',
    '0s',
    '-1s',
  ],
  ...[
    'name',
    'targets',
    'scenarios',
    'steps',
    'executor',
    'stages',
    'thresholds',
    'feeds',
    'auth',
    'url',
    'vus',
    'rate',
  ],
  ...[
    'https://vault.azure.net/.default',
    'http://169.254.169.254/',
    'https://mcp.example.com/mcp',
    'file:///etc/passwd',
  ],
  ...['{type: entra, scope: api://x/.default}', '{type: header, name: Host, secret: a}', '{type: bearer, secret: a}'],
  ...[
    '__proto__',
    'constructor',
    'toString',
    '(a+)+$',
    '[',
    '(?=',
    'p(95)<1',
    'rate>0.9',
    '{kind:all}',
    '"'.repeat(50),
  ],
];

const line = (text: string, at: number) => {
  const lines = text.split('\n');
  return { lines, index: at % lines.length };
};

/** One change of a text; `at` and `length` are any numbers. */
type Change = (text: string, at: number, length: number, piece: string) => string;

const CHANGES: readonly Change[] = [
  (text, at, _, piece) => text.slice(0, at % text.length) + piece + text.slice(at % text.length),
  (text, at, length, piece) => text.slice(0, at % text.length) + piece + text.slice((at % text.length) + (length % 40)),
  (text, at, length) => text.slice(0, at % text.length) + text.slice((at % text.length) + (length % 200)),
  (text, at) => text.slice(0, at % text.length),
  (text, at, length) => {
    const part = text.slice(at % text.length, (at % text.length) + (length % 400));
    return text.slice(0, at % text.length) + part.repeat(1 + (length % 60)) + text.slice(at % text.length);
  },
  (text, at, _, piece) => {
    const { lines, index } = line(text, at);
    return lines
      .with(index, (lines[index] as string).replace(/(: +)\S.*$/, `$1${piece.replaceAll('$', '$$$$')}`))
      .join('\n');
  },
  (text, at, length) => {
    const { lines, index } = line(text, at);
    return lines.with(index, ' '.repeat(length % 12) + (lines[index] as string)).join('\n');
  },
  (text, at, length) => {
    const { lines, index } = line(text, at);
    const other = length % lines.length;
    return lines
      .with(index, lines[other] as string)
      .with(other, lines[index] as string)
      .join('\n');
  },
  (text, at, length) => {
    const { lines, index } = line(text, at);
    return lines.toSpliced(index, 0, ...Array<string>(1 + (length % 500)).fill(lines[index] as string)).join('\n');
  },
];

/** The shipped plans with one to six changes each. */
export const mutatedPlan: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(...PLANS),
    fc.array(fc.tuple(fc.constantFrom(...CHANGES), fc.nat(), fc.nat(), fc.constantFrom(...PIECES)), {
      minLength: 1,
      maxLength: 6,
    }),
  )
  .map(([plan, changes]) =>
    changes.reduce(
      (text, [change, at, length, piece]) => (text === '' ? piece : change(text, at, length, piece)),
      plan,
    ),
  );

/**
 * Checks that a text of any kind is parsed or refused with reasons, in time, and that a run comes of it only if all of its
 * targets are on this machine.
 */
async function checkPlan(text: string): Promise<void> {
  const before = process.cpuUsage();
  const parsed = parsePlan(text);
  overridePlan(text, { duration: '10s', targets: { learn: 'http://127.0.0.1:1/' } });
  if (parsed.ok) {
    const { plan } = parsed;
    compileProblems(plan).map(problemText);
    segmentsOf(plan, sliceOf({ lanes: 3, windows: 1, windowMs: 60_000, durationMs: 60_000 }, 0, 1, 0));
    const { policy } = testContext();
    policyRefusals(plan, policy).map((refusal) => refusalSentence(refusal, policy));
  } else {
    assert.ok(parsed.problems.length > 0 && parsed.problems.length <= 201, `${parsed.problems.length} problems`);
    for (const problem of parsed.problems) {
      assert.ok(problem.line >= 1 && problem.column >= 1, JSON.stringify(problem));
      assert.ok(problem.message !== '' && problemText(problem).length < 4000, JSON.stringify(problem));
    }
  }
  const open = testContext();
  const created = await createRun(open, { text, trigger: 'http' });
  if ('record' in created) {
    assert.ok(parsed.ok);
    for (const { url } of Object.values(parsed.plan.targets))
      assert.match(new URL(url).hostname, /^(127\.|localhost$|\[::1\]$)/);
  }
  const closed = testContext({ policy: { ...open.policy, allowLoopback: false } });
  const refused = await createRun(closed, { text, trigger: 'http' });
  assert.ok(!('record' in refused), 'a closed installation must accept no plan');
  const { user, system } = process.cpuUsage(before);
  assert.ok((user + system) / 1e6 < MOST_SECONDS, `it took ${(user + system) / 1e6} s: ${text.slice(0, 2000)}`);
}

/**
 * Checks plans with random changes. The seed is printed; `FUZZ_SEED` repeats a run, and `FUZZ_RUNS` sets its length.
 */
export async function fuzzPlans(t: TestContext, runs: number): Promise<void> {
  const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const numRuns = Number(process.env.FUZZ_RUNS ?? runs);
  t.diagnostic(`${numRuns} plans from seed ${seed}; to repeat: FUZZ_SEED=${seed} FUZZ_RUNS=${numRuns}`);
  await fc.assert(fc.asyncProperty(mutatedPlan, checkPlan), {
    seed,
    numRuns,
    endOnFailure: false,
    interruptAfterTimeLimit: 1_500_000,
    markInterruptAsFailure: true,
  });
}
