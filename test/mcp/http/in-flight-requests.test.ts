import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { type Expiring, InFlightRequests } from '../../../src/mcp/http/in-flight-requests.ts';

/** An item that records when its deadline was called. */
class Item implements Expiring {
  dueMs = 0;
  slot = 0;
  readonly calledMs: number[] = [];
  readonly #then: () => void;

  constructor(then: () => void = () => {}) {
    this.#then = then;
  }

  onDeadline(nowMs: number): void {
    this.calledMs.push(nowMs);
    this.#then();
  }
}

const now = () => Date.now();

/**
 * Mocks timers and time for a test. Returns a function that lets time pass, in steps of a millisecond because timers see
 * the time at the end of a step.
 */
function mockTime({ mock: { timers } }: TestContext): (ms: number) => void {
  timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
  return (ms) => {
    for (let passed = 0; passed < ms; passed++) timers.tick(1);
  };
}

const which = fc.nat(9);
const step = fc.oneof(
  fc.record({ do: fc.constant('add' as const), inMs: fc.integer({ min: -5, max: 60 }) }),
  fc.record({ do: fc.constant('setDeadline' as const), which, inMs: fc.integer({ min: -5, max: 60 }) }),
  fc.record({ do: fc.constant('forget' as const), which }),
  fc.record({ do: fc.constant('remove' as const), which }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat(40) }),
);

it('calls an item once, within a millisecond of its deadline, and never after its removal', (test) => {
  const wait = mockTime(test);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const inFlight = new InFlightRequests<Item>(now);
      const present: Item[] = [];
      const expected = new Map<Item, number>();
      const due = (item: Item, inMs: number) => expected.set(item, Math.max(inMs, 0) + now());
      const check = () => {
        for (const [item, atMs] of expected) {
          const called = item.calledMs.splice(0);
          if (atMs >= now()) assert.ok(called.length <= 1 && called.every((ms) => ms >= atMs), `${atMs}: ${called}`);
          else assert.ok(called.length === 1 && (called[0] as number) - atMs <= 1, `${atMs}: ${called}`);
          if (called.length > 0) expected.delete(item);
        }
        assert.ok(present.every((item) => expected.has(item) || item.calledMs.length === 0));
        assert.deepEqual(new Set(inFlight.all()), new Set(present));
        assert.equal(inFlight.size, present.length);
      };
      for (const one of steps) {
        const at = 'which' in one ? one.which % (present.length || 1) : 0;
        const item = present[at];
        if (one.do === 'wait') wait(one.ms);
        else if (one.do === 'add') {
          const added = new Item();
          inFlight.add(added, now() + one.inMs);
          present.push(added);
          due(added, one.inMs);
        } else if (item !== undefined && one.do === 'setDeadline') {
          inFlight.setDeadline(item, now() + one.inMs);
          due(item, one.inMs);
        } else if (item !== undefined) {
          expected.delete(item);
          if (one.do === 'forget') inFlight.setDeadline(item, Number.POSITIVE_INFINITY);
          else inFlight.remove(present.splice(at, 1)[0] as Item);
        }
        check();
      }
      wait(100);
      check();
      assert.equal(expected.size, 0, 'an item was never called');
    }),
    { numRuns: 2000 },
  );
});

it('lets an item remove others and add new ones at its deadline', (test) => {
  const wait = mockTime(test);
  const inFlight = new InFlightRequests<Item>(now);
  const other = new Item();
  const later = new Item();
  const first = new Item(() => {
    inFlight.remove(other);
    inFlight.remove(first);
    inFlight.add(later, now() + 3);
  });
  inFlight.add(first, now() + 5);
  inFlight.add(other, now() + 5);
  wait(20);
  assert.deepEqual(
    [first, other, later].map(({ calledMs }) => calledMs),
    [[1_000_005], [], [1_000_008]],
  );
  assert.deepEqual(inFlight.all(), [later]);
});

it('calls every item, although late, after the event loop was blocked', (test) => {
  const wait = mockTime(test);
  let nowMs = 0;
  const inFlight = new InFlightRequests<Item>(() => nowMs);
  const items = [10, 400, 5000, 10_000].map((dueMs) => {
    const item = new Item();
    inFlight.add(item, dueMs);
    return item;
  });
  nowMs = 6000;
  wait(10);
  assert.deepEqual(
    items.map(({ calledMs }) => calledMs),
    [[6000], [6000], [6000], []],
  );
  nowMs = 10_000;
  wait(4000);
  assert.deepEqual(items[3]?.calledMs, [10_000]);
});

it('uses one timer that does not keep the process alive, and does not set it again for later deadlines', (test) => {
  const set = test.mock.method(globalThis, 'setTimeout');
  const inFlight = new InFlightRequests<Item>(() => performance.now());
  for (let made = 0; made < 1000; made++) {
    const item = new Item();
    inFlight.add(item, performance.now() + 60_000);
    if (made % 2 === 0) inFlight.remove(item);
  }
  assert.equal(set.mock.callCount(), 1);
  const timer = set.mock.calls[0]?.result as NodeJS.Timeout;
  assert.equal(timer.hasRef(), false);
  clearTimeout(timer);
});
