import type { GeneratorRules } from '../plan/plan-schema.ts';
import type { GeneratorHealth } from '../summary/generator-health.ts';
import { lossDetails, unaccountedWords } from './lost-slices.ts';
import { type DelayLimit, delayLimit, type ScenarioDelays } from './scenario-delays.ts';
import type { GeneratorCheck } from './verdict.ts';

/**
 * Checks whether the generator did what the plan asked. If it did not, the figures show the generator, not the targets.
 * No rule about starts is broken by a single one, and none about delays by delays that are short beside the latencies.
 */
export function judgeGenerator(
  rules: GeneratorRules,
  health: GeneratorHealth,
  delays: readonly ScenarioDelays[],
): GeneratorCheck[] {
  const { slices, vus, store, cpu, unreported = 0 } = health;
  const { unkept = 0 } = store;
  const mayBeLost = percent(rules.maxLostSlices);
  // The virtual users of a slice that may be lost may be missing too.
  const neededVus = Math.floor(vus.planned * (1 - rules.maxLostSlices));
  const lostShare = slices.planned === 0 ? 0 : slices.lost / slices.planned;
  return [
    {
      rule: 'slices completed',
      ok: lostShare <= rules.maxLostSlices && slices.partial === 0,
      detail: slicesDetail(health, mayBeLost),
    },
    {
      rule: 'slices started in time',
      ok: (health.maxStartDelayMs ?? 0) <= rules.maxStartDelay,
      detail:
        health.maxStartDelayMs === null
          ? `unknown, because ${NO_REPORT}`
          : `latest start ${Math.round(health.maxStartDelayMs)} ms late${ofReported(health)}; at most ${rules.maxStartDelay} ms allowed`,
    },
    {
      rule: 'virtual users started',
      ok: vus.started >= neededVus,
      detail: `${unreported > 0 ? 'at least ' : ''}${vus.started} of ${vus.planned} started; at least ${neededVus} required`,
    },
    {
      rule: 'load not stopped early',
      ok: health.stoppedTargets.length === 0,
      detail: stoppedDetail(health),
    },
    {
      rule: 'connections available',
      ok: health.limitedRequests === 0,
      detail: limitedDetail(health),
    },
    eventLoopCheck(rules, health, delays),
    {
      rule: 'processor not exhausted',
      ok: (cpu.maxShare ?? 0) <= rules.maxCpu,
      detail:
        cpu.maxShare === null
          ? 'not measured, because no slice lasted a second'
          : `the busiest process used ${cpu.maxShare.toFixed(2)} CPU seconds per second${ofReported(health)}; at most ${rules.maxCpu} allowed`,
    },
    ...startChecks(rules, health, delays),
    {
      rule: 'samples stored',
      // After an error, samples wait until the store accepts them; what then is stored is as good as without the error.
      ok: unkept === 0,
      detail: `${store.samples} samples in ${store.blocks} blocks, ${store.errors ?? 'an unknown number of'} store errors${ofReported(health)}; ${unkeptText(store)}`,
    },
  ];
}

const NO_REPORT = 'no slice reported it';

/** What a figure leaves out. */
function ofReported({ unreported = 0 }: GeneratorHealth): string {
  if (unreported === 0) return '';
  return unreported === 1 ? ' (1 attempt did not report)' : ` (${unreported} attempts did not report)`;
}

/** How many slices are complete, why the others are not, and what is missing because of them. */
function slicesDetail(health: GeneratorHealth, mayBeLost: string): string {
  const { slices, starts, unaccounted = null } = health;
  const { skipped = 0 } = slices;
  const isStartMissing = slices.lost > 0 && starts.planned !== null;
  const missing = unaccounted === null ? [] : [unaccountedWords(unaccounted)];
  return [
    `${slices.committed} of ${slices.planned} complete, ${slices.partial} partial, ${slices.lost} lost`,
    `at most ${mayBeLost} may be lost`,
    ...(skipped === 0 ? [] : [`${skipped} not needed after the stop`]),
    ...lossDetails(slices),
    ...endedEarlyDetails(health),
    ...(isStartMissing ? ['starts of lost slices are counted only as far as they were stored'] : []),
    ...missing,
  ].join('; ');
}

/** How many samples no figure includes. */
function unkeptText({ unkept = 0, unkeptRequests = 0 }: GeneratorHealth['store']): string {
  if (unkept === 0) return 'none missing';
  const samples = unkept === 1 ? '1 sample' : `${unkept} samples`;
  const requests = unkeptRequests === 1 ? '1 request that was' : `${unkeptRequests} requests that were`;
  return `${samples} could not be stored, among them ${requests} sent; no figure includes them`;
}

/** Why slices ended their load before its time. */
function endedEarlyDetails({ endedEarly = [] }: GeneratorHealth): readonly string[] {
  return endedEarly.map(({ reason, slices, atSeconds }) => {
    const which = slices === 1 ? '1 slice' : `${slices} slices`;
    return `${which} ended early, ${atSeconds.toFixed(1)} s after the start: ${reason}`;
  });
}

