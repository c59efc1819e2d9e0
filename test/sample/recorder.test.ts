import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  BLOCK_CAPACITY,
  BLOCK_COLUMNS,
  type Block,
  type BlockColumnName,
  decodeBlock,
  encodeBlock,
  NO_TIME,
  SAMPLE_FLAG,
  SAMPLE_KIND,
} from '../../src/sample/block.ts';
import type { Outcome } from '../../src/sample/outcome.ts';
import { Recorder } from '../../src/sample/recorder.ts';
import { aSample } from '../support/a-sample.ts';

const ORIGIN_MS = 1_800_000_000_000;
const asIs = (text: string) => text;

function startsOf({ originMs, count, columns }: Block): number[] {
  return Array.from({ length: count }, (_, at) => originMs + (columns.startUs[at] as number) / 1000);
}

it('passes on a full block within add, and begins the next one', () => {
  const full: Block[] = [];
  const recorder = new Recorder(ORIGIN_MS, (block) => full.push(block), asIs);
  const operation = recorder.operation('web', 'tools/call:look', 'step');
  const fill = (from: number, to: number) => {
    for (let vu = from; vu < to; vu++) recorder.add(aSample({ operation, startMs: ORIGIN_MS, vu }));
  };
  fill(0, BLOCK_CAPACITY - 1);
  assert.equal(full.length, 0);
  fill(BLOCK_CAPACITY - 1, BLOCK_CAPACITY + 1);
  assert.equal(full.length, 1);
  const rest = recorder.drain();
  assert.equal(full[0]?.count, BLOCK_CAPACITY);
  assert.equal(full[0]?.columns.vu[0], 0);
  assert.equal(full[0]?.columns.vu[BLOCK_CAPACITY - 1], BLOCK_CAPACITY - 1);
  assert.equal(rest?.count, 1);
  assert.deepEqual([...(rest?.columns.vu ?? [])], [BLOCK_CAPACITY]);
  assert.equal(recorder.drain(), undefined);
});

it('keeps the numbers of operations and outcomes from block to block', () => {
  const recorder = new Recorder(ORIGIN_MS, () => assert.fail(), asIs);
  const look = recorder.operation('web', 'tools/call:look', 'step');
  recorder.add(aSample({ operation: look, startMs: ORIGIN_MS, outcome: 'TOOL_ERROR' }));
  const first = recorder.drain() as Block;
  const open = recorder.operation('web', 'initialize', 'protocol');
  assert.equal(recorder.operation('web', 'tools/call:look', 'step'), look);
  recorder.add(aSample({ operation: open, startMs: ORIGIN_MS, outcome: 'HTTP_429' }));
  recorder.add(aSample({ operation: look, startMs: ORIGIN_MS, outcome: 'TOOL_ERROR' }));
  const second = recorder.drain() as Block;
  const named = (block: Block) =>
    Array.from({ length: block.count }, (_, at) => [
      block.operations[block.columns.operation[at] as number]?.operation,
      block.outcomes[block.columns.outcome[at] as number],
    ]);
  assert.deepEqual(named(first), [['tools/call:look', 'TOOL_ERROR']]);
  assert.deepEqual(named(second), [
    ['initialize', 'HTTP_429'],
    ['tools/call:look', 'TOOL_ERROR'],
  ]);
  assert.equal(first.outcomes.length, 1, 'a block must not change after it was passed on');
});

it('keeps one example for each operation and outcome, in the block in which it first occurred', () => {
  const recorder = new Recorder(ORIGIN_MS, () => assert.fail(), asIs);
  const [a, b] = [recorder.operation('web', 'a', 'step'), recorder.operation('web', 'b', 'step')];
  const fail = (operation: number, message: string) =>
    recorder.add(aSample({ operation, startMs: ORIGIN_MS, outcome: 'TOOL_ERROR', message }));
  fail(a, '');
  fail(a, 'first');
  fail(a, 'second');
  fail(b, 'other');
  assert.deepEqual(
    recorder.drain()?.examples.map(({ operation, message }) => [operation, message]),
    [
      [a, 'first'],
      [b, 'other'],
    ],
  );
  fail(a, 'third');
  assert.deepEqual(recorder.drain()?.examples, []);
});

it('redacts an example before it shortens it, and does not split characters', () => {
  const recorder = new Recorder(
    ORIGIN_MS,
    () => assert.fail(),
    (text) => text.replaceAll('secret', '***'),
  );
  const message = (text: string, operation: number) => {
    recorder.add(aSample({ operation, startMs: ORIGIN_MS, outcome: 'TOOL_ERROR', message: text }));
    return recorder.drain()?.examples[0]?.message ?? '';
  };
  assert.equal(message(`${'x'.repeat(297)}secret and more`, 0), `${'x'.repeat(297)}***…`);
  assert.equal(message('x'.repeat(300), 1), 'x'.repeat(300));
  const split = message(`${'x'.repeat(299)}😀 and more`, 2);
  assert.equal(split, `${'x'.repeat(299)}…`);
  assert.ok(split.isWellFormed());
});

