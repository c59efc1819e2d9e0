import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import fc from 'fast-check';
import type { Dispatcher } from 'undici';
import { Exchange } from '../../../src/mcp/http/exchange.ts';
import type { ExchangeHost, ExchangeState } from '../../../src/mcp/http/exchange-request.ts';
import { InFlightRequests } from '../../../src/mcp/http/in-flight-requests.ts';
import { ReplyMemory } from '../../../src/mcp/http/reply-memory.ts';
import { SAMPLE_FLAG } from '../../../src/sample/block.ts';
import { OPEN_GATE } from '../../../src/traffic/fence.ts';
import { eventOf } from '../../support/raw-http.ts';
import { clocksOf, idlePeer, plainRequest, result } from './exchange-rig.ts';

const TIMEOUTS = { headers: 400, idle: 300, total: 600 };
/** The order in which an exchange may go through its states. */
const STATES: readonly ExchangeState[] = ['waiting', 'resuming', 'decided', 'settled', 'ended'];
const socketError = Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' });

/** An event after which its stream can be resumed. */
const PRIMING = 'id: 7\ndata:\n\n';

/** Something that undici does or that we do, in any order. */
type Act =
  | { readonly do: 'start' | 'end' | 'error' | 'lateError' | 'abort' | 'cancel' | 'abandon' }
  | { readonly do: 'head'; readonly status: number; readonly type: string }
  | { readonly do: 'data'; readonly text: string; readonly cuts: readonly number[] }
  | { readonly do: 'accept'; readonly message: unknown }
  | { readonly do: 'wait'; readonly ms: number };

const answers = fc.constantFrom<unknown>(result, { ...result, id: '1' }, { ...result, id: 2 }, { method: 'x' }, null);
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ do: fc.constantFrom('start', 'end', 'error', 'lateError', 'abort', 'cancel', 'abandon') }),
  fc.record({
    do: fc.constant('head'),
    status: fc.constantFrom(103, 200, 200, 200, 202, 404),
    type: fc.constantFrom('text/event-stream', 'text/event-stream', 'application/json', ''),
  }),
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('data'),
      text: fc.oneof(
        answers.map(eventOf),
        fc.constantFrom(PRIMING, PRIMING, PRIMING, 'data: {"id"', JSON.stringify(result)),
      ),
      cuts: fc.array(fc.nat(60), { maxLength: 3 }),
    }),
  },
  fc.record({ do: fc.constant('accept'), message: answers }),
  fc.record({ do: fc.constant('wait'), ms: fc.constantFrom(0, 1, 5, 100, 250, 300, 400) }),
) as fc.Arbitrary<Act>;
/** The usual beginning of a request. */
const USUAL: readonly Act[] = [
  { do: 'start' },
  { do: 'head', status: 200, type: 'text/event-stream' },
  { do: 'data', text: PRIMING, cuts: [] },
  { do: 'end' },
];
const script = fc
  .tuple(fc.nat(USUAL.length), fc.array(act, { maxLength: 20 }))
  .map(([usual, acts]) => [...USUAL.slice(0, usual), ...acts]);
const run = fc.record({
  acts: script,
  expects: fc.constantFrom('response', 'response', 'response', 'acknowledgement', 'deletion', 'stream'),
  isResumed: fc.boolean(),
  cutsHeldStreams: fc.boolean(),
  hasBug: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
  /** undici confirms an abort immediately over HTTP/1.1; over a shared connection it may do so later. */
  confirmsAtOnce: fc.boolean(),
} as const);
type Run = typeof run extends fc.Arbitrary<infer Value> ? Value : never;

