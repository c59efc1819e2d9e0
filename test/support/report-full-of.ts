import type { Report } from '../../src/report/report.ts';
import { compared, lying, modelled, troubled } from './report-cases.ts';
import { reportFixture } from './report-fixture.ts';

/** Text that would run, or break the markup, if a rendering did not escape it. */
export const HOSTILE = `</script></style></title>"'><img src=x onerror=alert(1)>&amp;{{}}\u001b[31m\u202egnp\u0000`;

/** A report with this text in every string that can come from a plan, a target or a message. */
export function reportFullOf(text: string): Report {
  const base = compared(modelled(lying(troubled(reportFixture()))));
  const rename = <T extends { readonly target: string; readonly operation: string }>(each: T): T =>
    each.target === '*' ? each : { ...each, target: `${each.target}${text}`, operation: `${each.operation}${text}` };
  return {
    ...base,
    runId: text,
    plan: { name: text, description: text, hash: text },
    startedAt: text,
    endedAt: text,
    startedBy: text,
    stopped: { by: text, at: text },
    faults: [text],
    targets: base.targets.map((target) => ({
      ...target,
      name: `${target.name}${text}`,
      url: text,
      protocolVersion: text,
      server: text,
      session: text as 'stateful',
    })),
    verdict: { status: 'fail', reasons: [text] },
    operations: base.operations.map(rename),
    failures: base.failures.map((each) => ({
      ...rename(each),
      outcome: `HTTP_${text}` as 'HTTP_500',
      firstAt: text,
      lastAt: text,
      example: text,
    })),
    warnings: base.warnings.map((each) => ({
      ...rename(each),
      example: text,
      ...(each.softError === undefined ? {} : { softError: { ...each.softError, pattern: text } }),
    })),
    exampleAnswers: base.exampleAnswers.map((each) => ({ ...rename(each), answer: text })),
    checks: base.checks.map((each) => ({ ...rename(each), scenario: text, check: text })),
    pauses: base.pauses.map((each) => ({ ...each, target: text })),
    series: base.series.map(rename),
    scenarios: base.scenarios.map((each) => ({ ...each, scenario: `${each.scenario}${text}`, target: text })),
    starts: base.starts.map((each) => ({ ...each, scenario: `${each.scenario}${text}` })),
    sessions: base.sessions.map((each) => ({
      ...each,
      target: each.target === '*' ? '*' : `${each.target}${text}`,
      losses: each.losses.map((loss) => ({ ...loss, outcome: text as 'SESS_LOST' })),
    })),
    moments: base.moments.map((each) => ({ ...each, scenario: text })),
    thresholds: base.thresholds.map((each) => ({ ...each, metric: text, expression: text })),
    generator: {
      ...base.generator,
      tokens: base.generator.tokens.map((each) => ({ ...each, target: text })),
      stoppedTargets: [{ target: text, reason: text, atSeconds: 1 }],
      rules: base.generator.rules.map((each) => ({ ...each, ok: false, rule: text, detail: text })),
    },
    comparison: {
      ...base.comparison,
      baseline: { ...base.comparison.baseline, runId: text, plan: { name: text, hash: text }, startedAt: text },
      operations: base.comparison.operations.map((each) => ({ ...rename(each), reason: text })),
      onlyInBaseline: base.comparison.onlyInBaseline.map(rename),
      onlyInCurrent: base.comparison.onlyInCurrent.map(rename),
      notes: [text],
    },
    ceiling: {
      ...base.ceiling,
      scenario: text,
      stages: base.ceiling.stages.map((stage) => ({
        ...stage,
        broken: stage.broken.map((each) => ({ ...each, metric: text, expression: text })),
      })),
    },
    notes: [text],
  };
}
