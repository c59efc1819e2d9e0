import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ContinuedCalls } from '../../../src/mcp/http/continued-calls.ts';
import type { Exchange } from '../../../src/mcp/http/exchange.ts';
import { aSample } from '../../support/a-sample.ts';

const MINUTE_MS = 60_000;

/** What this class uses of a call. */
function aCall(startMs: number): Exchange {
  return { continues: true, sample: { ...aSample({ startMs, outcome: 'OK' }) } } as unknown as Exchange;
}

it('a call whose result does not come within an hour ends as a failure by silence, and others go on', ({ mock }) => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 });
  const ended: Exchange[] = [];
  const calls = new ContinuedCalls(
    () => Date.now(),
    (call) => ended.push(call),
  );
  const [first, second, third] = [aCall(0), aCall(0), aCall(20 * MINUTE_MS)] as const;
  mock.timers.tick(20 * MINUTE_MS);
  for (const call of [first, second, third]) calls.hold(call);
  mock.timers.tick(30 * MINUTE_MS);
  calls.conclude(second, { outcome: 'TOOL_ERROR', message: 'no' });
  assert.deepEqual([ended, calls.size], [[second], 2]);
  mock.timers.tick(9.99 * MINUTE_MS);
  assert.equal(calls.size, 2);
  mock.timers.tick(600);
  assert.deepEqual(ended, [second, first]);
  const { outcome, durationMs, message } = first.sample;
  assert.deepEqual([outcome, durationMs, first.continues], ['TMO_TOTAL', 60 * MINUTE_MS, false]);
  assert.match(message, /^no result within 60 min/);
  // A result that comes too late changes nothing.
  calls.conclude(first, { outcome: 'OK', message: '' });
  assert.deepEqual([first.sample.outcome, ended.length], ['TMO_TOTAL', 2]);
  mock.timers.tick(20 * MINUTE_MS);
  assert.deepEqual([ended.at(-1), calls.size], [third, 0]);
});
