import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import fc from 'fast-check';
import type { Dispatcher } from 'undici';
import { Exchange, type ExchangeHost } from '../../../src/mcp/http/exchange.ts';
import { InFlightRequests } from '../../../src/mcp/http/in-flight-requests.ts';
import { SAMPLE_FLAG } from '../../../src/sample/block.ts';
import { eventOf } from '../../support/raw-http.ts';
import { clocksOf, idlePeer, plainRequest } from './exchange-rig.ts';
import { result } from './outcome-case.ts';

const TIMEOUTS = { headers: 400, idle: 300, total: 600 };
const socketError = Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' });

/** An event after which its stream can be taken up again. */
const PRIMING = 'id: 7\ndata:\n\n';

/** Something that undici does or that we do, in any order. */
type Act =
  | { readonly do: 'start' | 'end' | 'error' | 'lateError' | 'abort' | 'cut' | 'abandon' }
  | { readonly do: 'head'; readonly status: number; readonly type: string }
  | { readonly do: 'data'; readonly text: string; readonly cuts: readonly number[] }
  | { readonly do: 'accept'; readonly message: unknown }
  | { readonly do: 'wait'; readonly ms: number };

const answers = fc.constantFrom<unknown>(result, { ...result, id: '1' }, { ...result, id: 2 }, { method: 'x' }, null);
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ do: fc.constantFrom('start', 'end', 'error', 'lateError', 'abort', 'cut', 'abandon') }),
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
/** How far a request usually comes. */
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
  isTakenUp: fc.boolean(),
  cutsHeldStreams: fc.boolean(),
  hasBug: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
  /** undici tells of an abort at once; a connection that shares its requests may do it later. */
  tellsAtOnce: fc.boolean(),
} as const);
type Run = typeof run extends fc.Arbitrary<infer Value> ? Value : never;

