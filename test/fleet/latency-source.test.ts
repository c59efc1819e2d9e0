import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latencySource } from '../../fleet/latency.ts';
import { latencyFigures, measuredLatencyMs } from '../../fleet/measured.ts';
import { summarizeDurations } from '../../fleet/server-stats.ts';
import { githubTools } from '../../fleet/tools/github-tools.ts';

const searchCode = 'tools/call:search_code';

function source({ scale = 1 } = {}) {
  return latencySource({ seed: 7, server: 'github', scale, percentilesMs: measuredLatencyMs.github });
}

function draw(count: number, next: () => number): number[] {
  return Array.from({ length: count }, next);
}

test('drawn latencies have the measured percentiles', () => {
  const next = source();
  const drawn = summarizeDurations(draw(20_000, () => next(searchCode)))!;
  const [min, p50, p75, p90, p95, , p99, max] = measuredLatencyMs.github[searchCode]!;
  const near = (actual: number, expected: number) =>
    assert.ok(Math.abs(actual / expected - 1) < 0.1, `${actual} is not near ${expected}`);
  near(drawn.p50, p50);
  near(drawn.p75, p75);
  near(drawn.p90, p90);
  near(drawn.p95, p95);
  near(drawn.p99, p99);
  assert.ok(drawn.min >= min && drawn.max <= max);
  // The mean was measured too, 552 ms, but does not shape the curve: a check of the whole from outside.
  near(drawn.mean, 552);
});

test('a seed repeats its latencies; another seed, server or operation has others', () => {
  const figures = measuredLatencyMs.github[searchCode]!;
  const drawn = ({ seed = 7, server = 'github', operation = searchCode } = {}) => {
    const next = latencySource({ seed, server, scale: 1, percentilesMs: { [operation]: figures } });
    return draw(20, () => next(operation));
  };
  const reference = drawn();
  assert.deepEqual(drawn(), reference);
  assert.notDeepEqual(drawn({ seed: 8 }), reference);
  assert.notDeepEqual(drawn({ server: 'another' }), reference);
  assert.notDeepEqual(drawn({ operation: 'another' }), reference);
});

test('calling one operation does not change what another one draws', () => {
  const alone = source();
  const mixed = source();
  const reference = draw(10, () => alone(searchCode));
  const among = draw(10, () => {
    mixed('initialize');
    return mixed(searchCode);
  });
  assert.deepEqual(among, reference);
});

test('the scale multiplies, and what has no figures takes no time', () => {
  const whole = source();
  const half = source({ scale: 0.5 });
  assert.deepEqual(
    draw(10, () => half(searchCode)),
    draw(10, () => whole(searchCode) / 2),
  );
  assert.equal(source({ scale: 0 })(searchCode), 0);
  assert.equal(source()('ping'), 0);
});

test('a tool that was not measured borrows from the one it names', () => {
  const figures = latencyFigures('github', githubTools);
  assert.deepEqual(figures['tools/call:create_issue'], figures['tools/call:list_issues']);
  assert.deepEqual(figures['server/discover'], figures.initialize);
  for (const { name } of githubTools) assert.equal(figures[`tools/call:${name}`]?.length, 8, name);
  const unfounded = githubTools.map((tool) => ({ ...tool, latencyOf: 'merge_everything' }));
  assert.throws(() => latencyFigures('github', unfounded), /no latency was measured for tools\/call:merge_everything/);
});
