import type { OperationSummary } from '../summary/summary.ts';
import { byTarget, type OfTarget } from './by-target.ts';
import { formatCount, formatMs } from './format.ts';

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