/** An exchange by itself, in a time that passes only when told to. */
class Play {
  readonly exchange: Exchange;
  finished = 0;
  bugs = 0;
  #nowMs = 1_000_000;
  readonly inFlight = new InFlightRequests<Exchange>(() => this.#nowMs);
  #told = false;
  #started = false;
  readonly #tellsAtOnce: boolean;
  readonly #controller = {
    abort: (error: Error) => {
      if (this.#tellsAtOnce) this.#tell(error);
      else this.#late = error;
    },
  } as Dispatcher.DispatchController;
  #late: Error | undefined;

  constructor({ expects, isTakenUp, cutsHeldStreams, hasBug, tellsAtOnce }: Run) {
    this.#tellsAtOnce = tellsAtOnce;
    const host: ExchangeHost = {
      now: () => this.#nowMs,
      inFlight: this.inFlight,
      cutsHeldStreams,
      timeouts: TIMEOUTS,
      onFinished: () => this.finished++,
      onBug: () => this.bugs++,
    };
    const judge = plainRequest.judge;
    const broken = () => assert.fail('a bug of ours');
    const peer = { ...idlePeer, onBroken: () => isTakenUp };
    this.exchange = new Exchange({ ...plainRequest, expects, peer, judge: hasBug ? broken : judge }, host);
  }

  /** Does what undici can do at this point, and after the end anything at all. */
  play(act: Act): unknown {
    const { exchange } = this;
    const isHeaded = exchange.sample.headersMs !== undefined || this.#told;
    switch (act.do) {
      case 'start':
        if (this.#started && !this.#told) return undefined;
        this.#started = true;
        try {
          exchange.onRequestStart(this.#controller);
        } catch (error) {
          this.#tell(error as Error);
        }
        return undefined;
      case 'head':
        if (!this.#started || (isHeaded && !this.#told)) return undefined;
        return exchange.onResponseStart(this.#controller, act.status, { 'content-type': act.type });
      case 'data':
        if (isHeaded) for (const chunk of cut(act.text, act.cuts)) exchange.onResponseData(this.#controller, chunk);
        return undefined;
      case 'end':
        if (!isHeaded) return undefined;
        this.#told = true;
        return exchange.onResponseEnd();
      case 'error':
        return this.#tell(socketError);
      case 'lateError':
        return this.#late === undefined ? undefined : this.#tell(this.#late);
      case 'abort':
        return exchange.abort('CLIENT_ABORT', 'over');
      case 'cut':
        return exchange.cancelStream();
      case 'accept':
        return exchange.accept(act.message);
      case 'abandon':
        return exchange.abandon('no more');
      case 'wait':
        this.#nowMs += act.ms;
        return mock.timers.tick(act.ms);
    }
  }

  /** Lets all time pass that anything may take, and ends what nothing but its caller ends: a stream that is read. */
  end(): void {
    for (let passed = 0; passed < 2 * TIMEOUTS.total; passed += 100) this.play({ do: 'wait', ms: 100 });
    if (this.finished === 0) this.exchange.abort('CLIENT_ABORT', 'the load has ended');
    this.play({ do: 'lateError' });
  }

  #tell(error: Error): void {
    this.#told = true;
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
const sampled = (exchange: Exchange) => {
  const { socketMs, headersMs, firstEventMs, closeMs, bytes, flags } = exchange.sample;
  return { ...decided(exchange), socketMs, headersMs, firstEventMs, closeMs, bytes, flags, status: exchange.status };
};

describe('Exchange', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  it('ends every request exactly once, whatever happens to it in whatever order', async () => {
    const outcomes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(run, async (values) => {
        const play = new Play(values);
        const { exchange } = play;
        let before: object | undefined;
        let sample: object | undefined;
        const look = () => {
          if (exchange.over) before ??= decided(exchange);
          if (before !== undefined) assert.deepEqual(decided(exchange), before, 'decided once');
          if (play.finished === 1) sample ??= sampled(exchange);
          if (sample !== undefined) assert.deepEqual(sampled(exchange), sample, 'complete when it is handed over');
        };
        for (const one of values.acts) {
          play.play(one);
          look();
        }
        play.end();
        look();
        assert.equal(play.finished, 1);
        await Promise.all([exchange.settled, exchange.ended(), exchange.ended()]);
        // The first event of a stream that was asked for comes after all that its caller waits for.
        if (values.expects !== 'stream') clocksOf(exchange);
        assert.equal(play.bugs === 0 || values.hasBug, true);
        if (play.bugs > 0) assert.match(exchange.message, /mcp-surge failed: a bug of ours/);
        outcomes.add(exchange.outcome);
        if (exchange.message.endsWith('; no more')) outcomes.add('abandoned');
        if (exchange.sample.flags & SAMPLE_FLAG.resumed) outcomes.add('resumed');
        if (exchange.sample.flags & SAMPLE_FLAG.held) outcomes.add('held');
      }),
      { numRuns: 5000 },
    );
    const all = ['OK', 'CLIENT_ABORT', 'TMO_HEADERS', 'TMO_IDLE', 'TMO_TOTAL', 'NET_RESET_MID'];
    assert.deepEqual(
      [...all, 'abandoned', 'resumed', 'held'].filter((outcome) => !outcomes.has(outcome)),
      [],
      'the test must try it all',
    );
  });

  it('is out of time when its silence is, although more was allowed for its headers', () => {
    const [quiet] = fc.sample(run, 1) as [Run];
    const play = new Play({ ...quiet, expects: 'response', hasBug: false });
    for (const act of USUAL.slice(0, 2)) play.play(act);
    for (let passed = 0; passed < TIMEOUTS.idle; passed++) {
      assert.equal(play.exchange.over, false);
      play.play({ do: 'wait', ms: 1 });
    }
    assert.deepEqual(decided(play.exchange), { outcome: 'TMO_IDLE', message: 'no data for 300 ms', durationMs: 300 });
  });

  it('is not told of its time once it is over', () => {
    let ended = 0;
    fc.assert(
      fc.property(run, (values) => {
        const play = new Play(values);
        for (const one of values.acts) if (play.finished === 0) play.play(one);
        if (play.finished === 0) return;
        ended++;
        assert.equal(play.inFlight.size, 0);
        const onDeadline = mock.method(play.exchange, 'onDeadline');
        play.play({ do: 'wait', ms: 2 * TIMEOUTS.total });
        assert.equal(onDeadline.mock.callCount(), 0);
        assert.equal(play.finished, 1);
      }),
      { numRuns: 1000 },
    );
    assert.ok(ended > 100, `${ended} ended by themselves`);
  });
});
