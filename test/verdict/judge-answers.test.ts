import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Outcome } from '../../src/sample/outcome.ts';
import type { SampleParts } from '../support/blocks-of.ts';
import { type JudgedRun, judgedRun } from '../support/judged-run.ts';

const MET = { thresholds: { mcp_requests: ['count>0'] } };
const STEPS = [{ tool: 'look' }, { tool: 'find' }];
const twoSteps = { steps: STEPS, order: 'fixed' };

/** Requests of an operation with one outcome. */
function calls(count: number, outcome: Outcome, parts: SampleParts = {}): SampleParts[] {
  return Array.from({ length: count }, () => ({ outcome, ...parts }));
}

const iteration = (outcome: Outcome): SampleParts => ({ kind: 'iteration', operation: 'calls', outcome });
const opening = { operation: 'initialize', operationKind: 'protocol' } as const;
const find = { operation: 'tools/call:find' } as const;

function verdictOf(run: JudgedRun) {
  return judgedRun({ plan: { thresholds: { mcp_request_duration: ['max<60000'] } }, ...run }).verdict;
}

describe('an operation of the plan without a useful answer', () => {
  const CASES: [name: string, samples: SampleParts[], first: string][] = [
    [
      'that nobody answered',
      calls(25, 'TMO_GRACEFUL_STOP', { durationMs: 30_000 }),
      'tools/call:look of web: none of 25 calls was answered (longest wait 30.0 s).',
    ],
    [
      'of which some calls were censored',
      [...calls(2, 'CLIENT_ABORT', { durationMs: 900 }), ...calls(1, 'TMO_TOTAL', { durationMs: 1500 })],
      'tools/call:look of web: none of 3 calls was answered (longest wait 1.5 s).',
    ],
    [
      'that was called once',
      calls(1, 'CLIENT_ABORT', { durationMs: 900 }),
      'tools/call:look of web: its only call was not answered (longest wait 0.9 s).',
    ],
    [
      'that fails',
      [...calls(2, 'HTTP_503'), ...calls(5, 'TOOL_ERROR')],
      'tools/call:look of web: none of 7 calls was useful (5 TOOL_ERROR, 2 HTTP_503).',
    ],
    [
      'that fails or is silent',
      [...calls(2, 'RPC_-32000'), ...calls(3, 'TMO_IDLE', { durationMs: 2000 })],
      'tools/call:look of web: none of 5 calls was useful (2 RPC_-32000, 3 without an answer, longest wait 2.0 s).',
    ],
    [
      'that fails in many ways',
      [...calls(4, 'HTTP_500'), ...calls(3, 'HTTP_502'), ...calls(2, 'HTTP_503'), ...calls(1, 'HTTP_504')],
      'tools/call:look of web: none of 10 calls was useful (4 HTTP_500, 3 HTTP_502, 2 HTTP_503, others).',
    ],
  ];
  for (const [name, samples, first] of CASES) {
    it(`${name} fails the run, and is named first`, () => {
      const { status, reasons } = verdictOf({ samples: [...calls(50, 'OK', opening), ...samples] });
      assert.deepEqual([status, reasons[0]], ['fail', first]);
      const met = judgedRun({ samples: [...calls(50, 'OK', opening), ...samples], plan: MET });
      assert.ok(met.thresholds.every(({ ok }) => ok));
      assert.deepEqual([met.verdict.status, met.verdict.reasons], ['fail', [first]]);
    });
  }

  it('fails the run beside operations that work, each with a sentence', () => {
    const samples = [...calls(9, 'OK'), ...calls(3, 'HTTP_404', find)];
    const { status, reasons } = verdictOf({ samples, scenario: twoSteps });
    assert.deepEqual(
      [status, reasons[0]],
      ['fail', 'tools/call:find of web: none of 3 calls was useful (3 HTTP_404).'],
    );
  });

  it('fails the run too when all its calls were sent in the warm-up', () => {
    const samples = calls(2, 'TMO_GRACEFUL_STOP', { durationMs: 9000, atMs: 100 });
    const { status, reasons } = judgedRun({ samples, plan: { ...MET, warmUp: '2s' } }).verdict;
    assert.equal(status, 'fail');
    assert.equal(
      reasons[0],
      'tools/call:look of web: none of 2 calls was answered (longest wait 9.0 s), all sent during the warm-up.',
    );
  });

  it('is not excused by a useful request of the protocol with the same name', () => {
    const list = { operation: 'tools/list' } as const;
    const samples = [...calls(5, 'OK', { ...list, operationKind: 'protocol' }), ...calls(2, 'HTTP_500', list)];
    const { reasons } = verdictOf({ samples, scenario: { steps: [{ list: 'tools' }] } });
    assert.equal(reasons[0], 'tools/list of web: none of 2 calls was useful (2 HTTP_500).');
  });

  it('is named in a run that was stopped or is invalid as well, after the reason for that', () => {
    const samples = calls(3, 'CLIENT_ABORT', { durationMs: 5000 });
    const sentence = 'tools/call:look of web: none of 3 calls was answered (longest wait 5.0 s).';
    const stopped = verdictOf({ samples, stopped: true });
    assert.deepEqual(stopped, { status: 'stopped', reasons: ['The run was stopped before its end.', sentence] });
    const invalid = verdictOf({ samples, health: { startDelayMs: 60_000 } });
    assert.deepEqual([invalid.status, invalid.reasons[1]], ['invalid', sentence]);
  });
});

