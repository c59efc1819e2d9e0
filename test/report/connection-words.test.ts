import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionOperations, connectionSentences } from '../../src/report/wording.ts';
import type { OperationSummary } from '../../src/summary/summary.ts';
import { reportFixture } from '../support/report-fixture.ts';

const LOOK = reportFixture().operations.find(({ operation }) => operation === 'tools/call:get_me') as OperationSummary;

const flat = (ms: number) => ({ min: ms, mean: ms, p50: ms, p75: ms, p90: ms, p95: ms, p99: ms, p999: ms, max: ms });

/** One operation of `web` with a latency p95 of 200 ms and a p95 of its wait for a connection. */
function waiting(waitP95Ms: number, changes: Partial<OperationSummary> = {}): OperationSummary {
  const clocksMs = { ...LOOK.clocksMs, socket: flat(waitP95Ms), connect: null, tls: null };
  return { ...LOOK, target: 'web', operation: 'look', count: 100, latencyMs: flat(200), clocksMs, ...changes };
}

test('a wait for connections that others held is told of when it matters', () => {
  assert.equal(connectionSentences([waiting(20)]).length, 1);
  assert.equal(connectionOperations([waiting(20)]).length, 1);
  const quiet: Record<string, OperationSummary> = {
    'a small part of the latency': waiting(19.9),
    'too short': waiting(4.9, { latencyMs: flat(20) }),
    'too few requests to know': waiting(50, { count: 19 }),
    'nothing useful to compare with': waiting(50, { latencyMs: null }),
    'the making of new connections': waiting(50, { newConnections: 6 }),
  };
  for (const [why, operation] of Object.entries(quiet)) assert.deepEqual(connectionSentences([operation]), [], why);
});

test('of several operations that waited, the longest wait of each target is told', () => {
  const sentences = connectionSentences([
    waiting(20),
    waiting(40, { operation: 'longest' }),
    waiting(30),
    waiting(25, { target: 'other' }),
  ]);
  assert.equal(sentences.length, 2);
  assert.match(sentences[0] ?? '', /^One in twenty requests of longest to web waited 40 ms or longer/);
  assert.match(sentences[1] ?? '', /to other waited 25 ms/);
});

test('counts are added up by target, and one is spoken of as one', () => {
  const operation = (changes: Partial<OperationSummary>) => waiting(0, changes);
  assert.deepEqual(
    connectionSentences([
      operation({ heldStreams: 1200, retries: 1 }),
      operation({ heldStreams: 34, retries: 1, operation: 'b' }),
      operation({ heldStreams: 1, resumedAnswers: 1, retries: 1, target: 'other' }),
    ]),
    [
      '1,234 event streams of web stayed open after their answer and were cut; each cost a new connection.',
      '2 requests to web were second tries; the first ones count as requests too.',
      '1 event stream of other stayed open after its answer and was cut; it cost a new connection.',
      '1 event stream of other broke off before the answer, which came once the stream was resumed (Last-Event-ID).',
      '1 request to other was a second try; the first one counts as a request too.',
    ],
  );
});

test('operations without anything to say are left out', () => {
  const silent = waiting(0);
  const opened = waiting(0, { newConnections: 1 });
  assert.deepEqual(connectionOperations([silent, opened]), [opened]);
});
