import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startAzurite } from '../../tools/functions-host/azurite/azurite.ts';
import { chaosProblems } from './chaos-problems.ts';
import { chaosSentence, drawChaos } from './draw-chaos.ts';
import { runChaos } from './run-chaos.ts';

/** `CHAOS_SEED=17` replays one seed; `CHAOS_SEEDS=20` runs the seeds 1 to 20, and `CHAOS_SEEDS=21-40` the next ones. */
const [first, last = first] = (process.env.CHAOS_SEED ?? seedRange(process.env.CHAOS_SEEDS ?? '200'))
  .split('-')
  .map(Number);
const seeds = Array.from({ length: (last as number) - (first as number) + 1 }, (_, index) => (first as number) + index);
const concurrency = Number(process.env.CHAOS_CONCURRENCY ?? 6);

function seedRange(text: string): string {
  return text.includes('-') ? text : `1-${text}`;
}

// Each run starts several processes; with the compiled code at hand, this takes a quarter less of the processor.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'mcp-surge-compile-cache');

let azurite: Awaited<ReturnType<typeof startAzurite>>;
before(async () => {
  azurite = await startAzurite();
});
after(() => azurite.stop());

describe('a run with faults keeps its promises', { concurrency }, () => {
  for (const seed of seeds) {
    const chaos = drawChaos(seed);
    it(`seed ${seed}: ${chaosSentence(chaos)}`, async () => {
      const result = await runChaos(chaos, azurite);
      const problems = chaosProblems(chaos, result);
      const { run, report, callsMs } = result;
      const seen = `${run.state}, ${report?.verdict.status ?? 'no report'}, ${callsMs.length} calls`;
      const reasons = report?.verdict.reasons ?? run.problems ?? [];
      assert.deepEqual(problems, [], `Replay with CHAOS_SEED=${seed}. ${seen}. ${JSON.stringify(reasons)}`);
    });
  }
});
