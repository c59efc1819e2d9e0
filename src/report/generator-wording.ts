import { lossWords, unaccountedCount, unaccountedWords } from '../verdict/lost-slices.ts';
import { counted, formatCount, formatMs, formatShare } from './format.ts';
import type { Report } from './report.ts';

/** Whether the figures can be trusted, in one sentence. */
export function generatorSentence({ rules }: Report['generator']): string {
  const broken = rules.filter((rule) => !rule.ok).length;
  if (rules.length === 0) return 'No rule for the load generator was checked in this run.';
  if (broken === 0) return `The load was as planned: all ${rules.length} rules were met.`;
  return `The load was not as planned: ${broken} of ${rules.length} rules were not met, so the figures prove nothing.`;
}

export type Fact = { readonly name: string; readonly value: string };

/** What the load generator measured of itself, with units, in the order of interest. */
export function generatorFacts(generator: Report['generator']): readonly Fact[] {
  const { slices, eventLoopDelayMs, cpu, vus, starts, store, unreported = 0 } = generator;
  const unkept = store.unkept === undefined ? '' : `, ${counted(store.unkept, 'sample')} could not be stored`;
  return [
    {
      name: 'Slices',
      value: `${formatCount(slices.committed)} of ${formatCount(slices.planned)} completed; ${formatCount(slices.partial)} partial, ${formatCount(slices.lost)} lost, ${formatCount(slices.duplicates)} duplicate${skippedWords(slices)}`,
    },
    ...lossFacts(generator),
    {
      name: 'Virtual users',
      value: `${unreported === 0 ? '' : 'at least '}${formatCount(vus.started)} of ${formatCount(vus.planned)} started`,
    },
    ...startFacts(starts),
    { name: 'Latest slice start', value: inMs(generator.maxStartDelayMs, ' late') },
    {
      name: 'Event-loop delay',
      value:
        eventLoopDelayMs.p99 === null
          ? UNKNOWN
          : `p99 ${inMs(eventLoopDelayMs.p99)}, max ${inMs(eventLoopDelayMs.max)}`,
    },
    { name: 'CPU', value: cpuWords(cpu) },
    { name: 'Processes', value: generator.instances === null ? UNKNOWN : formatCount(generator.instances) },
    { name: 'Not sent when the load ended', value: formatCount(generator.abortedRequests) },
    {
      name: 'Not sent or not read (no file descriptor, port or memory)',
      value: formatCount(generator.limitedRequests),
    },
    {
      name: 'Store',
      value: `${formatCount(store.samples)} samples in ${formatCount(store.blocks)} blocks, ${countOrUnknown(store.errors)} errors${unkept}`,
    },
    ...(generator.refusedRequests ?? []).map(({ target, count }) => ({
      name: `Requests of ${target} without an answer`,
      value: `${formatCount(count)}; the server sent more than are answered`,
    })),
    ...generator.tokens.map((token) => ({
      name: `Tokens for ${token.target}`,
      value: `${formatCount(token.fetched)} fetched, ${formatCount(token.failed)} failed, slowest ${formatMs(token.maxMs)} ms`,
    })),
  ];
}

/** What is not known because slices were lost; no facts if everything is. */
function lossFacts({ slices, unaccounted = null, unreported = 0 }: Report['generator']): readonly Fact[] {
  const unknown = `${counted(unreported, 'attempt')}; delays, CPU time, tokens and store errors are unknown`;
  return [
    ...(slices.causes === undefined ? [] : [{ name: 'Lost or partial', value: lossWords(slices).join(', ') }]),
    ...(unaccounted === null
      ? []
      : [{ name: 'Unaccounted requests', value: unaccountedCount(unaccounted, formatCount) }]),
    ...(unreported === 0 ? [] : [{ name: 'Ended without a report', value: unknown }]),
  ];
}

/** Stands for what no slice measured or reported. */
const UNKNOWN = 'unknown';

function countOrUnknown(count: number | null): string {
  return count === null ? UNKNOWN : formatCount(count);
}

function inMs(ms: number | null, more = ''): string {
  return ms === null ? UNKNOWN : `${formatMs(ms)} ms${more}`;
}

function cpuWords({ seconds, microsecondsPerRequest, maxShare }: Report['generator']['cpu']): string {
  if (seconds === null) return UNKNOWN;
  const each = microsecondsPerRequest === null ? '' : `, ${formatMs(microsecondsPerRequest)} µs per request`;
  return `${formatMs(seconds)} s${each}; busiest process ${maxShare === null ? UNKNOWN : `${formatShare(maxShare)} of one core`}`;
}

function skippedWords({ skipped = 0 }: Report['generator']['slices']): string {
  return skipped === 0 ? '' : `, ${formatCount(skipped)} not needed after the stop`;
}

/** What is missing from all figures, a sentence each: requests of attempts that were lost, and samples that were not stored. */
export function missingSentences({ unaccounted = null, store }: Report['generator']): readonly string[] {
  const { unkept = 0, unkeptRequests = 0 } = store;
  const among = unkeptRequests === 0 ? '' : `, among them ${counted(unkeptRequests, 'request')} that were sent`;
  return [
    ...(unaccounted === null
      ? []
      : [`${capital(unaccountedWords(unaccounted, formatCount))}: attempts ended before they had stored everything.`]),
    ...(unkept === 0
      ? []
      : [`${counted(unkept, 'sample')} could not be stored and ${unkept === 1 ? 'is' : 'are'} in no figure${among}.`]),
  ];
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Planned and actual starts; nothing where virtual users set the pace. */
function startFacts({ planned, started, dropped, late, maxLagMs }: Report['generator']['starts']): readonly Fact[] {
  if (planned === null) return [];
  const counts = `${countOrUnknown(started)} made, ${countOrUnknown(dropped)} dropped, ${countOrUnknown(late)} late`;
  const most = maxLagMs === null ? '' : `, ${formatMs(maxLagMs)} ms at most`;
  return [{ name: 'Planned starts', value: `${formatCount(planned)}; ${counts}${most}` }];
}
