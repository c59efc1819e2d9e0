import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nth } from '../support/a-segment-run.ts';
import { type Behaviour, CALL_MS, rigOf, START_MS } from './fake-sessions.ts';

const said = (text: string, more: object = {}) => ({ content: [{ type: 'text', text }], ...more });

/** Runs one iteration of steps in fixed order. Every step gets the same result. */
async function run(steps: readonly object[], result: unknown, behaviour: Partial<Behaviour> = {}, plan: object = {}) {
  const rig = rigOf([{ opens: true, result, ...behaviour }], {
    scenario: { order: 'fixed', steps },
    plan: { ...plan },
  });
  await rig.clock.run(rig.user.iterate(nth(0)));
  const sent = rig.calls.map(({ params }) => params.arguments);
  return { ...rig, sent, outcomes: rig.samples('iteration').map(({ outcome }) => outcome) };
}

const FIND = { tool: 'look', capture: { id: { pointer: '/structuredContent/id' } } };
const USE = { tool: 'look', arguments: { id: '{{id}}', text: 'no. {{id}}' } };

describe('a captured value', () => {
  it('is used in later calls of the iteration, in its own type', async () => {
    const { sent, outcomes } = await run([FIND, USE, USE], said('x', { structuredContent: { id: 42 } }));
    const used = { id: 42, text: 'no. 42' };
    assert.deepEqual([sent, outcomes], [[{}, used, used], ['OK']]);
  });

  it('is the first group of a pattern, or the whole match', async () => {
    const text = said('ticket T-17 is open');
    const grouped = { tool: 'look', capture: { id: { matches: 'T-(\\d+)' } } };
    assert.deepEqual((await run([grouped, USE], text)).sent[1], { id: '17', text: 'no. 17' });
    const whole = { tool: 'look', capture: { id: { matches: 'T-\\d+' } } };
    assert.deepEqual((await run([whole, USE], text)).sent[1], { id: 'T-17', text: 'no. T-17' });
  });

  it('is read as JSON where a later step asks for it', async () => {
    const find = { tool: 'look', capture: { page: { pointer: '/content/0/text' } } };
    const use = { tool: 'look', arguments: { next: '{{page|json}}', raw: '{{page}}' } };
    const { sent } = await run([find, use], said('{"cursor":3}'));
    assert.deepEqual(sent[1], { next: { cursor: 3 }, raw: '{"cursor":3}' });
    const broken = await run([find, use], said('{"cursor"'));
    assert.deepEqual([broken.sent, broken.outcomes], [[{}], ['TOOL_CAPTURE']]);
  });

  it('is refused if its digits may have changed, and kept digit for digit as text', async () => {
    const large = { structuredContent: { id: JSON.parse('{"deep": [9007199254740993]}') } };
    const refused = await run([FIND, USE], said('x', large));
    assert.deepEqual([refused.sent, refused.outcomes], [[{}], ['TOOL_CAPTURE']]);
    const id = '12345678901234567890';
    const byPattern = { tool: 'look', capture: { id: { matches: '\\d+' } } };
    assert.deepEqual((await run([byPattern, USE], said(id))).sent[1], { id, text: `no. ${id}` });
    const asJson = { tool: 'look', arguments: { id: '{{id|json}}' } };
    assert.deepEqual((await run([byPattern, asJson], said(id))).outcomes, ['TOOL_CAPTURE']);
    const exact = { structuredContent: { id: Number.MAX_SAFE_INTEGER } };
    assert.deepEqual((await run([FIND, USE], said('x', exact))).outcomes, ['OK']);
  });

  it('is not kept for the next iteration', async () => {
    const results = [said('x', { structuredContent: { id: 1 } })];
    const rig = rigOf([{ opens: true, result: results[0], outcome: ['OK', 'OK', 'TOOL_ERROR'] }], {
      scenario: { order: 'fixed', steps: [FIND, USE] },
    });
    await rig.clock.run(rig.user.iterate(nth(0)));
    await rig.clock.run(rig.user.iterate(nth(1)));
    assert.equal(rig.calls.length, 3, 'the second iteration has no value for its second step');
    assert.deepEqual(
      rig.samples('iteration').map(({ outcome }) => outcome),
      ['OK', 'TOOL_ERROR'],
    );
  });
});

describe('a reply that lacks the value to capture', () => {
  it('ends in TOOL_CAPTURE, and so does its iteration, which skips the steps that need the value', async () => {
    const { sent, outcomes, clock } = await run([FIND, USE, { tool: 'look', arguments: { q: 1 } }], said('x'));
    assert.deepEqual([sent, outcomes], [[{}, { q: 1 }], ['TOOL_CAPTURE']]);
    assert.equal(clock.now(), START_MS + 2 * CALL_MS);
  });

  it('keeps its own failure, or that of a check', async () => {
    const failed = await run([FIND, USE], said('x'), { outcome: ['HTTP_500'] });
    assert.deepEqual([failed.calls.length, failed.outcomes], [1, ['HTTP_500']]);
    const checked = await run([{ ...FIND, checks: [{ contains: 'y' }] }, USE], said('x'));
    assert.deepEqual(checked.outcomes, ['TOOL_ASSERT']);
  });
});

describe('an exhausted feed', () => {
  const feeds = { ids: { values: ['a', 'b'], order: 'sequential', repeat: false } };
  const parts = { scenario: { steps: [{ tool: 'look', arguments: { q: '{{ids}}' } }] }, plan: { feeds } };

  it('ends the iteration as PLAN_FEED_END without sending anything, and then the virtual user is done', async () => {
    const { user, clock, calls, log, samples } = rigOf([{ opens: true }], parts);
    for (const number of [0, 1, 2]) {
      assert.equal(user.done, false);
      await clock.run(user.iterate(nth(number)));
    }
    assert.equal(user.done, true);
    assert.deepEqual(
      calls.map(({ params }) => params.arguments),
      [{ q: 'a' }, { q: 'b' }],
    );
    assert.equal(log.length, 3, 'one session and two calls');
    assert.deepEqual(
      samples('iteration').map(({ outcome, startMs }) => [outcome, startMs - START_MS]),
      [
        ['OK', 0],
        ['OK', CALL_MS],
        ['PLAN_FEED_END', 2 * CALL_MS],
      ],
    );
  });

  it('delays no start that comes at a rate', async () => {
    const { user, clock, samples } = rigOf([{ opens: true }], parts);
    await clock.run(user.iterate({ ...nth(2), intendedMs: START_MS }));
    assert.equal(clock.now(), START_MS);
    assert.equal(samples('iteration')[0]?.outcome, 'PLAN_FEED_END');
  });
});
