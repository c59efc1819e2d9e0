import type {
  OperationSummary,
  OutcomeGroup,
  RequestTotals,
  Series,
  TargetPauses,
  WarmUp,
} from '../summary/summary.ts';
import type { SeenAt, ThresholdResult, Verdict, VerdictStatus } from '../verdict/verdict.ts';
import { counted, formatCount, formatDuration, formatMoment, formatMs, formatTimeOfDay } from './format.ts';
import type { Report } from './report.ts';
import { byTarget } from './table.ts';

/** A verdict in words. The mark says the same as the colour, for those who do not see the colour. */
type VerdictWords = {
  readonly mark: string;
  readonly title: string;
  readonly sentence: string;
  /** What decided the verdict, where the sentence does not say it. */
  readonly reasons: readonly string[];
};

const VERDICT_WORDS: Readonly<Record<VerdictStatus, Pick<VerdictWords, 'mark' | 'title'>>> = {
  pass: { mark: '✓', title: 'Passed' },
  unjudged: { mark: '?', title: 'Unjudged' },
  fail: { mark: '✗', title: 'Failed' },
  invalid: { mark: '⚠', title: 'Invalid' },
  stopped: { mark: '■', title: 'Stopped' },
};

const VERDICT_SENTENCES: Readonly<Record<VerdictStatus, string>> = {
  pass: 'The run met the requirements of the plan.',
  unjudged: 'The run shows neither that the targets met the requirements of the plan nor that they did not.',
  fail: 'The targets did not meet the requirements of the plan.',
  invalid: 'The load was not what the plan asks for, so these figures prove nothing.',
  stopped: 'These figures cover only the time until the run was stopped.',
};

/** The first reason stands beside the title, unless the figures of the run need an explanation there. */
export function verdictWords({ status, reasons }: Verdict): VerdictWords {
  const words = VERDICT_WORDS[status];
  const [first, ...more] = reasons;
  if (status === 'invalid' || status === 'stopped' || first === undefined) {
    return { ...words, sentence: VERDICT_SENTENCES[status], reasons };
  }
  return { ...words, sentence: first, reasons: more };
}

/** What is recorded of a caller who is not known, such as one with a function key. */
const UNKNOWN_CALLER = 'unknown';

/** Who started and who stopped a run, as far as that is known. */
export function peopleOf({
  startedAt,
  startedBy,
  stopped,
}: Pick<Report, 'startedAt' | 'startedBy' | 'stopped'>): readonly { readonly what: string; readonly who: string }[] {
  const stop = stopped && `${stopped.by} at ${formatTimeOfDay(stopped.at, startedAt)}`;
  return [
    ...(startedBy === undefined || startedBy === UNKNOWN_CALLER ? [] : [{ what: 'Started by', who: startedBy }]),
    ...(stop === undefined ? [] : [{ what: 'Stopped by', who: stop }]),
  ];
}

/** What the totals and the charts of the whole run are about: the plan's steps, or all requests of a plan without steps. */
export function headlineOf({ series }: Pick<Report, 'series'>): Series['kind'] {
  return series.find(({ target }) => target === '*')?.kind ?? 'step';
}

/** How many requests failed: of the plan's steps, and of those that the protocol added. */
export function failuresSentence(report: Pick<Report, 'totals' | 'protocol' | 'series'>): string {
  const share = ({ failures, useful }: RequestTotals) =>
    `${formatCount(failures)} of ${formatCount(useful + failures)}`;
  const { totals, protocol } = report;
  if (headlineOf(report) === 'all') return `${share(totals)} requests failed.`;
  const more = protocol.failures === 0 ? '' : `, and ${share(protocol)} protocol requests`;
  return `${share(totals)} step requests failed${more}.`;
}

/** What became of the groups of failures that are not listed; no sentence when all are. */
export function unlistedSentences(groups: readonly OutcomeGroup[]): readonly string[] {
  if (groups.length === 0) return [];
  const requests = groups.reduce((sum, group) => sum + group.count, 0);
  return [
    `Not listed: ${counted(groups.length, 'more group')} with ${counted(requests, 'request')}. The JSON report has them all.`,
  ];
}

