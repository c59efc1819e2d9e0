import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { OperationKind } from '../../src/sample/block.ts';
import type { Fold } from '../../src/summary/fold.ts';
import { BlockFolder } from '../../src/summary/fold-blocks.ts';
import { scenarioDelays } from '../../src/verdict/scenario-delays.ts';
import { aPlan } from '../support/a-plan.ts';
import { blockOf, INTERVAL_MS, RUN_START_MS, type SampleParts } from '../support/blocks-of.ts';

/** The fold of these samples; each list has its requests of one kind. */
function foldOf(lists: readonly (readonly SampleParts[])[], kinds: readonly OperationKind[]): Fold {
  const frame = { runStartMs: RUN_START_MS, intervalMs: INTERVAL_MS, phaseBoundariesMs: [], warmUpPhases: 0 };
  const folder = new BlockFolder(frame);
  for (const [at, list] of lists.entries()) {
    const block = blockOf(list) ?? assert.fail();
    folder.add({
      ...block,
      operations: block.operations.map((key) => ({
        ...key,
        ...(kinds[at] === 'protocol' ? { kind: 'protocol' as const } : {}),
      })),
    });
  }
  return folder.finish([]);
}

it('takes the median of the steps that the scenario calls, and how late its starts were', () => {
  const scenarios = {
    look: {
      target: 'web',
      executor: 'constant-vus',
      vus: 1,
      duration: '9s',
      steps: [{ tool: 'look' }, { list: 'tools' }],
    },
    hold: { target: 'web', executor: 'constant-vus', vus: 1, duration: '9s', steps: [] },
    other: { target: 'web', executor: 'constant-vus', vus: 1, duration: '9s', steps: [{ tool: 'never' }] },
  };
  const fold = foldOf(
    [
      [
        { durationMs: 300 },
        { durationMs: 500, lagMs: 20 },
        { durationMs: 900, operation: 'tools/list' },
        { durationMs: 1, outcome: 'HTTP_503' },
        { durationMs: 1, target: 'far' },
        { kind: 'iteration', operation: 'look', lagMs: 0.999 },
        { kind: 'iteration', operation: 'look', lagMs: 63, atMs: 3000 },
        { kind: 'iteration', operation: 'look', lagMs: 1, outcome: 'CLIENT_ABORT' },
        { kind: 'iteration', operation: 'hold', lagMs: 7 },
      ],
      [
        { durationMs: 7, operation: 'tools/list' },
        { durationMs: 5, operation: 'initialize' },
        { durationMs: 9, operation: 'DELETE' },
      ],
    ],
    ['step', 'protocol'],
  );
  const delays = scenarioDelays(aPlan({ plan: { scenarios } }), fold);
  assert.deepEqual(
    delays.map(({ scenario, medianMs, lagsUs }) => [scenario, medianMs, [...lagsUs]]),
    [
      ['look', 520, [1000, 63_000]],
      ['hold', 7, [7000]],
      ['other', null, []],
    ],
  );
});
