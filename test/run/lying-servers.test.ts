import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { EXIT_CODE } from '../../src/cli/command-context.ts';
import type { ComparedRun } from '../../src/comparison/comparison.ts';
import { parseBaseline } from '../../src/report/parse-baseline.ts';
import type { Report } from '../../src/report/report.ts';
import { renderText } from '../../src/report/text/text.ts';
import { createRun } from '../../src/run/create-run.ts';
import type { RunContext } from '../../src/run/run-context.ts';
import { readReport, readRun } from '../../src/run/run-documents.ts';
import { runInProcess } from '../../src/run/run-in-process.ts';
import { planText } from '../support/a-plan.ts';
import { type Lie, type LyingServer, startLyingServer } from '../support/lying-server.ts';
import { PatientClock } from '../support/patient-clock.ts';
import { testContext } from '../support/run-context.ts';

/**
 * A run against a server that answers all calls ends with the last answer. Any other takes its whole graceful stop, and has
 * its sessions opened before the start if no call is answered.
 */
const ANSWERS = { gracefulStop: '20s', sessions: { reuse: 'iteration' } };
const HANGS = { gracefulStop: '500ms', sessions: { reuse: 'vu' } };
const TIMES: Readonly<Partial<Record<Lie, object>>> = {
  silence: HANGS,
  pings: HANGS,
  'slow drip': HANGS,
  'half of the sessions sick': { gracefulStop: '500ms', sessions: { reuse: 'iteration' } },
};

const PAUSE = { type: 'constant', duration: '30ms' };
const PLANS = {
  'in a closed loop': { executor: 'constant-vus', vus: 4, duration: '1s', thinkTime: PAUSE },
  /** Twenty calls, whatever becomes of them. */
  'at a rate': { executor: 'constant-arrival-rate', duration: '1s', rate: 20, preAllocatedVUs: 20 },
  /** For the run that the others are compared with: as many calls on any machine. */
  counted: { executor: 'shared-iterations', vus: 4, iterations: 40 },
} as const;
type PlanName = keyof typeof PLANS;

/** No server here takes so long, and those that never answer break any limit. */
const THRESHOLDS = {
  mcp_request_duration: ['p(95)<15000'],
  useful_rate: ['rate>0.9'],
  mcp_failures: ['rate<0.1'],
};

/** Thresholds in the order of {@link THRESHOLDS}: latency, useful share, failures. */
type Met = readonly [latency: boolean, useful: boolean, failures: boolean];

const CALL = 'tools/call:look';

type Run = { readonly report: Report; readonly calls: number; readonly history: readonly (string | undefined)[] };

/** Runs a plan as a canary against a server, in this process. The generator's rules are loose: machines are busy. */
async function run(
  owner: Parameters<typeof startLyingServer>[0],
  lie: Lie,
  plan: PlanName,
  { thresholds = THRESHOLDS, baseline }: { readonly thresholds?: object; readonly baseline?: ComparedRun } = {},
): Promise<Run> {
  const server = await startLyingServer(owner, lie);
  const clock = new PatientClock();
  const context = testContext({ clock });
  const text = planText({
    target: { url: server.url, protocol: '2025-11-25', timeouts: { connect: '30s' } },
    scenario: { vus: undefined, duration: undefined, ...(TIMES[lie] ?? ANSWERS), ...PLANS[plan] },
    plan: {
      thresholds,
      comparison: { failOn: 'slower', minRequests: 2 },
      generator: { maxEventLoopDelay: '10s', maxStartDelay: '30s', maxLateStarts: 1, maxCpu: 100 },
    },
  });
  const created = await createRun(context, {
    text,
    trigger: 'canary',
    ...(baseline === undefined ? {} : { baseline }),
  });
  assert.ok('record' in created, JSON.stringify(created));
  const { runId } = created.record;
  // Called after preflight, when the run has its schedule.
  const begin = () => waitUntilCalled(context, runId, clock, server, lie, plan);
  assert.deepEqual(await runInProcess(context, runId, begin), []);
  const report = (await readReport(context.store, runId)) ?? assert.fail();
  const history = (await context.store.listRuns({ planName: 'small', limit: 5 })).map(({ verdict }) => verdict?.status);
  return { report, calls: server.calls, history };
}

