import assert from 'node:assert/strict';
import { it } from 'node:test';
import { groupInstanceId } from '../../src/functions/orchestration-client.ts';
import * as orchestrators from '../../src/functions/orchestrators.ts';
import { PlatformFailure, type PlayedCall, playOrchestration, WORKER_EXITED } from './play-orchestration.ts';

const RUN = '20261123-120000000-00000000';
const START_MS = Date.parse('2026-11-23T12:00:00Z');
const { run, group, slice, concludeRun } = orchestrators;
const generators = { run, group, slice, 'conclude-run': concludeRun };

const SCHEDULE = {
  startAtMs: START_MS + 60_000,
  endAtMs: START_MS + 660_000,
  lanes: 3,
  windows: 2,
  windowMs: 300_000,
  stopRequested: false,
};

/** Answers of activities when nothing goes wrong. */
const WELL: Readonly<Record<string, (call: PlayedCall) => unknown>> = {
  preflight: () => SCHEDULE,
  'run-slice': () => ({ state: 'committed', samples: 1 }),
  'end-waiting': () => null,
  'fold-slices': () => null,
  conclude: () => ({ verdict: 'pass' }),
  'fail-run': () => null,
};

function play(
  answers: Readonly<Record<string, (call: PlayedCall) => unknown>> = {},
  afterChild: (call: PlayedCall) => void = () => {},
  start: { readonly name?: string; readonly instanceId?: string; readonly input?: unknown } = {},
) {
  const activity = (call: PlayedCall) => ({ ...WELL, ...answers })[call.name]?.(call);
  const { name = 'run', instanceId = RUN, input = { runId: RUN } } = start;
  return playOrchestration({ generators, activity, afterChild, startMs: START_MS }, name, instanceId, input);
}

const died = (): never => {
  throw new PlatformFailure(WORKER_EXITED);
};
const named = (calls: readonly PlayedCall[], name: string) => calls.filter((call) => call.name === name);

/** Fails the first `times` calls, and answers the others. */
function failing(times: number, answer: (call: PlayedCall) => unknown = () => null) {
  let failed = 0;
  return (call: PlayedCall) => (failed++ < times ? died() : answer(call));
}

it('runs every lane of every window once, folds each group and concludes without faults', async () => {
  const { output, calls } = await play();
  assert.deepEqual(output, { verdict: 'pass' });
  const lanes = named(calls, 'run-slice').map(({ input }) => {
    const { lane, window, attempt } = input as { lane: number; window: number; attempt: number };
    return `${window}.${lane}.${attempt}`;
  });
  assert.deepEqual(lanes, ['0.0.0', '0.1.0', '0.2.0', '1.0.0', '1.1.0', '1.2.0']);
  assert.equal(named(calls, 'fold-slices').length, 2);
  assert.deepEqual(named(calls, 'conclude')[0]?.input, { runId: RUN, faults: [] });
});

it('folds and concludes although the orchestration of a slice is lost', async () => {
  const { output, calls } = await play({}, ({ name, input }) => {
    if (name === 'slice' && (input as { lane: number }).lane === 1) died();
  });
  assert.deepEqual(output, { verdict: 'pass' });
  assert.equal(named(calls, 'run-slice').length, 6, 'an attempt was repeated');
  assert.equal(named(calls, 'fold-slices').length, 2);
  assert.deepEqual(named(calls, 'conclude')[0]?.input, {
    runId: RUN,
    faults: [
      'The orchestration of a slice failed: an episode of the orchestration was lost with its worker (2 times).',
    ],
  });
});

it('concludes although the orchestration of a group is lost, and starts no group twice', async () => {
  const { output, calls } = await play({}, ({ name, input }) => {
    if (name === 'group' && (input as { window: number }).window === 0) died();
  });
  assert.deepEqual(output, { verdict: 'pass' });
  assert.equal(named(calls, 'group').length, 2);
  const [conclude] = named(calls, 'conclude');
  assert.match(JSON.stringify(conclude?.input), /The orchestration of a group of slices failed: an episode/);
});

it('makes attempts at a slice with growing pauses until the end of its window', async () => {
  const endAtMs = START_MS + 100_000;
  const input = { runId: RUN, lane: 0, window: 0, endAtMs };
  const { output, calls, endMs } = await play({ 'run-slice': died }, undefined, {
    name: 'slice',
    instanceId: 's',
    input,
  });
  const pauses = calls.map(({ atMs }, index) => (atMs - (calls[index - 1]?.atMs ?? START_MS)) / 1000);
  assert.deepEqual(pauses, [0, 0, 5, 15, 30, 30]);
  assert.ok(calls.every(({ atMs }) => atMs < endAtMs));
  assert.equal(endMs, calls.at(-1)?.atMs, 'it waited although no attempt could follow');
  assert.deepEqual(output, { state: 'lost', faults: { 'run-slice failed: its worker process died': 6 } });
});