/** What a warm-up left out of the figures, as no sentence or one. */
export function warmUpSentences(warmUp: WarmUp | null): readonly string[] {
  if (warmUp === null) return [];
  const { seconds, requests, failures } = warmUp;
  const failed = failures === 0 ? '' : ` (${formatCount(failures)} failed)`;
  return [
    `Warm-up of ${formatDuration(seconds)}: ${counted(requests, 'request')}${failed} left out of all figures except the time series and the sessions.`,
  ];
}

/** For each target that asked for pauses a sentence: how many and how long. */
export function pauseSentences(pauses: readonly TargetPauses[]): readonly string[] {
  return pauses.map(({ target, count, totalMs, maxMs }) => {
    const [total, longest] = [formatDuration(totalMs / 1000), formatDuration(maxMs / 1000)];
    return count === 1
      ? `${target} asked for 1 pause of ${total} (Retry-After); a virtual user sent nothing in it.`
      : `${target} asked for ${formatCount(count)} pauses (Retry-After), ${total} in total and ${longest} at most; virtual users sent nothing in them.`;
  });
}

/** Which targets keep no sessions, as no sentence or one. */
export function statelessSentences(targets: Report['targets']): readonly string[] {
  const names = targets.filter(({ session }) => session === 'stateless').map(({ name }) => name);
  if (names.length === 0) return [];
  return [
    `${names.join(', ')} ${names.length === 1 ? 'is stateless: it keeps' : 'are stateless: they keep'} no sessions.`,
  ];
}

/** For each target that virtual users could not connect to a sentence: how many pauses they made, and how long. */
export function connectionPauseSentences(pauses: readonly TargetPauses[] = []): readonly string[] {
  return pauses.map(({ target, count, totalMs, maxMs }) => {
    const [total, longest] = [formatDuration(totalMs / 1000), formatDuration(maxMs / 1000)];
    const length = count === 1 ? `of ${total}` : `, ${total} in total and ${longest} at most,`;
    return `Virtual users made ${counted(count, 'pause')}${count === 1 ? ' ' : ''}${length} because a connection to ${target} failed; they sent nothing in ${count === 1 ? 'it' : 'them'}.`;
  });
}

/** What a condition must be met over, when that is not the whole run; else empty. */
export function overWords({ over }: ThresholdResult): string {
  if (over === undefined) return '';
  return over === 'stage' ? 'over each stage' : `over every ${formatDuration(over / 1000)}`;
}

/** Where the observed value was seen, e.g. `in stage 3, 1:00–1:30`; empty when over the whole run. */
export function seenWords(at: SeenAt | undefined): string {
  if (at === undefined) return '';
  const stage = at.stage === undefined ? '' : `stage ${at.stage + 1}, `;
  return `in ${stage}${formatMoment(at.fromSeconds)}–${formatMoment(at.toSeconds)}`;
}

/** An example rests on a few requests at least, and the difference is worth a sentence. */
const CONTRAST = { requests: 10, ratio: 1.5, lag: 0.05 } as const;

/** The operation whose headers came earliest in proportion to its response, as no sentence or one. */
export function firstByteSentences(operations: readonly OperationSummary[]): readonly string[] {
  const [widest] = operations
    .flatMap(({ target, operation, useful, latencyMs, clocksMs }) => {
      if (latencyMs === null || clocksMs.headers === null || useful < CONTRAST.requests) return [];
      // Only useful requests have a time to headers, so a bound that counts the others is not comparable with it.
      if (latencyMs.atLeast?.includes('p50')) return [];
      // The wait before the dispatch is part of latency but not of the time to headers.
      if ((clocksMs.lag?.p50 ?? 0) > CONTRAST.lag * latencyMs.p50) return [];
      const [headersMs, responseMs] = [Math.max(clocksMs.headers.p50, 0.01), latencyMs.p50];
      return [{ name: `${operation} of ${target}`, headersMs, responseMs, ratio: responseMs / headersMs }];
    })
    .filter(({ ratio }) => ratio > CONTRAST.ratio)
    .toSorted((a, b) => b.ratio - a.ratio);
  if (widest === undefined) return [];
  const { name, headersMs, responseMs, ratio } = widest;
  return [
    `For example, ${name} sent headers after ${formatMs(headersMs)} ms and the response after ${formatMs(responseMs)} ms (p50), ${formatMs(ratio)} times as long.`,
  ];
}

