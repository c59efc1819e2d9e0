import type { GeneratorRules } from '../plan/plan-schema.ts';
import type { GeneratorHealth } from '../summary/generator-health.ts';
import type { GeneratorCheck } from './verdict.ts';

/** Checks whether the generator did what the plan asked. If it did not, the figures show the generator, not the targets. */
export function judgeGenerator(rules: GeneratorRules, health: GeneratorHealth): GeneratorCheck[] {
  const { slices, vus, store } = health;
  const delay = health.eventLoopDelayMs.p99;
  const mayBeLost = percent(rules.maxLostSlices);
  // The virtual users of a slice that may be lost may be missing too.
  const neededVus = Math.floor(vus.planned * (1 - rules.maxLostSlices));
  const lostShare = slices.planned === 0 ? 0 : slices.lost / slices.planned;
  const uncounted = slices.lost > 0 && health.starts.planned !== null ? '; starts of lost slices are not counted' : '';
  return [
    {
      rule: 'slices completed',
      ok: lostShare <= rules.maxLostSlices && slices.partial === 0,
      detail: `${slices.committed} of ${slices.planned} complete, ${slices.partial} partial, ${slices.lost} lost; at most ${mayBeLost} may be lost${uncounted}`,
    },
    {
      rule: 'slices started in time',
      ok: health.maxStartDelayMs <= rules.maxStartDelay,
      detail: `latest start ${Math.round(health.maxStartDelayMs)} ms late; at most ${rules.maxStartDelay} ms allowed`,
    },
    {
      rule: 'virtual users started',
      ok: vus.started >= neededVus,
      detail: `${vus.started} of ${vus.planned} started; at least ${neededVus} required`,
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
    {
      rule: 'event loop free',
      ok: delay <= rules.maxEventLoopDelay,
      detail: `timer delay p99 ${delay.toFixed(1)} ms; at most ${rules.maxEventLoopDelay} ms allowed`,
    },
    {
      rule: 'processor not exhausted',
      ok: health.cpu.maxShare <= rules.maxCpu,
      detail: `the busiest process used ${health.cpu.maxShare.toFixed(2)} CPU seconds per second; at most ${rules.maxCpu} allowed`,
    },
    ...startChecks(rules, health),
    {
      rule: 'samples stored',
      ok: store.errors === 0,
      detail: `${store.samples} samples in ${store.blocks} blocks, ${store.errors} store errors`,
    },
  ];
}

/** Checks of starts at a rate; none where virtual users set the pace. */
function startChecks(rules: GeneratorRules, { starts }: GeneratorHealth): GeneratorCheck[] {
  const { planned, started, dropped, late, maxLagMs } = starts;
  if (planned === null) return [];
  const missed = Math.max(0, planned - started - dropped);
  const missedShare = planned === 0 ? 0 : missed / planned;
  const lateShare = started === 0 ? 0 : late / started;
  return [
    {
      rule: 'starts made',
      ok: missedShare <= rules.maxMissedStarts,
      detail: `${missed} of ${planned} planned starts missing (${percent(missedShare)}); at most ${percent(rules.maxMissedStarts)} allowed; ${started} made, ${dropped} dropped`,
    },
    {
      rule: 'starts on time',
      ok: lateShare <= rules.maxLateStarts,
      detail: `${late} of ${started} starts more than ${rules.lateAfter} ms late (${percent(lateShare)}); at most ${percent(rules.maxLateStarts)} allowed; the latest ${maxLagMs.toFixed(1)} ms late`,
    },
  ];
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
function stoppedDetail({ stoppedTargets }: GeneratorHealth): string {
  if (stoppedTargets.length === 0) return 'no target was given up';
  return stoppedTargets
    .map(({ target, reason, atSeconds }) => {
      return `${target} was given up ${atSeconds.toFixed(1)} s after the start: ${reason.replace(/\.$/, '')}`;
    })
    .join('; ');
}
