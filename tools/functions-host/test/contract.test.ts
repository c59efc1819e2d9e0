import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { InvocationRecord } from '../function-runner.ts';
import { type FunctionsHost, startFunctionsHost } from '../functions-host.ts';
import {
  type EpisodeInput,
  episodes,
  fixture,
  framing,
  type RecordedInvocation,
  type RecordedRequest,
  type Recording,
  readRecording,
  scrub,
} from './recorded-traffic.ts';
import { hasEnded, until } from './test-apps.ts';

let host: FunctionsHost;
let recording: Recording;
const invocations: RecordedInvocation[] = [];
const answers: { readonly recorded: RecordedRequest; readonly actual: RecordedRequest }[] = [];
const statuses: Record<string, unknown> = {};
let clientBinding: unknown;

/** Converts an invocation by the local host to the format of the recording. */
function asRecorded({ invocation, outcome }: InvocationRecord): RecordedInvocation {
  const [trigger] = invocation.inputData;
  const text = trigger?.data.string ?? 'null';
  const isActivity = trigger?.name.startsWith('activityTrigger') === true;
  const failure = outcome.ok ? undefined : outcome.failure;
  return {
    function: invocation.functionName,
    input: isActivity
      ? { activityTrigger: { string: text } }
      : { orchestrationTrigger: JSON.parse(text) as EpisodeInput },
    triggerMetadataKeys: Object.keys(invocation.triggerMetadata).sort(),
    output: outcome.ok && outcome.value?.json !== undefined ? { json: outcome.value.json } : {},
    result: failure?.kind === 'threw' ? { exception: { message: failure.error.message } } : {},
  };
}

async function perform(recorded: RecordedRequest): Promise<RecordedRequest> {
  const [method = '', path = ''] = recorded.request.split(' ');
  const url = new URL(path.replace('/durabletask/', ''), host.durable.rpcBaseUrl);
  const hasBody = recorded.body !== '';
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(hasBody ? { body: JSON.stringify(recorded.body) } : {}),
  });
  const text = await response.text();
  const headers = Object.keys(recorded.headers).map((name) => [name, response.headers.get(name) ?? 'missing']);
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  return {
    ...recorded,
    status: response.status,
    headers: Object.fromEntries(headers),
    response: isJson ? JSON.parse(text) : text,
  };
}

before(async () => {
  recording = await readRecording();
  host = await startFunctionsHost({
    appRoot: fileURLToPath(fixture),
    entry: 'app.cjs',
    onInvocation: (record) => {
      const client = record.invocation.inputData.find(({ name }) => name.startsWith('durableClient'));
      if (client === undefined) {
        invocations.push(asRecorded(record));
      } else {
        clientBinding = JSON.parse(client.data.string ?? '');
      }
    },
  });
  for (const recorded of recording.clientHttp) {
    const [, method, id = ''] = /^(\w+) \/durabletask\/instances\/([\w-]+)/.exec(recorded.request) ?? [];
    if (method === 'POST') {
      await until(() => host.durable.history(id)?.some(({ EventType }) => EventType === 10));
    } else if (method === 'GET' && id !== 'none') {
      await until(() => hasEnded(host, id), 10_000);
      statuses[id] = await (await fetch(`${host.url}/status/${id}`)).json();
    }
    answers.push({ recorded, actual: await perform(recorded) });
  }
});

after(() => host?.stop());

it('the durable HTTP API answers each recorded request as recorded', () => {
  const sortHistory = (response: unknown) => {
    const status = structuredClone(response) as { historyEvents?: { InstanceId?: string; Timestamp?: string }[] };
    status.historyEvents?.sort((a, b) => (a.InstanceId ?? '').localeCompare(b.InstanceId ?? ''));
    return scrub(status);
  };
  for (const { recorded, actual } of answers) {
    const what = recorded.request;
    assert.equal(actual.status, recorded.status, what);
    assert.deepEqual(scrub(actual.headers), scrub(recorded.headers), what);
    assert.deepEqual(sortHistory(actual.response), sortHistory(recorded.response), what);
  }
  assert.equal(answers.length, 14);
});

it('the durable client binding has the recorded members and URLs', () => {
  assert.deepEqual(scrub(clientBinding), scrub(recording.durableClientBinding));
});

it('durable clients see the recorded statuses', () => {
  assert.deepEqual(scrub(statuses), scrub(recording.statuses));
});

function byInstance(all: readonly RecordedInvocation[]): Map<string, RecordedInvocation[]> {
  const groups = new Map<string, RecordedInvocation[]>();
  for (const invocation of all) {
    const id = invocation.input.orchestrationTrigger?.instanceId;
    if (id !== undefined) {
      const key = String(scrub(id));
      groups.set(key, [...(groups.get(key) ?? []), invocation]);
    }
  }
  return groups;
}

it('every orchestration has the recorded history, with the recorded members in every event', () => {
  const local = byInstance(invocations);
  const recorded = byInstance(recording.invocations);
  assert.ok(recorded.size > 0);
  assert.deepEqual([...local.keys()].sort(), [...recorded.keys()].sort());
  for (const [instance, expected] of recorded) {
    const last = (all: readonly RecordedInvocation[]) => all.at(-1)?.input.orchestrationTrigger?.history ?? [];
    assert.deepEqual(episodes(last(local.get(instance) ?? [])), episodes(last(expected)), instance);
  }
});

it('every episode marks played events as the recording does', () => {
  for (const [side, all] of Object.entries({ local: invocations, recorded: recording.invocations })) {
    assert.ok(all.length > 0, side);
    for (const { input } of all) {
      const { history = [], isReplaying, instanceId } = input.orchestrationTrigger ?? {};
      assert.deepEqual(framing(history), [], `${side} ${instanceId}`);
      assert.equal(
        isReplaying ?? false,
        history.some(({ EventType }) => EventType === 13),
        `${side} ${instanceId}`,
      );
    }
  }
});

it('orchestrators receive the recorded input and answer with the recorded actions', () => {
  const answersOf = (all: readonly RecordedInvocation[]) => {
    const each = all.map(({ output, result }) =>
      JSON.stringify(scrub(output.json === undefined ? result.exception?.message : JSON.parse(output.json))),
    );
    // An episode that only records a completion repeats the previous answer.
    return each.filter((answer, index) => answer !== each[index - 1]);
  };
  const inputsOf = (all: readonly RecordedInvocation[]) => {
    const { history: _, isReplaying: __, ...input } = all[0]?.input.orchestrationTrigger ?? ({} as EpisodeInput);
    return { input: scrub(input), metadata: all[0]?.triggerMetadataKeys };
  };
  const local = byInstance(invocations);
  const recorded = byInstance(recording.invocations);
  assert.ok(recorded.size > 0);
  for (const [instance, expected] of recorded) {
    assert.deepEqual(answersOf(local.get(instance) ?? []), answersOf(expected), instance);
    assert.deepEqual(inputsOf(local.get(instance) ?? []), inputsOf(expected), instance);
  }
});

it('activities receive the recorded inputs and metadata, and return the recorded results', () => {
  const activities = (all: readonly RecordedInvocation[]) =>
    all
      .filter(({ input }) => input.activityTrigger !== undefined)
      .map(({ input, triggerMetadataKeys, output, result }) =>
        JSON.stringify([input.activityTrigger?.string, triggerMetadataKeys, output, result.exception?.message ?? null]),
      )
      .sort();
  assert.ok(activities(invocations).length > 0);
  assert.deepEqual(activities(invocations), activities(recording.invocations));
});
