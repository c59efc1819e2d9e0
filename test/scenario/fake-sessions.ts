import assert from 'node:assert/strict';
import type { Exchange } from '../../src/mcp/http/exchange.ts';
import type { Caller, Session } from '../../src/mcp/session/session.ts';
import { SAMPLE_FLAG, SAMPLE_KIND } from '../../src/sample/block.ts';
import type { CutOutcome, Outcome } from '../../src/sample/outcome.ts';
import { Recorder } from '../../src/sample/recorder.ts';
import type { VirtualUser } from '../../src/traffic/executor.ts';
import { aPlan, type PlanParts } from '../support/a-plan.ts';
import { aSegmentRun } from '../support/a-segment-run.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/** How a session behaves. */
export type Behaviour = {
  readonly opens: boolean;
  /** Outcomes of its calls in turn; the last one is repeated. */
  readonly outcome?: Outcome | readonly Outcome[];
  readonly diesAfter?: number;
  /** How long its opening waits in vain for an event stream. */
  readonly waitedMs?: number;
  /** Value of Retry-After on failures, with status 429. */
  readonly retryAfter?: string;
  readonly result?: unknown;
};

export type RecordedSample = {
  readonly kind: string;
  readonly operation: string;
  readonly outcome: string;
  readonly startMs: number;
  readonly lagMs: number;
  readonly durationMs: number;
  readonly vu: number;
  readonly iteration: number;
};

export type Rig = {
  readonly user: VirtualUser;
  readonly clock: VirtualClock;
  /** What the virtual user did with its sessions, one line each. */
  readonly log: readonly string[];
  /** The calls, with their virtual time. */
  readonly calls: readonly {
    readonly atMs: number;
    readonly params: Record<string, unknown>;
    readonly lagMs: number;
  }[];
  readonly stopping: AbortController;
  readonly ended: AbortController;
  samples(kind?: keyof typeof SAMPLE_KIND): RecordedSample[];
};

export const START_MS = 1000;
/** The number of the rig's only virtual user. */
const VU = 7;
/** How long a call takes; opening and closing take no time. */
export const CALL_MS = 250;