it('keeps the first useful answer of an operation as its example, redacted before it is shortened', () => {
  const recorder = new Recorder(
    ORIGIN_MS,
    () => assert.fail(),
    (text) => text.replaceAll('secret', '***'),
  );
  recorder.keepAnswer('web', 'tools/call:look', `${'x'.repeat(297)}secret and more`);
  recorder.keepAnswer('web', 'tools/call:look', 'second');
  recorder.keepAnswer('web', 'tools/call:find', 'found');
  assert.equal(recorder.drain(), undefined, 'a block has samples');
  recorder.add(aSample({ startMs: ORIGIN_MS, operation: recorder.operation('web', 'tools/call:look', 'step') }));
  const block = recorder.drain() as Block;
  assert.deepEqual(
    block.examples.map(({ operation, outcome, message }) => [
      block.operations[operation]?.operation,
      block.outcomes[outcome],
      message,
    ]),
    [
      ['tools/call:look', 'OK', `${'x'.repeat(297)}***…`],
      ['tools/call:find', 'OK', 'found'],
    ],
  );
});

it('limits times to what a column holds, and marks clocks that a request never reached', () => {
  const recorder = new Recorder(ORIGIN_MS, () => assert.fail(), asIs);
  recorder.add(
    aSample({
      startMs: ORIGIN_MS - 5,
      durationMs: 1e9,
      headersMs: 0.0014,
      closeMs: undefined,
      bytes: 2 ** 40,
      socketMs: 0,
      connectMs: 1e9,
    }),
  );
  const { columns } = recorder.drain() as Block;
  assert.equal(columns.startUs[0], 0);
  assert.equal(columns.durationUs[0], NO_TIME - 1);
  assert.equal(columns.socketUs[0], 0);
  assert.equal(columns.connectUs[0], NO_TIME - 1);
  assert.equal(columns.tlsUs[0], NO_TIME);
  assert.equal(columns.headersUs[0], 1);
  assert.equal(columns.firstEventUs[0], NO_TIME);
  assert.equal(columns.closeUs[0], NO_TIME);
  assert.equal(columns.bytes[0], 2 ** 32 - 1);
  assert.equal(columns.kind[0], SAMPLE_KIND.request);
});

it('records each clock, the flags and the kind in a column of its own', () => {
  const recorder = new Recorder(ORIGIN_MS, () => assert.fail(), asIs);
  const clocks = {
    lagMs: 1,
    durationMs: 7,
    socketMs: 4,
    connectMs: 2,
    tlsMs: 3,
    headersMs: 5,
    firstEventMs: 6,
    closeMs: 8,
  };
  recorder.add(
    aSample({ kind: 'pause', startMs: ORIGIN_MS, ...clocks, flags: SAMPLE_FLAG.held | SAMPLE_FLAG.resumed }),
  );
  const { columns } = recorder.drain() as Block;
  for (const [clock, ms] of Object.entries(clocks)) {
    assert.equal(columns[clock.replace('Ms', 'Us') as BlockColumnName][0], ms * 1000, clock);
  }
  assert.equal(columns.kind[0], 3);
  assert.equal(columns.flags[0], 12);
});

it('makes full blocks that fit into a row of the store', () => {
  const widths = Object.values(BLOCK_COLUMNS).map(({ BYTES_PER_ELEMENT }) => BYTES_PER_ELEMENT * BLOCK_CAPACITY);
  assert.ok(Math.max(...widths) <= 64 * 1024);
  assert.ok(widths.reduce((sum, width) => sum + width, 0) <= 700 * 1024);
});

it('keeps the start of every request, however long the slice lasts', () => {
  const recorder = new Recorder(ORIGIN_MS, () => assert.fail(), asIs);
  const hour = 3_600_000;
  const recorded: number[] = [];
  const began: number[] = [];
  for (let minute = 0; minute <= 24 * 60; minute += 10) {
    // The longest request that a plan allows ends together with one that has just begun.
    for (const startMs of [ORIGIN_MS + minute * 60_000, ORIGIN_MS + Math.max(0, minute - 30) * 60_000]) {
      began.push(startMs);
      recorder.add(aSample({ startMs }));
    }
    recorded.push(...startsOf(recorder.drain() as Block));
  }
  assert.ok(Math.max(...recorded) === ORIGIN_MS + 24 * hour);
  assert.deepEqual(recorded, began);
});

