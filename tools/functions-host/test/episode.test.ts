import assert from 'node:assert/strict';
import { it } from 'node:test';
import { decide } from '../durable/episode.ts';
import { eventType, type HistoryEvent, historyEvent } from '../durable/history-event.ts';
import { actionType, type OrchestratorAction, type OrchestratorReply } from '../durable/orchestrator-protocol.ts';

const DAY_MS = 86_400_000;
const START = '2026-01-01T00:00:00.000Z';
const known = { activities: new Set(['a', 'b']), orchestrators: new Set(['o']) };
const started = (timestamp = START) => historyEvent(eventType.orchestratorStarted, {}, -1, timestamp);
const begun: readonly HistoryEvent[] = [started(), historyEvent(eventType.executionStarted)];

function decideOn(
  history: readonly HistoryEvent[],
  actions: readonly OrchestratorAction[],
  end?: OrchestratorReply['end'],
) {
  return decide('o', 'exec', history, { actions, customStatus: undefined, end: end ?? { kind: 'waiting' } }, known);
}
const call = (functionName: string): OrchestratorAction => ({ actionType: actionType.callActivity, functionName });
const all = (...compoundActions: OrchestratorAction[]): OrchestratorAction => ({
  actionType: actionType.whenAll,
  compoundActions,
});
const scheduled = (name: string, id: number) => historyEvent(eventType.taskScheduled, { Name: name }, id);
const completed = (id: number) => historyEvent(eventType.taskCompleted, { TaskScheduledId: id, Result: 'null' });
const failed = (id: number) => historyEvent(eventType.taskFailed, { TaskScheduledId: id });

it('an action is scheduled once, and the next one after it has ended', () => {
  const actions = [call('a'), call('b')];
  const names = (history: readonly HistoryEvent[]) =>
    decideOn(history, actions).work.map(({ event }) => [event.EventId, event.Name]);
  assert.deepEqual(names(begun), [[0, 'a']]);
  assert.deepEqual(names([...begun, scheduled('a', 0)]), []);
  assert.deepEqual(names([...begun, scheduled('a', 0), completed(0)]), [[1, 'b']]);
});

it('a timer longer than six days is split into steps of three days', () => {
  const fireAt = new Date(Date.parse(START) + 8 * DAY_MS).toISOString();
  const actions: OrchestratorAction[] = [{ actionType: actionType.createTimer, fireAt, isCanceled: false }];
  const first = decideOn(begun, actions).work[0]?.event;
  assert.equal(first?.FireAt, '2026-01-04T00:00:00.000Z');
  const fired = historyEvent(eventType.timerFired, { TimerId: 0 });
  const then = decideOn([...begun, first!, started('2026-01-04T00:00:00.000Z'), fired], actions).work;
  assert.deepEqual(
    then.map(({ event }) => [event.EventId, event.FireAt]),
    [[1, fireAt]],
  );
});

it('pauses between retries grow to their maximum and end with the retry timeout', () => {
  const retryOptions = {
    firstRetryIntervalInMilliseconds: 1_000,
    maxNumberOfAttempts: 10,
    backoffCoefficient: 3,
    maxRetryIntervalInMilliseconds: 5_000,
    retryTimeoutInMilliseconds: 10_000,
  };
  const actions: OrchestratorAction[] = [
    { actionType: actionType.callActivityWithRetry, functionName: 'a', retryOptions },
  ];
  const threw = { kind: 'threw', message: 'used up', stack: '' } as const;
  const history = [...begun];
  const pausesMs: number[] = [];
  for (let id = 0, nowMs = Date.parse(START); ; id += 2) {
    history.push(...decideOn(history, actions).work.map(({ event }) => event), failed(id));
    const { work, completion } = decideOn(history, actions, threw);
    const [timer] = work;
    if (timer?.scheduled.kind !== 'timer') {
      assert.equal(completion?.status, 'Failed');
      break;
    }
    pausesMs.push(timer.scheduled.fireAtMs - nowMs);
    nowMs = timer.scheduled.fireAtMs;
    history.push(
      timer.event,
      started(new Date(nowMs).toISOString()),
      historyEvent(eventType.timerFired, { TimerId: id + 1 }),
    );
  }
  assert.deepEqual(pausesMs, [1_000, 3_000, 5_000, 5_000]);
});

it('an orchestration ends only after all its tasks have ended', () => {
  const actions = [all(call('a'), call('b'))];
  const threw = { kind: 'threw', message: 'a failed', stack: 's' } as const;
  const history = [...begun, scheduled('a', 0), scheduled('b', 1), failed(0)];
  assert.equal(decideOn(history, actions, threw).completion, undefined);
  const { completion } = decideOn([...history, completed(1)], actions, threw);
  const result = "Orchestrator function 'o' failed: a failed";
  assert.deepEqual(completion, { status: 'Failed', result, details: 'Message: a failed, StackTrace: s' });
});

it('an orchestrator that does not repeat its history fails', () => {
  const cases: readonly [HistoryEvent, RegExp][] = [
    [scheduled('b', 0), /instead scheduled an activity task named 'a' with this sequence number/],
    [historyEvent(eventType.timerCreated, {}, 0), /instead produced a ScheduleTaskOrchestratorAction action/],
    [scheduled('a', 5), /sequence ID 5 and name 'a' .* hasn't \(yet\?\) scheduled this task/],
  ];
  for (const [before, message] of cases) {
    const { completion, work } = decideOn([...begun, before], [call('a')]);
    const result = completion?.status === 'Failed' ? completion.result : '';
    assert.match(result, /^Non-Deterministic workflow detected: A previous execution of this orchestration scheduled /);
    assert.match(result, message);
    assert.deepEqual(work, []);
  }
});

it('work that is scheduled in the episode of a terminate begins all the same', () => {
  const terminated = historyEvent(eventType.executionTerminated, { Input: 'enough' });
  const { completion, work } = decideOn(
    [...begun, scheduled('a', 0), completed(0), terminated],
    [call('a'), call('b')],
  );
  assert.deepEqual(completion, { status: 'Terminated', result: 'enough' });
  assert.deepEqual(
    work.map(({ event }) => event.Name),
    ['b'],
  );
});

it('a cancelled timer does not block the orchestration and keeps its id', () => {
  const timer: OrchestratorAction = {
    actionType: actionType.createTimer,
    fireAt: '2027-01-01T00:00:00Z',
    isCanceled: true,
  };
  const actions = [{ actionType: actionType.whenAny, compoundActions: [timer] }, call('a')];
  const { work } = decideOn(begun, actions);
  assert.deepEqual(
    work.map(({ event }) => [event.EventId, event.EventType]),
    [
      [0, eventType.timerCreated],
      [1, eventType.taskScheduled],
    ],
  );
});
