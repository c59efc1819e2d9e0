import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import fc from 'fast-check';
import { type Expiring, InFlightRequests } from '../../../src/mcp/http/in-flight-requests.ts';

/** Something under way that notes when it was told. */
class Item implements Expiring {
  dueMs = 0;
  slot = 0;
  readonly toldMs: number[] = [];
  readonly #then: () => void;

  constructor(then: () => void = () => {}) {
    this.#then = then;
  }

  onDeadline(nowMs: number): void {
    this.toldMs.push(nowMs);
    this.#then();
  }
}

const now = () => Date.now();

/** Lets time pass by the millisecond, as the mocked clock stands at the end of a step while its timers fire. */
function wait(ms: number): void {
  for (let passed = 0; passed < ms; passed++) mock.timers.tick(1);
}

const which = fc.nat(9);
const step = fc.oneof(
  fc.record({ do: fc.constant('add' as const), inMs: fc.integer({ min: -5, max: 60 }) }),
  fc.record({ do: fc.constant('setDeadline' as const), which, inMs: fc.integer({ min: -5, max: 60 }) }),
  fc.record({ do: fc.constant('forget' as const), which }),
  fc.record({ do: fc.constant('remove' as const), which }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat(40) }),
);

describe('what is under way', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 }));
  afterEach(() => mock.timers.reset());

  it('is told once, within a millisecond of being due, and never when it was removed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const underWay = new InFlightRequests<Item>(now);
        const present: Item[] = [];
        const expected = new Map<Item, number>();
        const due = (item: Item, inMs: number) => expected.set(item, Math.max(inMs, 0) + now());
        const check = () => {
          for (const [item, atMs] of expected) {
            const told = item.toldMs.splice(0);
            if (atMs >= now()) assert.ok(told.length <= 1 && told.every((ms) => ms >= atMs), `${atMs}: ${told}`);
            else assert.ok(told.length === 1 && (told[0] as number) - atMs <= 1, `${atMs}: ${told}`);
            if (told.length > 0) expected.delete(item);
          }
          assert.ok(present.every((item) => expected.has(item) || item.toldMs.length === 0));
          assert.deepEqual(new Set(underWay.all()), new Set(present));
          assert.equal(underWay.size, present.length);
        };
        for (const one of steps) {
          const at = 'which' in one ? one.which % (present.length || 1) : 0;
          const item = present[at];
          if (one.do === 'wait') wait(one.ms);
          else if (one.do === 'add') {
            const added = new Item();
            underWay.add(added, now() + one.inMs);
            present.push(added);
            due(added, one.inMs);
          } else if (item !== undefined && one.do === 'setDeadline') {
            underWay.setDeadline(item, now() + one.inMs);
            due(item, one.inMs);
          } else if (item !== undefined) {
            expected.delete(item);
            if (one.do === 'forget') underWay.setDeadline(item, Number.POSITIVE_INFINITY);
            else underWay.remove(present.splice(at, 1)[0] as Item);
          }
          check();
        }
        wait(100);
        check();
        assert.equal(expected.size, 0, 'somebody was never told');
      }),
      { numRuns: 2000 },
    );
  });

  it('may end others and begin new ones when it is told', () => {
    const underWay = new InFlightRequests<Item>(now);
    const other = new Item();
    const later = new Item();
    const first = new Item(() => {
      underWay.remove(other);
      underWay.remove(first);
      underWay.add(later, now() + 3);
    });
    underWay.add(first, now() + 5);
    underWay.add(other, now() + 5);
    wait(20);
    assert.deepEqual(
      [first, other, later].map(({ toldMs }) => toldMs),
      [[1_000_005], [], [1_000_008]],
    );
    assert.deepEqual(underWay.all(), [later]);
  });

  it('is told late, but told, when the event loop stood still', () => {
    let nowMs = 0;
    const underWay = new InFlightRequests<Item>(() => nowMs);
    const items = [10, 400, 5000, 10_000].map((dueMs) => {
      const item = new Item();
      underWay.add(item, dueMs);
      return item;
    });
    nowMs = 6000;
    mock.timers.tick(10);
    assert.deepEqual(
      items.map(({ toldMs }) => toldMs),
      [[6000], [6000], [6000], []],
    );
    nowMs = 10_000;
    mock.timers.tick(4000);
    assert.deepEqual(items[3]?.toldMs, [10_000]);
  });
});

describe('the timer of what is under way', () => {
  it('is one for all, does not hold up the end of the process, and is not set for what comes later', () => {
    const set = mock.method(globalThis, 'setTimeout');
    try {
      const underWay = new InFlightRequests<Item>(() => performance.now());
      for (let made = 0; made < 1000; made++) {
        const item = new Item();
        underWay.add(item, performance.now() + 60_000);
        if (made % 2 === 0) underWay.remove(item);
      }
      assert.equal(set.mock.callCount(), 1);
      const timer = set.mock.calls[0]?.result as NodeJS.Timeout;
      assert.equal(timer.hasRef(), false);
      clearTimeout(timer);
    } finally {
      set.mock.restore();
    }
  });
});
