import type { DeviationRule } from '../../plan/deviation-rules.ts';
import { asRecord } from '../../plan/primitives.ts';
import type { Exchange } from '../http/exchange.ts';
import {
  type BrokenExchange,
  type BrokenStream,
  type ExchangePeer,
  headerOf,
  type JudgedExchange,
} from '../http/exchange-request.ts';
import { isServerMessage, type Judgement } from '../http/json-rpc.ts';
import { clientCapabilities } from '../operations/answer-input.ts';
import { addParams, type Call } from '../operations/call.ts';
import type { Tool } from '../operations/tool.ts';
import { Background } from './background.ts';
import { findInOpening, findInResult, isUndeclared } from './deviations.ts';
import { EventStream, lastEventIdHeader, type OpenStream, resume } from './event-stream.ts';
import {
  initializeJudge,
  LEGACY_REVISIONS,
  namesOf,
  OLDEST_REVISION,
  readInitialize,
  serverText,
} from './handshakes.ts';
import { listTools } from './lists.ts';
import { failedForToken, Sender } from './sender.ts';
import { answerServer, MAX_ANSWERS } from './server-requests.ts';
import {
  type Caller,
  clientInfoOf,
  FAREWELL_MS,
  followUp,
  type NotOpened,
  type Opened,
  type Session,
  type SessionOptions,
  succeeded,
} from './session.ts';
import { callAsTask, concludeCall, isLostTask, judgeLegacyCreated, latestEndOf, legacyTask } from './tasks.ts';

/** The share of its time that closing a session spends on cancellations at most; the rest is for DELETE. */
const CANCELLATIONS_SHARE = 0.5;

const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

/** Outcomes after which a session cannot be used any more. */
const SESSION_LOST: ReadonlySet<string> = new Set(['SESS_EXPIRED', 'SESS_LOST', 'SESS_MISSING', 'AUTH_REJECTED']);

/** Outcomes after which the server may still be working on the request: it must be told to stop. */
const LEFT_RUNNING: ReadonlySet<string> = new Set([
  'TMO_IDLE',
  'TMO_TOTAL',
  'TMO_HEADERS',
  'TMO_GRACEFUL_STOP',
  'CLIENT_ABORT',
  'CLIENT_LIMIT',
  'REPLY_TOO_LARGE',
]);

/** Outcomes that say which rule the server broke. */
const DEVIATION_OF: ReadonlyMap<string, DeviationRule> = new Map<string, DeviationRule>([
  ['SESS_LOST', 'dead-session-status'],
  ['PROTO_NOTIF_ACK', 'notification-ack'],
  ['PROTO_LIST_ENDLESS', 'endless-list'],
]);

/** Why a call was cancelled, for the server's owner. */
const CANCEL_REASONS: Readonly<Record<string, string>> = {
  TMO_GRACEFUL_STOP: 'the load has ended',
  CLIENT_ABORT: 'the load has ended',
  CLIENT_LIMIT: 'the client has no connection or memory left for the answer',
  REPLY_TOO_LARGE: 'the answer is too large',
};

