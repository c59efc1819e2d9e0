import assert from 'node:assert/strict';
import { it } from 'node:test';
import { namedOutcomes } from '../../support/named-outcomes.ts';
import { abortedRequests } from './abort-cases.ts';
import { brokenReplies } from './broken-cases.ts';
import { connectFailures } from './connect-cases.ts';
import { jsonReplies } from './json-cases.ts';
import { lateReplies } from './late-cases.ts';
import { modernReplies } from './modern-cases.ts';
import { testOutcomes } from './outcome-case.ts';
import { initializeReplies, toolResults } from './result-cases.ts';
import { statusReplies } from './status-cases.ts';
import { streamReplies } from './stream-cases.ts';

const tables = [
  jsonReplies,
  streamReplies,
  statusReplies,
  toolResults,
  initializeReplies,
  modernReplies,
  brokenReplies,
  lateReplies,
];
for (const table of tables) testOutcomes(table);

it('has a case for every outcome that a request can have', () => {
  const cases = [...tables, { cases: connectFailures }, { cases: abortedRequests }].flatMap(({ cases }) =>
    cases.map(({ outcome }) => outcome),
  );
  const tested = new Set<string>(cases);
  assert.deepEqual(
    namedOutcomes.filter((outcome) => !tested.has(outcome)),
    // These come from reading a list page by page, from a recorder and from an iteration.
    ['PROTO_LIST_ENDLESS', 'RPC_OTHER', 'PLAN_FEED_END'],
  );
});