/** Near the end of the load. */
const NEAR_END_MS = 900;

/** Lets the load end only when the server has seen enough calls to lie about. */
async function waitUntilCalled(
  { store }: RunContext,
  runId: string,
  clock: PatientClock,
  server: LyingServer,
  lie: Lie,
  plan: PlanName,
): Promise<void> {
  if (plan === 'counted' || lie === 'no more sessions') return;
  const { schedule } = await readRun(store, runId);
  const hasHappened = () => {
    if (plan === 'at a rate')
      return server.calls >= 18 && (lie !== 'half of the sessions sick' || server.answered >= 8);
    // Every virtual user is stuck in the end, or has called more than once.
    if (lie === 'half of the sessions sick') return server.calls - server.answered >= 4;
    return server.calls >= (TIMES[lie] === undefined ? 6 : 4);
  };
  clock.waitAt((schedule?.startAtMs ?? assert.fail()) + NEAR_END_MS, hasHappened);
}

const NO_ANSWER = /^tools\/call:look of web: none of \d+ calls was answered \(longest wait \d+\.\d s\)\.$/;
const noneUseful = (outcome: string) =>
  new RegExp(`^tools/call:look of web: none of \\d+ calls was useful \\(\\d+ ${outcome}\\)\\.$`);
const TOO_FEW_ANSWERS =
  /^mcp_request_duration p\(95\)<15000: observed at least \d+(\.\d+)? ms, as \d+(\.\d+)? % of the requests had no answer\.$/;

type Row = {
  readonly lie: Lie;
  readonly status: 'pass' | 'fail';
  readonly code: number;
  readonly first: RegExp;
  readonly met: Met;
  /** What the comparison with a run against the honest server says of the share of useful requests. */
  readonly share: 'fails-more' | 'same';
};

const failing = { status: 'fail', code: 99, share: 'fails-more' } as const;
const ROWS: readonly Row[] = [
  { lie: 'honest', status: 'pass', code: 0, first: /^All 3 thresholds met\.$/, met: [true, true, true], share: 'same' },
  { lie: 'silence', ...failing, first: NO_ANSWER, met: [false, false, false] },
  { lie: 'pings', ...failing, first: NO_ANSWER, met: [false, false, false] },
  { lie: 'slow drip', ...failing, first: NO_ANSWER, met: [false, false, false] },
  { lie: 'half of the sessions sick', ...failing, first: TOO_FEW_ANSWERS, met: [false, false, false] },
  { lie: 'all isError', ...failing, first: noneUseful('TOOL_ERROR'), met: [false, false, false] },
  { lie: 'dead tools', ...failing, first: noneUseful('NET_RESET_PRE'), met: [false, false, false] },
  { lie: 'failing task', ...failing, first: noneUseful('TOOL_ERROR'), met: [false, false, false] },
  {
    lie: 'no more sessions',
    ...failing,
    first:
      /^tools\/call:look of web: never called, because no session could be opened \(initialize: none of \d+ calls was useful \(\d+ SESS_REFUSED\)\)\.$/,
    met: [false, false, false],
  },
  {
    lie: 'faster because failing',
    ...failing,
    first: /^useful_rate rate>0\.9: observed 0\.[23]\d*\.$/,
    met: [true, false, false],
  },
  {
    lie: 'quota prose',
    status: 'pass',
    code: 0,
    first: /^All 3 thresholds met\.$/,
    met: [true, true, true],
    share: 'same',
  },
];

/** What the verdict says when nothing is required of the servers. */
const WITHOUT_THRESHOLDS = [
  { lie: 'honest', status: 'unjudged', code: 0, first: unjudged('100') },
  { lie: 'quota prose', status: 'unjudged', code: 0, first: unjudged('100') },
  { lie: 'faster because failing', status: 'unjudged', code: 0, first: unjudged('[23]\\d(\\.\\d+)?') },
  { lie: 'silence', status: 'fail', code: 99, first: NO_ANSWER },
  { lie: 'all isError', status: 'fail', code: 99, first: noneUseful('TOOL_ERROR') },
] as const;

