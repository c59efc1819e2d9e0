import type { GeneratorRules } from '../plan/plan-schema.ts';
import type { GeneratorHealth } from '../summary/generator-health.ts';
import type { GeneratorCheck } from './verdict.ts';

/** Tells whether the generator did what the plan asked, so that the figures are the target's and not our own. */
export function judgeGenerator(rules: GeneratorRules, health: GeneratorHealth): GeneratorCheck[] {
  const { slices, vus, store } = health;
  const delay = health.eventLoopDelayMs.p99;
  const mayBeLost = percent(rules.maxLostSlices);
  // A slice that may be lost takes its virtual users with it.
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
      detail: stoppedOnes(health),
    },
    {
      rule: 'connections available',
      ok: health.limitedRequests === 0,
      detail: unconnectedOnes(health),
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
    ...startRules(rules, health),
    {
      rule: 'samples stored',
      ok: store.errors === 0,
      detail: `${store.samples} samples in ${store.blocks} blocks, ${store.errors} store errors`,
    },
  ];
}

/** Rules about starts at a rate; none where virtual users set the pace. */
function startRules(rules: GeneratorRules, { starts }: GeneratorHealth): GeneratorCheck[] {
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

/** A share in per cent; no small one reads as nothing. */
function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

/** How many requests the generator had nothing left for, and what to do about it; without a full stop too. */
function unconnectedOnes({ limitedRequests, limitedExample }: GeneratorHealth): string {
  if (limitedRequests === 0) return 'every request had one';
  const example = limitedExample === '' ? '' : `: ${limitedExample.replace(/\.$/, '')}`;
  const requests = limitedRequests === 1 ? '1 request' : `${limitedRequests} requests`;
  return `the machine had no file descriptor, port or memory left for ${requests}${example}`;
}

/** Which targets were given up, when and why; without a full stop, as the details of all rules. */
function stoppedOnes({ stoppedTargets }: GeneratorHealth): string {
  if (stoppedTargets.length === 0) return 'no target was given up';
  return stoppedTargets
    .map(({ target, reason, atSeconds }) => {
      return `${target} was given up ${atSeconds.toFixed(1)} s after the start: ${reason.replace(/\.$/, '')}`;
    })
    .join('; ');
}