/** A session of the protocol's first era: initialize, a session id if the server assigns one, DELETE at the end. */
export class LegacySession implements Session, ExchangePeer {
  readonly stateless = false;
  readonly #options: SessionOptions;
  readonly #sender: Sender;
  #sessionId = '';
  #nextId = 1;
  #waitedMs = 0;
  #alive = false;
  #tools: ReadonlyMap<string, Tool> | undefined;
  #eventStream: EventStream | undefined;
  /** Calls whose stream broke and whose answer comes over another one. */
  readonly #broken = new Set<BrokenExchange>();
  readonly #background = new Background();
  /** Answers to requests of the server that are under way. */
  #answering = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#sender = new Sender(options, this);
  }

  get waitedMs(): number {
    return this.#waitedMs;
  }

  get alive(): boolean {
    return this.#alive;
  }

  async open(caller: Caller): Promise<Opened | NotOpened> {
    const { target, userAgent } = this.#options;
    const pinned = target.protocol === 'auto' ? undefined : target.protocol;
    const params = {
      protocolVersion: pinned ?? LEGACY_REVISIONS[0],
      capabilities: clientCapabilities(target.elicitation),
      clientInfo: clientInfoOf(userAgent),
    };
    const initialize = await this.#sender.send(
      {
        method: 'POST',
        body: `{"jsonrpc":"2.0","id":${this.#nextId},"method":"initialize","params":${JSON.stringify(params)}}`,
        expects: 'response',
        id: this.#nextId++,
        operation: 'initialize',
        opensSession: true,
        judge: initializeJudge(pinned),
      },
      caller,
    );
    if (!succeeded(initialize)) return { failed: initialize };
    const { protocolVersion, capabilities, serverInfo } = readInitialize(initialize.result);
    this.#sessionId = headerOf(initialize.replyHeaders, 'mcp-session-id');
    const id = this.#sessionId === '' ? [] : ['mcp-session-id', this.#sessionId];
    findInOpening(initialize.result, this.#sessionId, this.#options.firstServer, (rule, example) =>
      this.onDeviation(initialize, rule, example),
    );
    const version = protocolVersion === OLDEST_REVISION ? [] : ['mcp-protocol-version', protocolVersion];
    this.#sender.setSession([...version, ...id], id.length > 0);
    this.#alive = true;
    const initialized = await this.#notify('notifications/initialized', INITIALIZED, caller);
    const tools = await this.#finishOpening(initialized, 'tools' in capabilities, caller);
    if ('failed' in tools) {
      await this.close(caller);
      return tools;
    }
    this.#tools = this.#options.tools.of(tools);
    return {
      facts: {
        protocolVersion,
        server: serverText(serverInfo?.name ?? '', serverInfo?.version ?? ''),
        session: this.#sessionId === '' ? 'stateless' : 'stateful',
      },
      tools,
      capabilities: namesOf(capabilities),
    };
  }

  async request(call: Call, caller: Caller): Promise<Exchange> {
    const tool = call.method === 'tools/call' ? this.#tools?.get(call.name ?? '') : undefined;
    const isTask = tool?.taskSupport === 'required';
    const { method, params, progress, operation, kind = 'step', judge } = isTask ? callAsTask(call) : call;
    const id = this.#nextId++;
    const whole = progress ? addParams(params, `"_meta":{"progressToken":${id}}`) : params;
    const body = `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${whole}}`;
    const exchange = await this.#sender.send(
      { method: 'POST', body, expects: 'response', id, rpcMethod: method, operation, kind, judge, tool },
      caller,
    );
    this.#check(exchange);
    if (LEFT_RUNNING.has(exchange.outcome) && exchange.sample.socketMs !== undefined)
      this.#cancel(id, exchange, caller);
    if (exchange.continues) await this.#waitForTask(call, exchange, tool, caller);
    return exchange;
  }

  async close(caller: Caller, withinMs = this.#options.closeWithinMs): Promise<void> {
    const { clock, rejected } = this.#options;
    const endMs = clock.now() + (withinMs ?? Number.POSITIVE_INFINITY);
    const wasAlive = this.#alive;
    this.#end('the session was closed');
    // A cancellation must arrive before the session ends: afterwards there is nothing to cancel.
    await this.#background.done(clock, withinMs === undefined ? undefined : withinMs * CANCELLATIONS_SHARE);
    // A target that refuses the credentials gets no further request.
    if (!wasAlive || this.#sessionId === '' || rejected.aborted) return;
    const left = withinMs === undefined ? {} : { withinMs: Math.max(1, Math.ceil(endMs - clock.now())) };
    await this.#sender.send(
      { method: 'DELETE', body: null, expects: 'deletion', operation: 'DELETE', ...left },
      caller,
    );
  }

  abandon(): void {
    this.#end('the session was abandoned');
  }

  judgeResult(exchange: JudgedExchange): Judgement {
    const { request, result } = exchange;
    exchange.continues = request.judge === judgeLegacyCreated;
    findInResult(request.rpcMethod, result, (rule, example) => this.onDeviation(exchange, rule, example));
    if (asRecord(result).nextCursor === '') this.onDeviation(exchange, 'empty-cursor', '');
    return request.judge(result, request.tool);
  }

  onMessage(exchange: JudgedExchange, message: unknown): void {
    if (!isServerMessage(message)) {
      for (const waiting of this.#broken) waiting.accept(message);
      return;
    }
    if (message.id === undefined || this.#options.rejected.aborted) return;
    if (isUndeclared(message.method, this.#options.target.elicitation))
      this.onDeviation(exchange, 'undeclared-client-feature', message.method);
    const { extraRequests, target } = this.#options;
    const answer =
      this.#answering < MAX_ANSWERS && extraRequests.take() ? answerServer(message, target.elicitation) : undefined;
    if (answer === undefined) {
      extraRequests.refuse();
      return;
    }
    this.#answering++;
    const done = () => {
      this.#answering--;
    };
    this.#background.add(this.#notify(answer.operation, answer.body, exchange.request).then(done, done));
  }

  onOtherEvent(): void {}

  onDeviation({ request }: JudgedExchange, rule: DeviationRule, example: string): void {
    this.#options.onDeviation?.(rule, request.operation, example);
  }

  onBroken(exchange: BrokenExchange, stream: BrokenStream): boolean {
    if (!this.#alive || lastEventIdHeader(stream.lastEventId).length === 0) return false;
    this.#broken.add(exchange);
    void exchange.settled.then(() => this.#broken.delete(exchange));
    const { clock, ended, extraRequests } = this.#options;
    const open: OpenStream = (lastEventId, onSent) => this.#openStream(lastEventId, exchange.request, onSent);
    // Rejects only because of a bug in mcp-surge, which the connection remembers.
    resume(exchange, stream, { clock, ended, extraRequests }, open).catch(() => {});
    return true;
  }

  /** Waits for the task that a call has created. */
  #waitForTask(call: Call, created: Exchange, tool: Tool | undefined, caller: Caller): Promise<void> {
    const { clock, ended, target, connection } = this.#options;
    const { elicitation } = target;
    const options = { clock, ended, elicitation, isOver: () => !created.continues, endsByMs: latestEndOf(created) };
    const send = (part: Call) => this.request(part, followUp(caller));
    return concludeCall(connection, created, () => legacyTask(call, created, tool, options, send));
  }

  /** The steps after the handshake: opens the stream for server messages if the plan wants it, and lists the tools. */
  async #finishOpening(
    initialized: Exchange,
    isDeclared: boolean,
    caller: Caller,
  ): Promise<readonly Tool[] | NotOpened> {
    if (!succeeded(initialized)) return { failed: initialized };
    const { target, clock, extraRequests } = this.#options;
    if (target.eventStream) {
      this.#eventStream = new EventStream({ clock, extraRequests }, (id, onSent) =>
        this.#openStream(id, caller, onSent),
      );
      this.#waitedMs = await this.#eventStream.open();
    }
    const tools = await listTools(this, caller, this.#options.tools, isDeclared);
    const isUndeclared = !isDeclared && 'length' in tools && tools.length > 0;
    if (isUndeclared) this.onDeviation(initialized, 'capability-not-declared', 'tools');
    return tools;
  }

  /**
   * Revision 2025-11-25, "Cancellation": closing a connection does not cancel a request, so the server must be told.
   */
  #cancel(requestId: number, { outcome }: Exchange, caller: Caller): void {
    const params = { requestId, reason: CANCEL_REASONS[outcome] ?? 'no answer in time' };
    const body = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params });
    this.#sendInBackground('notifications/cancelled', body, caller);
  }

  /** Sends what no caller waits for. A target that refuses the credentials gets nothing more. */
  #sendInBackground(operation: string, body: string, caller: Caller): void {
    if (!this.#options.rejected.aborted) this.#background.add(this.#notify(operation, body, caller));
  }

  async #notify(operation: string, body: string, caller: Caller): Promise<Exchange> {
    const limit = this.#options.ended.aborted ? { withinMs: FAREWELL_MS * CANCELLATIONS_SHARE } : {};
    const exchange = await this.#sender.send(
      { method: 'POST', body, expects: 'acknowledgement', operation, ...limit },
      caller,
      (sent) => this.#background.watch(sent),
    );
    this.#check(exchange);
    return exchange;
  }

  #openStream(lastEventId: string | undefined, caller: Caller, onSent: (stream: Exchange) => void): Promise<Exchange> {
    const headers = lastEventIdHeader(lastEventId);
    return this.#sender.send(
      { method: 'GET', body: null, expects: 'stream', operation: 'GET', headers },
      caller,
      onSent,
    );
  }

  /**
   * Marks the session as lost when a POST says so. A GET does not count: servers without the stream answer it with 404
   * too. Neither does a request that was sent before there was a session id.
   */
  #check(exchange: Exchange): void {
    const { outcome, request, message } = exchange;
    const rule = DEVIATION_OF.get(outcome);
    if (rule !== undefined) this.onDeviation(exchange, rule, message);
    else if (isLostTask(exchange)) this.onDeviation(exchange, 'task-not-durable', message);
    const isOfSession = request.sentSessionId === (this.#sessionId !== '');
    // Without a token nothing can be sent, so a caller that carried on would loop without ever waiting.
    const isOver = SESSION_LOST.has(outcome) || failedForToken(exchange);
    if (isOver && isOfSession) this.#end(`the session ended in ${outcome}`);
  }

  /** Marks the session as over and ends everything that waits in it. */
  #end(why: string): void {
    this.#alive = false;
    this.#eventStream?.close();
    for (const waiting of this.#broken) waiting.abandon(why);
  }
}
