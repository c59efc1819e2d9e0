import type { OperationSummary, TargetPauses, WarmUp } from '../summary/summary.ts';
import type { Ceiling, CeilingStage, SeenAt, ThresholdResult, VerdictStatus } from '../verdict/verdict.ts';
import {
  formatCount,
  formatDuration,
  formatMoment,
  formatMs,
  formatObserved,
  formatShare,
  formatTick,
} from './format.ts';
import type { Report } from './report.ts';
import { byTarget, type OfTarget } from './tables.ts';

/** For each target that asked for pauses a sentence: how many, how long, and what they did to the load. */
export function pauseSentences(pauses: readonly TargetPauses[]): readonly string[] {
  return pauses.map(({ target, count, totalMs, maxMs }) => {
    const [total, longest] = [formatDuration(totalMs / 1000), formatDuration(maxMs / 1000)];
    return count === 1
      ? `1 pause of a virtual user, ${total}, because ${target} asked for it (Retry-After); it lowered the load below the plan.`
      : `${formatCount(count)} pauses of virtual users, ${total} in all and the longest ${longest}, because ${target} asked for them (Retry-After); they lowered the load below the plan.`;
  });
}

/** What a condition had to hold over, when that is not the run as a whole; else empty. */
export function overWords({ over }: ThresholdResult): string {
  if (over === undefined) return '';
  return over === 'stage' ? 'each stage' : `every ${formatDuration(over / 1000)}`;
}

/** Where the observed value was seen, e.g. `stage 3, 1:00–1:30`; empty when over the run as a whole. */
export function seenWords(at: SeenAt | undefined): string {
  if (at === undefined) return '';
  const stage = at.stage === undefined ? '' : `stage ${at.stage + 1}, `;
  return `${stage}${formatMoment(at.fromSeconds)}–${formatMoment(at.toSeconds)}`;
}

/** How a verdict is put to a person. The mark says the same as the colour, for those who do not see it. */
export type VerdictWords = { readonly mark: string; readonly title: string; readonly sentence: string };

export const verdictWords: Readonly<Record<VerdictStatus, VerdictWords>> = {
  pass: { mark: '✓', title: 'Passed', sentence: 'Nothing in the run breaks what its plan asks of the targets.' },
  fail: { mark: '✗', title: 'Failed', sentence: 'The run did not meet what its plan asks of the targets.' },
  invalid: {
    mark: '⚠',
    title: 'Invalid',
    sentence: 'The load generator could not do what the plan asked, so these figures prove nothing.',
  },
  stopped: {
    mark: '■',
    title: 'Stopped',
    sentence: 'The figures cover the load until the run was stopped, not what the plan asks.',
  },
};

/** What a warm-up left out of the figures, as no sentence or one. */
export function warmUpSentences(warmUp: WarmUp | null): readonly string[] {
  if (warmUp === null) return [];
  const { seconds, requests, failures } = warmUp;
  const left = requests === 1 ? '1 request' : `${formatCount(requests)} requests`;
  const failed = failures === 0 ? '' : ` (${formatCount(failures)} failed)`;
  return [
    `Warm-up of ${formatDuration(seconds)}: ${left}${failed} left out of all figures but those over time and of sessions.`,
  ];
}

/** One stage of a ceiling as a person reads it. */
export type CeilingRow = {
  readonly result: 'held' | 'broke' | 'not run';
  /** Its number among the scenario's stages, from 1. */
  readonly stage: string;
  readonly level: string;
  readonly time: string;
  /** The conditions that did not hold, with what was observed. */
  readonly broken: string;
};

/** What the levels of a ceiling count, as a heading. */
export const levelWords: Readonly<Record<Ceiling['unit'], string>> = { 'starts/s': 'starts/s', vus: 'virtual users' };

export function ceilingRows({ stages }: Ceiling): CeilingRow[] {
  return stages.map((stage) => ({
    result: resultOf(stage),
    stage: String(stage.index + 1),
    level: formatTick(stage.level),
    time: `${formatMoment(stage.fromSeconds)} to ${formatMoment(stage.toSeconds)}`,
    broken: stage.broken.map(brokenWords).join('; '),
  }));
}