it('keeps a step and a request of the protocol with the same name separately', () => {
  const recorder = new Recorder(ORIGIN_MS, () => assert.fail(), asIs);
  const kinds = ['step', 'protocol', 'step'] as const;
  assert.deepEqual(
    kinds.map((kind) => recorder.operation('web', 'tools/list', kind)),
    [0, 1, 0],
  );
  recorder.add(aSample({ operation: 1, startMs: ORIGIN_MS }));
  assert.deepEqual(recorder.drain()?.operations, [
    { target: 'web', operation: 'tools/list' },
    { target: 'web', operation: 'tools/list', kind: 'protocol' },
  ]);
});

it('counts each check of a block, and leaves out the warm-up', () => {
  const place = { target: 'web', scenario: 'calls', operation: 'tools/call:look', step: 0 };
  const checks = ['notEmpty', 'contains "x"'].map((check, position) => ({ ...place, position, check }));
  const recorder = new Recorder(ORIGIN_MS, () => assert.fail(), asIs, ORIGIN_MS + 100);
  const add = (afterMs: number, lagMs: number, failed: readonly number[]) =>
    recorder.add(aSample({ startMs: ORIGIN_MS + afterMs, lagMs, checks: { checks, failed } }));
  add(99, 0, [0]);
  add(150, 50.1, [0]);
  recorder.add(aSample({ startMs: ORIGIN_MS + 150 }));
  assert.equal(Object.hasOwn(recorder.drain() as Block, 'checks'), false);
  add(150, 50, [1]);
  add(200, 0, []);
  assert.deepEqual((recorder.drain() as Block).checks, [
    { ...checks[0], passes: 2, failures: 0 },
    { ...checks[1], passes: 1, failures: 1 },
  ]);
  add(300, 0, [0, 1]);
  const block = recorder.drain() as Block;
  assert.deepEqual(
    block.checks?.map(({ passes, failures }) => [passes, failures]),
    [
      [0, 1],
      [0, 1],
    ],
  );
  assert.deepEqual(decodeBlock(encodeBlock(block)), block);
});

/** The outcomes of a block's samples. */
function outcomesOf(block: Block): (string | undefined)[] {
  return Array.from({ length: block.count }, (_, at) => block.outcomes[block.columns.outcome[at] as number]);
}

it('gives the first 50 JSON-RPC codes of each operation an outcome of their own, and counts all others as RPC_OTHER', () => {
  const recorder = new Recorder(ORIGIN_MS, () => assert.fail(), asIs);
  const [look, find] = ['look', 'find'].map((tool) => recorder.operation('web', `tools/call:${tool}`, 'step'));
  const add = (operation: number | undefined, outcome: Outcome) =>
    recorder.add(aSample({ operation: operation as number, outcome, startMs: ORIGIN_MS, message: `said ${outcome}` }));
  for (let code = 0; code < 60; code++) add(look, `RPC_${code}`);
  for (let code = 59; code >= 0; code--) add(find, `RPC_${code}`);
  add(look, 'RPC_0');
  add(look, 'RPC_INPUT_REQUIRED');
  const block = recorder.drain() as Block;
  const own = (from: number, to: number) => Array.from({ length: 50 }, (_, at) => `RPC_${from < to ? at : from - at}`);
  const rest = Array.from({ length: 10 }, () => 'RPC_OTHER');
  assert.deepEqual(outcomesOf(block), [...own(0, 49), ...rest, ...own(59, 10), ...rest, 'RPC_0', 'RPC_INPUT_REQUIRED']);
  const others = block.examples.filter(({ outcome }) => block.outcomes[outcome] === 'RPC_OTHER');
  assert.deepEqual(
    others.map(({ message }) => message),
    ['said RPC_50', 'said RPC_9'],
  );
});

it('never writes an index that its column cannot hold, however many operations and codes there are', () => {
  let failures = 0;
  const count = (block: Block) => {
    for (const outcome of outcomesOf(block)) if (outcome?.startsWith('RPC_') === true) failures++;
  };
  const recorder = new Recorder(ORIGIN_MS, count, asIs);
  const sent = 250_000;
  for (let at = 0; at < sent; at++) {
    const operation = recorder.operation('web', `tools/call:${at % 5000}`, 'step');
    recorder.add(aSample({ operation, outcome: `RPC_${at}`, startMs: ORIGIN_MS }));
  }
  const last = recorder.drain();
  if (last !== undefined) count(last);
  assert.equal(failures, sent);
  assert.throws(() => {
    for (let at = 0; at < 70_000; at++) recorder.operation('web', `tools/call:${at}`, 'step');
  }, /more than 65536 operations/);
});