/** The event loop is shared by all scenarios, so its delays are compared with the lowest of their median latencies. */
function eventLoopCheck(
  { maxEventLoopDelay, delayShare }: GeneratorRules,
  health: GeneratorHealth,
  delays: readonly ScenarioDelays[],
): GeneratorCheck {
  const rule = 'event loop free';
  const { p99 } = health.eventLoopDelayMs;
  if (p99 === null) return { rule, ok: true, detail: 'not measured, because no slice lasted long enough' };
  const [limit = { ms: maxEventLoopDelay, scenario: null }] = delays
    .map((each) => delayLimit(maxEventLoopDelay, delayShare, each))
    .toSorted((a, b) => a.ms - b.ms);
  const allowed = `at most ${limitText(limit, delayShare)} allowed`;
  return { rule, ok: p99 <= limit.ms, detail: `timer delay p99 ${p99.toFixed(1)} ms${ofReported(health)}; ${allowed}` };
}

type StartCheck = Pick<GeneratorCheck, 'ok' | 'detail'> & { readonly share: number };

/** Checks of starts at a rate, by scenario; none where virtual users set the pace. */
function startChecks(
  rules: GeneratorRules,
  { starts: { scenarios } }: GeneratorHealth,
  delays: readonly ScenarioDelays[],
): GeneratorCheck[] {
  const planned = scenarios.flatMap((each) => (each.planned === null ? [] : { ...each, planned: each.planned }));
  if (planned.length === 0) return [];
  return [
    { rule: 'starts made', ...worstOf(planned.map((each) => missedStarts(rules, each))) },
    {
      rule: 'starts on time',
      ...worstOf(
        planned.map((each) => {
          const none = { scenario: each.scenario, medianMs: null, lagsUs: new Uint32Array() };
          return lateStarts(rules, each, delays.find(({ scenario }) => scenario === each.scenario) ?? none);
        }),
      ),
    },
  ];
}

/** All scenarios that break a rule; if none does, the one that comes nearest to it. */
function worstOf(checks: readonly StartCheck[]): Pick<GeneratorCheck, 'ok' | 'detail'> {
  const broken = checks.filter(({ ok }) => !ok);
  const shown = broken.length > 0 ? broken : checks.toSorted((a, b) => b.share - a.share).slice(0, 1);
  return { ok: broken.length === 0, detail: shown.map(({ detail }) => detail).join('; ') };
}

type ScenarioStarts = GeneratorHealth['starts']['scenarios'][number] & { readonly planned: number };

function missedStarts({ maxMissedStarts }: GeneratorRules, starts: ScenarioStarts): StartCheck {
  const { scenario, planned, started, dropped } = starts;
  const missed = Math.max(0, planned - (started ?? 0) - (dropped ?? 0));
  const share = planned === 0 ? 0 : missed / planned;
  return {
    share,
    ok: missed <= 1 || share <= maxMissedStarts,
    detail: `scenario ${scenario}: ${missed} of ${planned} planned starts missing (${percent(share)}); at most one start or ${percent(maxMissedStarts)} allowed; ${started ?? 'unknown'} made, ${dropped ?? 'unknown'} dropped`,
  };
}

function lateStarts(rules: GeneratorRules, starts: ScenarioStarts, delays: ScenarioDelays): StartCheck {
  const { lateAfter, maxLateStarts, delayShare } = rules;
  const { scenario, started, maxLagMs } = starts;
  const limit = delayLimit(lateAfter, delayShare, delays);
  const late = delays.lagsUs.filter((lagUs) => lagUs > limit.ms * 1000).length;
  const share = started === null || started === 0 ? 0 : late / started;
  if (started === null || maxLagMs === null) {
    return { share, ok: true, detail: `scenario ${scenario}: unknown, because ${NO_REPORT}` };
  }
  return {
    share,
    ok: late <= 1 || share <= maxLateStarts,
    detail: `scenario ${scenario}: ${late} of ${started} starts more than ${limitText(limit, delayShare)} late (${percent(share)}); at most one start or ${percent(maxLateStarts)} allowed; the latest ${maxLagMs.toFixed(1)} ms late`,
  };
}

/** A limit in milliseconds, with its reason where that is not the plan's own limit. */
function limitText({ ms, scenario }: DelayLimit, share: number): string {
  if (scenario === null) return `${ms} ms`;
  return `${Math.round(ms)} ms (${percent(share)} of the median latency of scenario ${scenario})`;
}

/** A share as a percentage with three significant digits, so that a small share is not shown as 0. */
function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

/** How many requests could not be sent, and how to fix it; without a full stop, like all details. */
function limitedDetail({ limitedRequests, limitedExample }: GeneratorHealth): string {
  if (limitedRequests === 0) return 'every request had one';
  const example = limitedExample === '' ? '' : `: ${limitedExample.replace(/\.$/, '')}`;
  const requests = limitedRequests === 1 ? '1 request' : `${limitedRequests} requests`;
  return `the machine had no file descriptor, port or memory left for ${requests}${example}`;
}

/** Which targets were given up, when and why; without a full stop, like all details. */
function stoppedDetail(health: GeneratorHealth): string {
  const { stoppedTargets } = health;
  if (stoppedTargets.length === 0) return `no target was given up${ofReported(health)}`;
  return stoppedTargets
    .map(({ target, reason, atSeconds }) => {
      return `${target} was given up ${atSeconds.toFixed(1)} s after the start: ${reason.replace(/\.$/, '')}`;
    })
    .join('; ');
}