/** The finding in one line. */
export function ceilingFinding({ held, broke, unit }: Ceiling): string {
  const level = (value: number) => `${formatTick(value)} ${levelWords[unit]}`;
  if (broke !== null) return `${held === null ? 'Never held' : `Held at ${level(held)}`}, broke at ${level(broke)}.`;
  return held === null ? 'No stage was run to its end.' : `Held at ${level(held)}; no stage broke.`;
}

function resultOf({ held }: CeilingStage): CeilingRow['result'] {
  if (held === null) return 'not run';
  return held ? 'held' : 'broke';
}

function brokenWords({ metric, expression, observed }: CeilingStage['broken'][number]): string {
  return `${metric} ${expression}: ${observed === null ? 'no samples' : formatObserved(observed)}`;
}

type TargetOperations = OfTarget<OperationSummary>;

/** A p95 of fewer values is their maximum, and a shorter wait, or a smaller part of the latency, is not worth a word. */
const WAIT = { requests: 20, ms: 5, ofLatency: 0.1 } as const;

/** The operations about whose connections there is something to say, in the order of the report. */
export function connectionOperations(operations: readonly OperationSummary[]): readonly OperationSummary[] {
  return operations.filter((each) => {
    return each.newConnections + each.heldStreams + each.resumedAnswers + each.retries > 0 || waited(each);
  });
}

/** What is odd about the connections to each target, a sentence for each thing. */
export function connectionSentences(operations: readonly OperationSummary[]): readonly string[] {
  return byTarget(operations).flatMap((group) => [
    ...heldSentence(group),
    ...resumedSentence(group),
    ...retriesSentence(group),
    ...waitSentence(group),
  ]);
}

function heldSentence({ target, operations }: TargetOperations): readonly string[] {
  const held = operations.reduce((sum, each) => sum + each.heldStreams, 0);
  if (held === 0) return [];
  return held === 1
    ? [`1 event stream of ${target} stayed open after its answer and was cut; it cost a new connection.`]
    : [
        `${formatCount(held)} event streams of ${target} stayed open after their answer and were cut; each cost a new connection.`,
      ];
}

function resumedSentence({ target, operations }: TargetOperations): readonly string[] {
  const resumed = operations.reduce((sum, each) => sum + each.resumedAnswers, 0);
  if (resumed === 0) return [];
  const streams = resumed === 1 ? '1 event stream' : `${formatCount(resumed)} event streams`;
  return [
    `${streams} of ${target} broke off before the answer, which came once the stream was resumed (Last-Event-ID).`,
  ];
}

function retriesSentence({ target, operations }: TargetOperations): readonly string[] {
  const retries = operations.reduce((sum, each) => sum + each.retries, 0);
  if (retries === 0) return [];
  return retries === 1
    ? [`1 request to ${target} was a second try; the first one counts as a request too.`]
    : [`${formatCount(retries)} requests to ${target} were second tries; the first ones count as requests too.`];
}

/** Of the operations whose requests waited, the one that waited longest. */
function waitSentence({ target, operations }: TargetOperations): readonly string[] {
  const [longest] = operations.filter(waited).toSorted((a, b) => waitMs(b) - waitMs(a));
  if (longest === undefined) return [];
  return [
    `One in twenty requests of ${longest.operation} to ${target} waited ${formatMs(waitMs(longest))} ms or longer for a connection to become free. This is part of their latency; maxConnections of the target may be too low.`,
  ];
}

/** Whether requests waited for connections that others held, rather than for new ones to be made. */
function waited(operation: OperationSummary): boolean {
  const { count, newConnections, latencyMs } = operation;
  // When more than one request in twenty made a connection, the p95 may be one of these.
  if (count < WAIT.requests || newConnections / count > 0.05 || latencyMs === null) return false;
  return waitMs(operation) >= Math.max(WAIT.ms, WAIT.ofLatency * latencyMs.p95);
}

function waitMs({ clocksMs }: OperationSummary): number {
  return clocksMs.socket?.p95 ?? 0;
}

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