/** A virtual user whose sessions behave as told, one after the other; the last behaviour is repeated. */
export function rigOf(
  behaviours: readonly Behaviour[],
  parts: PlanParts = {},
  { toMs = Number.POSITIVE_INFINITY }: { readonly toMs?: number } = {},
): Rig {
  const clock = new VirtualClock(START_MS);
  const log: string[] = [];
  const calls: { atMs: number; params: Record<string, unknown>; lagMs: number }[] = [];
  const recorder = new Recorder(
    START_MS,
    () => assert.fail(),
    (text) => text,
  );
  const operation = recorder.operation('web', 'tools/call:look', 'step');
  const stopping = new AbortController();
  const ended = new AbortController();
  const inFlight = new Set<(outcome: CutOutcome) => void>();
  let opened = 0;
  const openSession = (): Session => {
    const number = opened++;
    const behaviour = behaviours[Math.min(number, behaviours.length - 1)] as Behaviour;
    return fakeSession(number, behaviour);
  };
  const fakeSession = (number: number, behaviour: Behaviour): Session => {
    const { opens, outcome = 'OK', diesAfter = Number.POSITIVE_INFINITY, retryAfter, result, waitedMs = 0 } = behaviour;
    const outcomes = [outcome].flat();
    let requests = 0;
    const exchangeOf = (scripted: Outcome) =>
      ({
        // A request with an outcome of the network has had no connection.
        sample: { operation, socketMs: scripted.startsWith('NET_') ? undefined : 0 },
        outcome: scripted,
        status: scripted.startsWith('NET_') ? 0 : retryAfter === undefined ? 200 : 429,
        replyHeaders: { 'retry-after': retryAfter },
        result,
      }) as unknown as Exchange;
    return {
      stateless: false,
      waitedMs,
      async open({ intended }) {
        log.push(`open ${number}${lagOf(clock, intended?.take())}`);
        if (waitedMs > 0) await clock.sleepUntil(clock.now() + waitedMs);
        if (!opens) return { failed: exchangeOf(outcomes[0] as Outcome) };
        const facts = { protocolVersion: '2025-11-25', server: 'fake', session: 'stateful' } as const;
        return { facts, tools: [], capabilities: [] };
      },
      get alive() {
        return requests < diesAfter;
      },
      async request(call, caller) {
        const scripted = outcomes[Math.min(requests++, outcomes.length - 1)] as Outcome;
        const params = JSON.parse(call.params);
        const page = 'cursor' in params ? ' next page' : '';
        const atMs = clock.now();
        const intendedMs = caller.intended?.take();
        calls.push({ atMs, params, lagMs: intendedMs === undefined ? 0 : atMs - intendedMs });
        log.push(`${call.operation} on ${number}${page}${marksOf(caller)}${lagOf(clock, intendedMs)}`);
        const aborted = new AbortController();
        const abort = (outcome: CutOutcome) => aborted.abort(outcome);
        inFlight.add(abort);
        await clock.sleepUntil(clock.now() + CALL_MS, aborted.signal);
        inFlight.delete(abort);
        if (aborted.signal.aborted) return exchangeOf(aborted.signal.reason);
        const judged = scripted === 'OK' && result !== undefined ? call.judge(result).outcome : scripted;
        const exchange = exchangeOf(judged);
        return page === '' ? exchange : ({ ...exchange, result: { tools: [] } } as unknown as Exchange);
      },
      async close() {
        log.push(`close ${number}`);
      },
      abandon() {
        log.push(`leave ${number}`);
      },
    };
  };
  const user = aSegmentRun(aPlan({ ...parts, target: { maxRetryAfter: '10s', ...parts.target } }), {
    clock,
    recorder,
    client: {
      openSession,
      connection: {
        abortAll: (_, outcome, isMeant) => {
          if (isMeant?.(VU) !== false) for (const abort of inFlight) abort(outcome);
        },
      },
      rejected: new AbortController().signal,
      ended: ended.signal,
    },
    stopping: stopping.signal,
    segment: { firstVu: VU, vus: [VU], toMs },
  }).newVu(VU);
  const samples = samplesOf(recorder);
  return {
    user,
    clock,
    log,
    calls,
    stopping,
    ended,
    samples: (kind) => samples().filter((sample) => kind === undefined || sample.kind === kind),
  };
}

function lagOf(clock: VirtualClock, intendedMs: number | undefined): string {
  return intendedMs === undefined ? '' : ` ${clock.now() - intendedMs} ms late`;
}

function marksOf({ retry, callFlags = 0 }: Caller): string {
  const first = callFlags & SAMPLE_FLAG.firstOfSession ? ' first' : '';
  const idle = callFlags & SAMPLE_FLAG.afterIdle ? ' after idle' : '';
  return `${first}${idle}${retry === true ? ' again' : ''}`;
}

/** Reads everything that was recorded so far. */
function samplesOf(recorder: Recorder): () => RecordedSample[] {
  const read: RecordedSample[] = [];
  const kinds = Object.keys(SAMPLE_KIND);
  return () => {
    const block = recorder.drain();
    for (let at = 0; at < (block?.count ?? 0); at++) {
      const { columns, operations, outcomes, originMs } = block ?? assert.fail();
      read.push({
        kind: kinds[columns.kind[at] as number] as string,
        operation: operations[columns.operation[at] as number]?.operation as string,
        outcome: outcomes[columns.outcome[at] as number] as string,
        startMs: originMs + (columns.startUs[at] as number) / 1000,
        lagMs: (columns.lagUs[at] as number) / 1000,
        durationMs: (columns.durationUs[at] as number) / 1000,
        vu: columns.vu[at] as number,
        iteration: columns.iteration[at] as number,
      });
    }
    return read;
  };
}