function unjudged(percent: string): RegExp {
  const worst = percent === '100' ? '' : `; the worst operation was tools/call:look of web with ${percent} %`;
  return new RegExp(`^The plan has no thresholds: ${percent} % of \\d+ requests were useful${worst}\\.$`);
}

for (const plan of ['in a closed loop', 'at a rate'] as const) {
  describe(`a run ${plan} against a server whose lie is`, { concurrency: 8 }, () => {
    let baseline: ComparedRun;
    const closing: (() => Promise<void>)[] = [];
    after(() => Promise.all(closing.map((close) => close())));
    before(async () => {
      const { report } = await run({ after: (close) => closing.push(close) }, 'honest', 'counted');
      const parsed = parseBaseline(report);
      assert.ok('operations' in parsed, JSON.stringify(parsed));
      baseline = parsed;
    });

    for (const { lie, status, code, first, met, share } of ROWS) {
      it(`${lie}: ends in ${status}, and everything that judges it agrees`, { timeout: 60_000 }, async (t) => {
        const { report, calls, history } = await run(t, lie, plan, { baseline });
        const { verdict, thresholds, comparison } = report;
        assert.equal(verdict.status, status, verdict.reasons.join('\n'));
        assert.match(verdict.reasons[0] ?? '', first);
        const [line = ''] = renderText(report, { width: 1000 }).split('\n');
        assert.ok(line.endsWith(`${status.toUpperCase()}ED: ${verdict.reasons[0]}`), line);
        assert.deepEqual(
          thresholds.map(({ ok }) => ok),
          met,
        );
        assert.equal(EXIT_CODE[verdict.status], code);
        assert.deepEqual(history, [status], 'the canary history');
        assert.equal(comparison?.totals?.usefulVerdict, share);
        const compared = comparison?.operations.find(({ operation }) => operation === CALL);
        assert.notEqual(compared?.verdict ?? 'missing', 'faster');
        assertCounted(report, calls);
        assertShown(report, lie === 'quota prose' ? calls : 0);
      });
    }

    for (const { lie, status, code, first } of WITHOUT_THRESHOLDS) {
      it(`${lie}: ends in ${status} without thresholds`, { timeout: 60_000 }, async (t) => {
        const { report, calls, history } = await run(t, lie, plan, { thresholds: {} });
        assert.equal(report.verdict.status, status, report.verdict.reasons.join('\n'));
        assert.match(report.verdict.reasons[0] ?? '', first);
        assert.equal(EXIT_CODE[status], code);
        assert.deepEqual(history, [status], 'the canary history');
        assertCounted(report, calls);
      });
    }
  });
}

/** Whatever the server got is in exactly one of useful, failed and censored, of the operation and of the run. */
function assertCounted({ operations, totals }: Report, calls: number): void {
  const [call] = operations.filter(({ operation }) => operation === CALL);
  for (const { useful, failures, censored } of [call ?? assert.fail('the tool has no row'), totals]) {
    assert.equal(useful + failures + censored, calls);
  }
}

/** Answers that read like errors are counted as warnings, and a report with useful answers shows one of them. */
function assertShown(report: Report, likeErrors: number): void {
  const { warnings, exampleAnswers, operations } = report;
  const warned = warnings.filter(({ outcome }) => outcome === 'TOOL_READS_LIKE_ERROR');
  assert.equal(
    warned.reduce((sum, { count }) => sum + count, 0),
    likeErrors,
  );
  const isUseful = operations.some(({ operation, useful }) => operation === CALL && useful > 0);
  const [example] = exampleAnswers.filter(({ operation }) => operation === CALL);
  assert.equal(example !== undefined, isUseful);
  if (example !== undefined) assert.ok(renderText(report).includes(`“${example.answer}”`), example.answer);
}
