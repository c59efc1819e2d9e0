import assert from 'node:assert/strict';
import { it } from 'node:test';
import { connectionOperations, connectionPauseSentences, connectionSentences } from '../../src/report/wording.ts';
import type { OperationSummary } from '../../src/summary/summary.ts';
import { reportFixture } from '../support/report-fixture.ts';

const LOOK = reportFixture().operations.find(({ operation }) => operation === 'tools/call:get_me') as OperationSummary;

const flat = (ms: number) => ({ min: ms, mean: ms, p50: ms, p75: ms, p90: ms, p95: ms, p99: ms, p999: ms, max: ms });

/** One operation of `web` with a latency p95 of 200 ms and a p95 of its wait for a connection. */
function waiting(waitP95Ms: number, changes: Partial<OperationSummary> = {}): OperationSummary {
  const clocksMs = { ...LOOK.clocksMs, socket: flat(waitP95Ms), connect: null, tls: null };
  return { ...LOOK, target: 'web', operation: 'look', count: 100, latencyMs: flat(200), clocksMs, ...changes };
}

it('reports a wait for connections that other requests held only when it matters', () => {
  assert.equal(connectionSentences([waiting(20)]).length, 1);
  assert.equal(connectionOperations([waiting(20)]).length, 1);
  const quiet: Record<string, OperationSummary> = {
    'it is a small part of the latency': waiting(19.9),
    'it is too short': waiting(4.9, { latencyMs: flat(20) }),
    'there are too few requests to know': waiting(50, { count: 19 }),
    'there is no useful latency to compare with': waiting(50, { latencyMs: null }),
    'the wait was for new connections': waiting(50, { newConnections: 6 }),
  };
  for (const [why, operation] of Object.entries(quiet)) assert.deepEqual(connectionSentences([operation]), [], why);
});

it('reports the longest wait of each target when several operations waited', () => {
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

it('names a cause of the wait only when it was observed', () => {
  const wait =
    'One in twenty requests of look to web waited 20 ms or longer before they were sent. The wait is part of their latency.';
  const own = ' They had a connection: the load generator itself was late (see its event-loop delay).';
  const limit = (requests: number) =>
    ` ${requests} requests found all connections in use: the target's maxConnections may be too low.`;
  for (const [queued, newConnections, cause] of [
    [0, 0, own],
    [5, 0, own],
    [0, 5, own],
    [6, 0, limit(6)],
    [100, 5, limit(100)],
    // Together these may be all that waited so long, but neither need be.
    [3, 3, ''],
  ] as const) {
    assert.deepEqual(connectionSentences([waiting(20, { queued, newConnections })]), [wait + cause]);
  }
});

it('adds up counts by target and uses the singular for one', () => {
  const operation = (changes: Partial<OperationSummary>) => waiting(0, changes);
  assert.deepEqual(
    connectionSentences([
      operation({ heldStreams: 1200, retries: 1 }),
      operation({ heldStreams: 34, retries: 1, operation: 'b' }),
      operation({ heldStreams: 1, resumedAnswers: 1, retries: 1, target: 'other' }),
    ]),
    [
      '1,234 event streams of web stayed open after the response and were cut; each cost a new connection.',
      '2 requests to web were retries; their first attempts count as requests too.',
      '1 event stream of other stayed open after the response and was cut; it cost a new connection.',
      '1 event stream of other broke before the response, which arrived after the stream was resumed (Last-Event-ID).',
      '1 request to other was a retry; its first attempt counts as a request too.',
    ],
  );
});

it('reports requests that an HTTP/2 server had not begun, and pauses after failed connections', () => {
  assert.deepEqual(connectionSentences([waiting(0, { resent: 1200 }), waiting(0, { resent: 1, target: 'other' })]), [
    '1,200 requests to web were sent anew, because the server closed their HTTP/2 connection or refused them before it began them; each counts once.',
    '1 request to other was sent anew, because the server closed its HTTP/2 connection or refused it before it began it; it counts once.',
  ]);
  assert.equal(connectionOperations([waiting(0, { resent: 1 })]).length, 1);
  assert.deepEqual(
    connectionPauseSentences([
      { target: 'web', count: 35, totalMs: 24_500, maxMs: 1000 },
      { target: 'other', count: 1, totalMs: 100, maxMs: 100 },
    ]),
    [
      'Virtual users made 35 pauses, 24.5 s in total and 1 s at most, because a connection to web failed; they sent nothing in them.',
      'Virtual users made 1 pause of 100 ms because a connection to other failed; they sent nothing in it.',
    ],
  );
  assert.deepEqual(connectionPauseSentences(undefined), [], 'reports of earlier versions have none');
});

it('leaves out operations without anything to report', () => {
  const silent = waiting(0);
  const opened = waiting(0, { newConnections: 1 });
  assert.deepEqual(connectionOperations([silent, opened]), [opened]);
});