describe('a scenario of which no iteration finished', () => {
  it('fails the run, after the operations that were not answered', () => {
    const samples = [...calls(2, 'OK'), iteration('TMO_GRACEFUL_STOP'), iteration('CLIENT_ABORT')];
    const { status, reasons } = judgedRun({ samples, plan: MET }).verdict;
    assert.deepEqual([status, reasons], ['fail', ['Scenario calls: none of 2 iterations finished.']]);
    const both = judgedRun({ samples: [...calls(1, 'HTTP_500'), iteration('TMO_GRACEFUL_STOP')], plan: MET }).verdict;
    assert.deepEqual(both.reasons.slice(0, 2), [
      'tools/call:look of web: its only call was not useful (1 HTTP_500).',
      'Scenario calls: its only iteration did not finish.',
    ]);
  });

  it('does not fail the run when one iteration finished, or when none began', () => {
    const one = [...calls(2, 'OK'), iteration('OK'), iteration('TMO_GRACEFUL_STOP')];
    assert.equal(judgedRun({ samples: one, plan: MET }).verdict.status, 'pass');
    assert.equal(verdictOf({ samples: calls(2, 'OK') }).status, 'pass');
  });
});

describe('an operation that was never called', () => {
  it('leaves the run unjudged, and is named first', () => {
    const { status, reasons } = verdictOf({ samples: calls(2, 'OK'), scenario: twoSteps });
    assert.deepEqual(
      [status, reasons],
      [
        'unjudged',
        ['tools/call:find of web was never called, so the run shows nothing about it.', 'The one threshold was met.'],
      ],
    );
  });

  it('is named last in a run that fails for another reason', () => {
    const samples = calls(2, 'OK', { durationMs: 61_000 });
    const { status, reasons } = verdictOf({ samples, scenario: twoSteps });
    assert.equal(status, 'fail');
    assert.match(reasons[0] ?? '', /^mcp_request_duration max<60000: observed 61000/);
    assert.match(reasons[1] ?? '', /^tools\/call:find of web was never called/);
  });

  it('is unjudged when it was called only in the warm-up', () => {
    const samples = [...calls(2, 'OK', { atMs: 5000 }), ...calls(2, 'OK', find)];
    const { status, reasons } = judgedRun({
      samples,
      scenario: twoSteps,
      plan: { ...MET, warmUp: '2s' },
    }).verdict;
    assert.deepEqual(
      [status, reasons[0]],
      ['unjudged', 'tools/call:find of web was never called after the warm-up, so the run shows nothing about it.'],
    );
  });

  it('fails the run when no session could be opened', () => {
    const samples = calls(4, 'HTTP_503', opening);
    const { status, reasons } = verdictOf({ samples });
    assert.deepEqual(
      [status, reasons[0]],
      [
        'fail',
        'tools/call:look of web: never called, because no session could be opened (initialize: none of 4 calls was useful (4 HTTP_503)).',
      ],
    );
  });
});

describe('a plan without steps', () => {
  const idle = { steps: [], sessions: { reuse: 'vu' } };

  it('is judged by the requests that open its sessions', () => {
    const plan = { thresholds: { useful_rate: ['rate>0.5'] } };
    const samples = [...calls(3, 'OK', opening), ...calls(1, 'HTTP_503', opening)];
    const good = judgedRun({ samples, plan, scenario: idle, span: { headline: 'all' } });
    assert.deepEqual([good.verdict.status, good.thresholds[0]?.observed], ['pass', 0.75]);
    const { status, reasons } = judgedRun({
      samples: calls(3, 'HTTP_503', opening),
      plan,
      scenario: idle,
      span: { headline: 'all' },
    }).verdict;
    assert.deepEqual(
      [status, reasons[0]],
      ['fail', 'No session with web could be opened (initialize: none of 3 calls was useful (3 HTTP_503)).'],
    );
  });
});
