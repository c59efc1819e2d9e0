import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { parseThreshold, type Threshold } from '../../src/plan/threshold.ts';
import { boundedPercentilesOf, PERCENTILE_NAMES, percentilesOf } from '../../src/summary/percentiles.ts';
import { evaluate, exactSpread, type Measured, measure, type Observations } from '../../src/verdict/measure.ts';

/** The latency that a request would have had, and how it was cut short: by a timeout, by a stop, or not at all. */
type Simulated = { readonly latencyUs: number; readonly cutUs: number; readonly by: 'timeout' | 'stop' };

const anyRun: fc.Arbitrary<Simulated[]> = fc.array(
  fc.record({
    latencyUs: fc.nat(2_000_000),
    cutUs: fc.oneof({ weight: 3, arbitrary: fc.constant(3_000_000) }, { weight: 2, arbitrary: fc.nat(2_000_000) }),
    by: fc.constantFrom('timeout' as const, 'stop' as const),
  }),
  { minLength: 1, maxLength: 60 },
);

const ascending = (values: readonly number[]) => Uint32Array.from(values).sort();

/** What a run shows of its latencies: those of the requests that ended in time, and the waits of the others. */
function seen(run: readonly Simulated[]) {
  const isCut = ({ latencyUs, cutUs }: Simulated) => latencyUs > cutUs;
  const waits = (by: Simulated['by']) => run.filter((each) => isCut(each) && each.by === by).map(({ cutUs }) => cutUs);
  return {
    known: ascending(run.filter((each) => !isCut(each)).map(({ latencyUs }) => latencyUs)),
    silent: ascending(waits('timeout')),
    censored: ascending(waits('stop')),
  };
}

function observationsOf(known: Uint32Array, silent: Uint32Array, censored: Uint32Array): Observations<Uint32Array> {
  const counts = { useful: known.length, failed: silent.length, censored: censored.length, failures: {} };
  const operation = {
    target: 'web',
    operation: 'tools/call:look',
    latencies: known,
    silent,
    waits: censored,
    ...counts,
  };
  return { seconds: 1, operations: [operation], scenarios: [], checks: [], spreadOf: exactSpread };
}

it('gives percentiles of censored latencies that bound those of the complete data, exact where none is marked', () => {
  let bounds = 0;
  let exact = 0;
  fc.assert(
    fc.property(anyRun, (run) => {
      const complete = percentilesOf(ascending(run.map(({ latencyUs }) => latencyUs)));
      const { known, silent, censored } = seen(run);
      const shown = boundedPercentilesOf(known, ascending([...silent, ...censored]));
      assert.ok(complete !== null && shown !== null);
      for (const name of PERCENTILE_NAMES) {
        if (shown.atLeast?.includes(name) === true) {
          bounds++;
          assert.ok(complete[name] >= shown[name], name);
        } else {
          if (known.length < run.length) exact++;
          assert.equal(complete[name], shown[name], name);
        }
      }
    }),
  );
  assert.ok(bounds > 0 && exact > 0);
});

const anyThreshold = fc
  .tuple(
    fc.constantFrom('p(50)', 'p(90)', 'p(95)', 'med', 'min', 'max'),
    fc.constantFrom('<', '<=', '>', '>='),
    fc.integer({ min: 1, max: 2500 }),
  )
  .map(([aggregate, operator, limit]) => {
    return parseThreshold('mcp_request_duration', `${aggregate}${operator}${limit}`) as Threshold;
  });

it('says that a threshold is met only if the complete data meet it, when all requests without an answer were silent', () => {
  let met = 0;
  fc.assert(
    fc.property(anyRun, anyThreshold, (run, threshold) => {
      const { known, silent, censored } = seen(run);
      const none = new Uint32Array();
      const waits = ascending([...silent, ...censored]);
      const result = evaluate(threshold, measure(threshold, observationsOf(known, waits, none)));
      const all = ascending(run.map(({ latencyUs }) => latencyUs));
      const complete = evaluate(threshold, measure(threshold, observationsOf(all, none, none)));
      if (result.ok && waits.length > 0) met++;
      assert.ok(!result.ok || complete.ok, JSON.stringify(threshold));
    }),
  );
  assert.ok(met > 0);
});

it('decides by a value between the lower bound and the one without an end, and shows the lower bound', () => {
  fc.assert(
    fc.property(anyRun, anyThreshold, (run, threshold) => {
      const { known, silent, censored } = seen(run);
      const measured = (...waits: [silent: Uint32Array, censored: Uint32Array]) =>
        measure(threshold, observationsOf(known, ...waits)) as Measured;
      const waits = ascending([...silent, ...censored]);
      const [mixed, lenient, strict] = [
        measured(silent, censored),
        measured(new Uint32Array(), waits),
        measured(waits, new Uint32Array()),
      ];
      assert.equal(mixed.observed, lenient.decisive);
      assert.ok(mixed.decisive >= lenient.decisive && mixed.decisive <= strict.decisive);
      if (mixed.atLeast === undefined) assert.equal(strict.decisive, mixed.observed);
    }),
  );
});
