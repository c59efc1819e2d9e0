import type { GeneratorRules } from '../plan/plan-schema.ts';
import type { GeneratorHealth } from '../summary/generator-health.ts';
import type { HonestyResult } from './verdict.ts';

/** Tells whether the generator did what the plan asked, so that the figures are the target's and not our own. */
export function judgeGenerator(rules: GeneratorRules, health: GeneratorHealth): HonestyResult[] {
  const { slices, vus, store } = health;
  const delay = health.eventLoopDelayMs.p99;
  const mayBeLost = `${Number((rules.maxLostSlices * 100).toFixed(4))} %`;
  // A slice that may be lost takes its virtual users with it.
  const neededVus = Math.floor(vus.planned * (1 - rules.maxLostSlices));
  const lostShare = slices.planned === 0 ? 0 : slices.lost / slices.planned;
  return [
    {
      rule: 'slices completed',
      ok: lostShare <= rules.maxLostSlices && slices.partial === 0,
      detail: `${slices.committed} of ${slices.planned} whole, ${slices.partial} in part, ${slices.lost} lost; at most ${mayBeLost} may be lost`,
    },
    {
      rule: 'slices started in time',
      ok: health.maxStartDelayMs <= rules.maxStartDelay,
      detail: `latest start ${Math.round(health.maxStartDelayMs)} ms after its instant, at most ${rules.maxStartDelay} ms`,
    },
    {
      rule: 'virtual users started',
      ok: vus.started >= neededVus,
      detail: `${vus.started} of ${vus.planned}, at least ${neededVus} must`,
    },
    {
      rule: 'targets loaded to the end',
      ok: health.stoppedTargets.length === 0,
      detail: stoppedOnes(health),
    },
    {
      rule: 'event loop free',
      ok: delay <= rules.maxEventLoopDelay,
      detail: `p99 of timer delay ${delay.toFixed(1)} ms, at most ${rules.maxEventLoopDelay} ms`,
    },
    {
      rule: 'samples stored',
      ok: store.errors === 0,
      detail: `${store.samples} samples in ${store.blocks} blocks, ${store.errors} store errors`,
    },
  ];
}

/** Which targets were given up, when and why; without a full stop, as the details of all rules. */
function stoppedOnes({ stoppedTargets }: GeneratorHealth): string {
  if (stoppedTargets.length === 0) return 'none was given up';
  return stoppedTargets
    .map(({ target, reason, atSeconds }) => {
      return `${target} was given up ${atSeconds.toFixed(1)} s after the start: ${reason.replace(/\.$/, '')}`;
    })
    .join('; ');
}