/** A p95 of fewer values is their maximum, and a shorter wait, or a smaller part of the latency, is not worth a word. */
const WAIT = { requests: 20, ms: 5, ofLatency: 0.1, share: 0.05 } as const;

/** The operations that opened, waited for or lost connections, in the order of the report. */
export function connectionOperations(operations: readonly OperationSummary[]): readonly OperationSummary[] {
  return operations.filter((each) => {
    const { newConnections, heldStreams, resumedAnswers, retries, resent = 0 } = each;
    return newConnections + heldStreams + resumedAnswers + retries + resent > 0 || waited(each);
  });
}

/** What is odd about the connections to each target, a sentence for each thing. */
export function connectionSentences(operations: readonly OperationSummary[]): readonly string[] {
  return byTarget(operations).flatMap(({ title: target, items }) => {
    const sum = (of: (each: OperationSummary) => number) => items.reduce((total, each) => total + of(each), 0);
    return [
      ...heldSentence(
        target,
        sum(({ heldStreams }) => heldStreams),
      ),
      ...resumedSentence(
        target,
        sum(({ resumedAnswers }) => resumedAnswers),
      ),
      ...retriesSentence(
        target,
        sum(({ retries }) => retries),
      ),
      ...resentSentence(
        target,
        sum(({ resent = 0 }) => resent),
      ),
      ...waitSentence(target, items),
    ];
  });
}

function heldSentence(target: string, count: number): readonly string[] {
  if (count === 0) return [];
  const cost = count === 1 ? 'it cost' : 'each cost';
  return [
    `${counted(count, 'event stream')} of ${target} stayed open after the response and ${count === 1 ? 'was' : 'were'} cut; ${cost} a new connection.`,
  ];
}

function resumedSentence(target: string, count: number): readonly string[] {
  if (count === 0) return [];
  return [
    `${counted(count, 'event stream')} of ${target} broke before the response, which arrived after the stream was resumed (Last-Event-ID).`,
  ];
}

function retriesSentence(target: string, count: number): readonly string[] {
  if (count === 0) return [];
  return count === 1
    ? [`1 request to ${target} was a retry; its first attempt counts as a request too.`]
    : [`${formatCount(count)} requests to ${target} were retries; their first attempts count as requests too.`];
}

function resentSentence(target: string, count: number): readonly string[] {
  if (count === 0) return [];
  return count === 1
    ? [
        `1 request to ${target} was sent anew, because the server closed its HTTP/2 connection or refused it before it began it; it counts once.`,
      ]
    : [
        `${formatCount(count)} requests to ${target} were sent anew, because the server closed their HTTP/2 connection or refused them before it began them; each counts once.`,
      ];
}

/** Of the operations whose requests waited, the one that waited longest. */
function waitSentence(target: string, operations: readonly OperationSummary[]): readonly string[] {
  const [longest] = operations.filter(waited).toSorted((a, b) => waitMs(b) - waitMs(a));
  if (longest === undefined) return [];
  const { operation, count, queued, newConnections } = longest;
  const wait = `One in twenty requests of ${operation} to ${target} waited ${formatMs(waitMs(longest))} ms or longer before they were sent. The wait is part of their latency.`;
  if (queued > count * WAIT.share) {
    return [
      `${wait} ${counted(queued, 'request')} found all connections in use: the target's maxConnections may be too low.`,
    ];
  }
  // At least one in twenty waited so long. If fewer than that were waiting for a connection, the others were not.
  if (queued + newConnections > count * WAIT.share) return [wait];
  return [`${wait} They had a connection: the load generator itself was late (see its event-loop delay).`];
}

/** Whether requests waited for something else than a new connection to open. */
function waited(operation: OperationSummary): boolean {
  const { count, newConnections, latencyMs } = operation;
  // When more than one request in twenty opened a connection, the p95 may be one of these.
  if (count < WAIT.requests || newConnections > count * WAIT.share || latencyMs === null) return false;
  return waitMs(operation) >= Math.max(WAIT.ms, WAIT.ofLatency * latencyMs.p95);
}

function waitMs({ clocksMs }: OperationSummary): number {
  return clocksMs.socket?.p95 ?? 0;
}
