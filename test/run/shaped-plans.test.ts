import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { type Fleet, startFleet } from '../../fleet/fleet.ts';
import { overridePlan } from '../../src/plan/override-plan.ts';
import type { Report } from '../../src/report/report.ts';
import { testContext } from '../support/run-context.ts';
import { reportOfRun } from '../support/whole-run.ts';

/** The generator's rules do not matter here, and a busy machine would break them. */
const LENIENT = '\ngenerator: { maxEventLoopDelay: 1m, maxStartDelay: 1m, maxCpu: 100, maxLateStarts: 1 }\n';

// The shipped plans, shortened to a few seconds, against a reference fleet that answers immediately.
describe('the shaped plans', { concurrency: 2 }, () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await startFleet({ latencyScale: 0 });
  });
  after(() => fleet.stop());

  async function reportOf(
    name: string,
    change: (text: string) => string = (text) => text,
    url = fleet.servers.learn.url,
  ): Promise<Report> {
    const file = new URL(`../../plans/${name}.yaml`, import.meta.url);
    const text = overridePlan(change(readFileSync(file, 'utf8')) + LENIENT, {
      targets: { learn: url },
      duration: '3s',
    });
    return reportOfRun(testContext(), text);
  }

  it('smoke calls every tool three times', async () => {
    const { operations, verdict, totals } = await reportOf('smoke');
    assert.deepEqual(verdict.reasons, ['All 2 thresholds met.']);
    assert.equal(totals.iterations, 3);
    for (const tool of ['microsoft_docs_search', 'microsoft_code_sample_search']) {
      assert.equal(operations.find(({ operation }) => operation === `tools/call:${tool}`)?.count, 3);
    }
  });

  it('baseline makes all its starts, and leaves its warm-up out of the figures', async () => {
    const report = await reportOf('baseline', (text) => text.replace('warmUp: 30s', 'warmUp: 1s'));
    assert.equal(report.verdict.status, 'pass', report.verdict.reasons.join(' '));
    assert.equal(report.generator.starts.planned, 6);
    assert.equal(report.generator.starts.started, 6);
  });

  it('ramp, spike and soak pass against a healthy server', async () => {
    for (const name of ['ramp', 'spike', 'soak']) {
      const faster = (text: string) => text.replace(/thinkTime: .*/, 'thinkTime: { type: constant, duration: 50ms }');
      const { verdict, totals } = await reportOf(name, faster);
      assert.equal(verdict.status, 'pass', `${name}: ${verdict.reasons.join(' ')}`);
      assert.ok(totals.requests > 5, `${name} made ${totals.requests} requests`);
      assert.equal(totals.droppedIterations, 0, name);
    }
  });

  it('ceiling names the last stage that held and the first that failed', async (t) => {
    const slow = await startFleet({ latencyScale: 0.3 });
    t.after(() => slow.stop());
    // Two virtual users whose calls take some hundred milliseconds each make a few starts a second.
    const report = await reportOf(
      'ceiling',
      (text) =>
        text
          .replace(/preAllocatedVUs: \d+/, 'preAllocatedVUs: 2')
          .replace(/maxVUs: \d+/, 'maxVUs: 2')
          .replace(/5s/g, '0s'),
      slow.servers.learn.url,
    );
    assert.ok(report.ceiling);
    const { held, broke, unit, stages } = report.ceiling;
    assert.equal(unit, 'starts/s');
    assert.equal(stages.length, 6);
    assert.ok(broke !== null && (held === null || held < broke), JSON.stringify(report.ceiling));
    assert.notEqual(report.verdict.status, 'stopped');
    assert.notEqual(report.verdict.status, 'invalid', report.verdict.reasons.join(' '));
  });
});