/** An exchange without a connection, in a time that passes only when the test says so. */
class Play {
  readonly exchange: Exchange;
  finished = 0;
  bugs = 0;
  unreadable = 0;
  readonly memory = new ReplyMemory();
  #nowMs = 1_000_000;
  readonly inFlight = new InFlightRequests<Exchange>(() => this.#nowMs);
  /** Whether undici has reported the end or failure of the reply to the exchange. */
  #isOver = false;
  #isStarted = false;
  readonly #tick: (ms: number) => void;
  readonly #confirmsAtOnce: boolean;
  readonly #controller = {
    abort: (error: Error) => {
      if (this.#confirmsAtOnce) this.#fail(error);
      else this.#unconfirmed = error;
    },
  } as Dispatcher.DispatchController;
  #unconfirmed: Error | undefined;

  /** @param test whose timers are mocked */
  constructor(test: TestContext, { expects, isResumed, cutsHeldStreams, hasBug, confirmsAtOnce }: Run) {
    this.#tick = (ms) => test.mock.timers.tick(ms);
    this.#confirmsAtOnce = confirmsAtOnce;
    const host: ExchangeHost<Exchange> = {
      now: () => this.#nowMs,
      gate: OPEN_GATE,
      inFlight: this.inFlight,
      cutsHeldStreams,
      timeouts: TIMEOUTS,
      limits: { maxReplyBytes: 1_000_000, memory: this.memory },
      onFinished: () => this.finished++,
      onUnreadable: () => this.unreadable++,
      onInternalError: () => this.bugs++,
    };
    const judge = plainRequest.judge;
    const broken = () => assert.fail('a broken judge');
    const peer = { ...idlePeer, onBroken: () => isResumed };
    this.exchange = new Exchange({ ...plainRequest, expects, peer, judge: hasBug ? broken : judge }, host);
  }

  /** Does what undici can do at this point, and after the end anything at all. */
  play(act: Act): unknown {
    const { exchange } = this;
    const hasHead = exchange.sample.headersMs !== undefined || this.#isOver;
    switch (act.do) {
      case 'start':
        if (this.#isStarted && !this.#isOver) return undefined;
        this.#isStarted = true;
        try {
          exchange.onRequestStart(this.#controller);
        } catch (error) {
          this.#fail(error as Error);
        }
        return undefined;
      case 'head':
        if (!this.#isStarted || (hasHead && !this.#isOver)) return undefined;
        return exchange.onResponseStart(this.#controller, act.status, { 'content-type': act.type });
      case 'data':
        if (hasHead) for (const chunk of cut(act.text, act.cuts)) exchange.onResponseData(this.#controller, chunk);
        return undefined;
      case 'end':
        if (!hasHead) return undefined;
        this.#isOver = true;
        return exchange.onResponseEnd();
      case 'error':
        return this.#fail(socketError);
      case 'lateError':
        return this.#unconfirmed === undefined ? undefined : this.#fail(this.#unconfirmed);
      case 'abort':
        return exchange.abort('CLIENT_ABORT', 'over');
      case 'cancel':
        return exchange.cancelStream();
      case 'accept':
        return exchange.accept(act.message);
      case 'abandon':
        return exchange.abandon('no more');
      case 'wait':
        this.#nowMs += act.ms;
        return this.#tick(act.ms);
    }
  }

  /** Lets all deadlines pass, and ends what only its caller ends: a stream that is read. */
  end(): void {
    for (let passed = 0; passed < 2 * TIMEOUTS.total; passed += 100) this.play({ do: 'wait', ms: 100 });
    if (this.finished === 0) this.exchange.abort('CLIENT_ABORT', 'the load has ended');
    this.play({ do: 'lateError' });
  }

  #fail(error: Error): void {
    this.#isOver = true;
    this.exchange.onResponseError(this.#controller, error);
  }
}

/** The text in chunks that end at these places. */
function cut(text: string, places: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text);
  const ends = [...places.toSorted((a, b) => a - b), bytes.length];
  return ends.map((end, at) => bytes.subarray(ends[at - 1] ?? 0, end));
}

const decided = ({ sample: { outcome, message, durationMs } }: Exchange) => ({ outcome, message, durationMs });
const sampled = ({ sample, status }: Exchange) => ({ ...sample, status });

it('ends every request exactly once and goes through its states in order, whatever happens', async (test) => {
  test.mock.timers.enable({ apis: ['setTimeout'] });
  const outcomes = new Set<string>();
  const states = new Set<ExchangeState>();
  await fc.assert(
    fc.asyncProperty(run, async (values) => {
      const play = new Play(test, values);
      const { exchange } = play;
      let before: object | undefined;
      let sample: object | undefined;
      let state: ExchangeState = 'waiting';
      const look = () => {
        assert.ok(STATES.indexOf(exchange.state) >= STATES.indexOf(state), `${exchange.state} after ${state}`);
        state = exchange.state;
        states.add(state);
        assert.equal(play.finished, state === 'ended' ? 1 : 0);
        if (exchange.over) before ??= decided(exchange);
        if (before !== undefined) assert.deepEqual(decided(exchange), before, 'the outcome changed');
        if (play.finished === 1) sample ??= sampled(exchange);
        if (sample !== undefined) assert.deepEqual(sampled(exchange), sample, 'the sample changed after the end');
      };
      for (const one of values.acts) {
        play.play(one);
        look();
      }
      play.end();
      look();
      assert.equal(play.finished, 1);
      await Promise.all([exchange.settled, exchange.ended(), exchange.ended()]);
      // The first event of a requested stream comes after its outcome, which is that it is open.
      if (values.expects !== 'stream') clocksOf(exchange);
      assert.equal(play.bugs, 0);
      assert.equal(play.memory.heldBytes, 0);
      assert.equal(play.unreadable === 0 || values.hasBug, true);
      if (exchange.outcome === 'REPLY_UNREADABLE') assert.match(exchange.message, /not be read: a broken judge/);
      outcomes.add(exchange.outcome);
      if (exchange.message.endsWith('; no more')) outcomes.add('abandoned');
      if (exchange.sample.flags & SAMPLE_FLAG.resumed) outcomes.add('resumed');
      if (exchange.sample.flags & SAMPLE_FLAG.held) outcomes.add('held');
    }),
    { numRuns: 5000 },
  );
  const all = ['OK', 'CLIENT_ABORT', 'REPLY_UNREADABLE', 'TMO_HEADERS', 'TMO_IDLE', 'TMO_TOTAL', 'NET_RESET_MID'];
  assert.deepEqual(
    [...all, 'abandoned', 'resumed', 'held'].filter((outcome) => !outcomes.has(outcome)),
    [],
    'the test must try all outcomes',
  );
  assert.deepEqual([...states].sort(), [...STATES].sort(), 'the test must try all states');
});

it('times out when the idle time is over, although more time was allowed for the headers', (test) => {
  test.mock.timers.enable({ apis: ['setTimeout'] });
  const [quiet] = fc.sample(run, 1) as [Run];
  const play = new Play(test, { ...quiet, expects: 'response', hasBug: false });
  for (const act of USUAL.slice(0, 2)) play.play(act);
  for (let passed = 0; passed < TIMEOUTS.idle; passed++) {
    assert.equal(play.exchange.over, false);
    play.play({ do: 'wait', ms: 1 });
  }
  assert.deepEqual(decided(play.exchange), { outcome: 'TMO_IDLE', message: 'no data for 300 ms', durationMs: 300 });
});

it('has no deadline after its end', (test) => {
  test.mock.timers.enable({ apis: ['setTimeout'] });
  let ended = 0;
  fc.assert(
    fc.property(run, (values) => {
      const play = new Play(test, values);
      for (const one of values.acts) if (play.finished === 0) play.play(one);
      if (play.finished === 0) return;
      ended++;
      assert.equal(play.inFlight.size, 0);
      const onDeadline = test.mock.method(play.exchange, 'onDeadline');
      play.play({ do: 'wait', ms: 2 * TIMEOUTS.total });
      assert.equal(onDeadline.mock.callCount(), 0);
      assert.equal(play.finished, 1);
    }),
    { numRuns: 1000 },
  );
  assert.ok(ended > 100, `only ${ended} ended`);
});