it('makes at most eight attempts at a slice', async () => {
  const input = { runId: RUN, lane: 0, window: 0, endAtMs: START_MS + 3_600_000 };
  const { calls } = await play({ 'run-slice': died }, undefined, { name: 'slice', instanceId: 's', input });
  assert.deepEqual(
    calls.map(({ input }) => (input as { attempt: number }).attempt),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
});

for (const [state, attempts] of [
  ['committed', 1],
  ['skipped', 1],
  ['lost', 1],
  ['fenced', 3],
  ['released', 3],
  ['superseded', 3],
] as const) {
  it(`makes ${attempts === 1 ? 'no further attempt' : 'further attempts'} at a slice that was ${state}`, async () => {
    const input = { runId: RUN, lane: 0, window: 0, endAtMs: START_MS + 3_600_000 };
    let count = 0;
    const { calls, output } = await play(
      { 'run-slice': () => ({ state: ++count < 3 ? state : 'committed', samples: 1 }) },
      undefined,
      { name: 'slice', instanceId: 's', input },
    );
    assert.equal(calls.length, attempts);
    assert.deepEqual(output, { state: attempts === 1 ? state : 'committed', samples: 1 });
  });
}

it('says how often which fault was met when it concludes, and stays small with many of them', async () => {
  let count = 0;
  const { calls } = await play({
    'run-slice': failing(4, () => {
      count++;
      return { state: 'committed', samples: 1 };
    }),
  });
  assert.equal(count, 6);
  const fault = 'run-slice failed: its worker process died';
  assert.deepEqual(named(calls, 'conclude')[0]?.input, { runId: RUN, faults: [`${fault} (4 times).`] });

  let number = 0;
  const many = await play({
    'run-slice': () => {
      throw new Error(`${'long '.repeat(400)} reason ${number++}`.slice(number % 7));
    },
  });
  assert.ok(JSON.stringify(named(many.calls, 'conclude')[0]?.input).length < 2000);
});

it('retries preflight, conclude and their failures with growing pauses over minutes', async () => {
  const { output, calls } = await play({
    preflight: failing(3, () => SCHEDULE),
    conclude: failing(6, () => ({ verdict: 'pass' })),
  });
  assert.deepEqual(output, { verdict: 'pass' });
  const secondsOf = (name: string) => {
    const times = named(calls, name).map(({ atMs }) => atMs / 1000);
    return times.slice(1).map((at, index) => at - (times[index] as number));
  };
  assert.deepEqual(secondsOf('preflight'), [1, 5, 15]);
  const fault = 'preflight failed: its worker process died (3 times).';
  assert.deepEqual(named(calls, 'conclude')[0]?.input, { runId: RUN, faults: [fault] });
  assert.deepEqual(secondsOf('conclude'), [1, 5, 15, 60, 120, 240]);
  assert.deepEqual(
    named(calls, 'preflight').map(({ input }) => (input as { attempt: number }).attempt),
    [0, 1, 2, 3],
  );
});

it('concludes a run of which a group could not be folded, because conclude makes the missing fold', async () => {
  const { output, calls } = await play({ 'fold-slices': died });
  assert.deepEqual(output, { verdict: 'pass' });
  assert.equal(named(calls, 'fold-slices').length, 2 * 4);
});

it('records why a run failed if it cannot be concluded, and goes on while the store is away', async () => {
  const conclude = () => {
    throw new Error('Could not read the plan: Table Storage could not be reached.');
  };
  const { output, calls } = await play({ conclude, 'fail-run': failing(4) });
  assert.deepEqual(output, { failed: true });
  const last = named(calls, 'fail-run').at(-1);
  assert.deepEqual(last?.input, { runId: RUN, reason: 'Could not read the plan: Table Storage could not be reached' });
});

it('makes no load for a run that preflight refuses', async () => {
  const { output, calls } = await play({ preflight: () => null });
  assert.deepEqual(output, { refused: true });
  assert.deepEqual(
    calls.map(({ name }) => name),
    ['preflight'],
  );
});

it('does nothing in a second orchestration of the same run', async () => {
  const { output, calls } = await play({}, undefined, { instanceId: 'another' });
  assert.deepEqual([output, calls], [{ refused: true }, []]);
});

it('concludes a run whose own orchestration is over, with the reason', async () => {
  const input = { runId: RUN, faults: ['The orchestration of the run was terminated.'] };
  const start = { name: 'conclude-run', instanceId: `${RUN}-conclude`, input };
  const { output, calls } = await play({ conclude: failing(1, () => ({ verdict: 'invalid' })) }, undefined, start);
  assert.deepEqual(output, { verdict: 'invalid' });
  assert.deepEqual(calls[0]?.input, input);
  const faults = [...input.faults, 'conclude failed: its worker process died.'];
  assert.deepEqual(calls[1]?.input, { ...input, faults });
});

const FORGED: readonly (readonly [name: string, input: unknown])[] = [
  ['run', ''],
  ['run', { runId: '../../x' }],
  ['run', { runId: 7 }],
  ['group', { runId: RUN }],
  ['group', { runId: RUN, window: -1, firstLane: 0, lanes: 1, startAtMs: 0, endAtMs: 1 }],
  ['group', { runId: RUN, window: 0, firstLane: 0, lanes: 1e9, startAtMs: 0, endAtMs: 1 }],
  ['group', { runId: RUN, window: 0, firstLane: 0.5, lanes: 1, startAtMs: 0, endAtMs: 1 }],
  ['slice', { runId: RUN, lane: 'a', window: 0, endAtMs: 1 }],
  ['slice', { runId: RUN, lane: 0, window: 0, endAtMs: 'later' }],
  ['conclude-run', { runId: RUN, faults: [7] }],
];
for (const [name, input] of FORGED) {
  it(`calls nothing if ${name} is started with ${JSON.stringify(input)}`, async () => {
    const { error, calls } = await play({}, undefined, { name, instanceId: RUN, input });
    assert.deepEqual(calls, []);
    assert.ok(error !== undefined);
  });
}

it('does nothing in a group under an id that is not its own', async () => {
  const input = { runId: RUN, window: 0, firstLane: 0, lanes: 3, startAtMs: START_MS, endAtMs: START_MS + 1000 };
  const own = groupInstanceId(RUN, input);
  assert.equal(
    named((await play({}, undefined, { name: 'group', instanceId: own, input })).calls, 'run-slice').length,
    3,
  );
  assert.deepEqual((await play({}, undefined, { name: 'group', instanceId: 'another', input })).calls, []);
});
