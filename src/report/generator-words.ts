import { formatCount, formatMs, formatShare } from './format.ts';
import type { Report } from './report.ts';

type Fact = { readonly name: string; readonly value: string };

/** Whether the figures can be trusted, in one sentence. */
export function generatorSentence({ rules }: Report['generator']): string {
  const broken = rules.filter((rule) => !rule.ok).length;
  if (rules.length === 0) return 'No rule about the generator was examined in this run.';
  if (broken === 0) return `The generator kept to the plan: all ${rules.length} rules about it held.`;
  return `The generator did not keep to the plan: ${broken} of ${rules.length} rules about it were broken, so the figures prove nothing.`;
}

/** What the generator says about itself, with units, in the order of interest. */
export function generatorFacts(generator: Report['generator']): readonly Fact[] {
  const { slices, eventLoopDelayMs, cpu, vus, starts, store } = generator;
  return [
    {
      name: 'Slices',
      value: `${formatCount(slices.committed)} of ${formatCount(slices.planned)} committed; ${formatCount(slices.partial)} partial, ${formatCount(slices.lost)} lost, ${formatCount(slices.duplicates)} duplicate`,
    },
    { name: 'Virtual users', value: `${formatCount(vus.started)} of ${formatCount(vus.planned)} started` },
    ...startFacts(starts),
    { name: 'Latest slice', value: `began ${formatMs(generator.maxStartDelayMs)} ms after its instant` },
    {
      name: 'Event-loop delay',
      value: `p99 ${formatMs(eventLoopDelayMs.p99)} ms, max ${formatMs(eventLoopDelayMs.max)} ms`,
    },
    {
      name: 'CPU',
      value: `${formatMs(cpu.seconds)} s, ${formatMs(cpu.microsecondsPerRequest)} µs a request; busiest process ${formatShare(cpu.maxShare)} of one core`,
    },
    { name: 'Processes', value: formatCount(generator.instances) },
    { name: 'Aborted at the end', value: `${formatCount(generator.abortedRequests)} requests, counted nowhere else` },
    {
      name: 'Without a connection',
      value: `${formatCount(generator.limitedRequests)} requests, for want of files, ports or memory; counted nowhere else`,
    },
    {
      name: 'Store',
      value: `${formatCount(store.samples)} samples in ${formatCount(store.blocks)} blocks, ${formatCount(store.errors)} errors`,
    },
    ...generator.tokens.map((token) => ({
      name: `Tokens for ${token.target}`,
      value: `${formatCount(token.fetched)} fetched, ${formatCount(token.failed)} failed, slowest ${formatMs(token.maxMs)} ms`,
    })),
  ];
}

/** Planned against achieved starts; nothing where virtual users set the pace. */
function startFacts({ planned, started, dropped, late, maxLagMs }: Report['generator']['starts']): readonly Fact[] {
  if (planned === null) return [];
  const counts = `${formatCount(started)} made, ${formatCount(dropped)} dropped, ${formatCount(late)} late`;
  return [
    { name: 'Planned starts', value: `${formatCount(planned)}; ${counts}, the latest by ${formatMs(maxLagMs)} ms` },
  ];
}
