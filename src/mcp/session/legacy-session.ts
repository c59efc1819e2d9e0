import type { Target } from '../../plan/target-schema.ts';
import type { Exchange } from '../http/exchange.ts';
import type { BrokenExchange, BrokenStream, ExchangePeer, JudgedExchange } from '../http/exchange-request.ts';
import { headerOf, isServerMessage, type Judgement, type ServerMessage } from '../http/json-rpc.ts';
import { answerElicitation, clientCapabilities } from '../operations/answer-input.ts';
import { addParams, type Call } from '../operations/call.ts';
import type { Tool } from '../operations/tool.ts';
import { EventStream, lastEventIdHeader, type OpenStream, resume } from './event-stream.ts';
import { initializeJudge, LEGACY_REVISIONS, readInitialize } from './handshakes.ts';
import { listTools } from './lists.ts';
import { failedForToken, Sender } from './sender.ts';
import {
  type Caller,
  clientInfoOf,
  followUp,
  type NotOpened,
  type Opened,
  type Session,
  type SessionOptions,
  succeeded,
} from './session.ts';
import { callAsTask, legacyTask } from './tasks.ts';

const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

/** Outcomes after which a session is of no use. */
const SESSION_LOST: ReadonlySet<string> = new Set(['SESS_EXPIRED', 'SESS_LOST', 'SESS_MISSING', 'AUTH_REJECTED']);

/** Ends of a request that leave the server at work on it: it must be told that nobody waits any more. */
const LEFT_RUNNING: ReadonlySet<string> = new Set([
  'TMO_IDLE',
  'TMO_TOTAL',
  'TMO_HEADERS',
  'CLIENT_ABORT',
  'CLIENT_LIMIT',
]);

/** Why nobody waits any more, for the server's owner. */
const LEFT_BECAUSE: Readonly<Record<string, string>> = {
  CLIENT_ABORT: 'the load has ended',
  CLIENT_LIMIT: 'the client has no connection left to take the answer over',
};

/** A session of the protocol's first era: initialize, a session id if the server gives one, DELETE at the end. */
export class LegacySession implements Session, ExchangePeer {
  readonly stateless = false;
  readonly #options: SessionOptions;
  readonly #sender: Sender;
  #sessionId = '';
  #nextId = 1;
  #alive = false;
  #tools: ReadonlyMap<string, Tool> | undefined;
  #eventStream: EventStream | undefined;
  /** Calls whose stream broke, which wait for their answer from another. */
  readonly #broken = new Set<BrokenExchange>();
  readonly #background = new Background();

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#sender = new Sender(options, this);
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
    this.#sender.setSession(['mcp-protocol-version', protocolVersion, ...id], id.length > 0);
    this.#alive = true;
    const initialized = await this.#notify('notifications/initialized', INITIALIZED, caller);
    const tools = await this.#settleIn(initialized, 'tools' in capabilities, caller);
    if ('failed' in tools) {
      await this.close(caller);
      return tools;
    }
    this.#tools = this.#options.tools.of(tools);
    return {
      facts: {
        protocolVersion,
        server: `${serverInfo?.name ?? ''} ${serverInfo?.version ?? ''}`.trim(),
        session: this.#sessionId === '' ? 'stateless' : 'stateful',
      },
      tools,
      capabilities: Object.keys(capabilities),
    };
  }

  request(call: Call, caller: Caller): Promise<Exchange> {
    const tool = call.method === 'tools/call' ? this.#tools?.get(call.name ?? '') : undefined;
    if (tool?.taskSupport !== 'required') return this.#call(call, caller, tool);
    const { clock, ended, target } = this.#options;
    return legacyTask(call, tool, { clock, ended, elicitation: target.elicitation }, (part) =>
      part === call ? this.#call(callAsTask(call), caller, tool) : this.#call(part, followUp(caller), tool),
    );
  }

  async close(caller: Caller): Promise<void> {
    const wasAlive = this.#alive;
    this.#abandon('the session was closed');
    // A cancellation that came after the session's end would find nothing to cancel.
    await this.#background.done();
    // Nothing more is sent to a target that refuses our credentials.
    if (!wasAlive || this.#sessionId === '' || this.#options.rejected.aborted) return;
    await this.#sender.send({ method: 'DELETE', body: null, expects: 'deletion', operation: 'DELETE' }, caller);
  }

  abandon(): void {
    this.#abandon('the session was left');
  }

  judgeResult({ request, result }: JudgedExchange): Judgement {
    return request.judge(result, request.tool);
  }

  onMessage({ request }: JudgedExchange, message: unknown): void {
    if (!isServerMessage(message)) {
      for (const waiting of this.#broken) waiting.accept(message);
      return;
    }
    const answer = answerServer(message, this.#options.target.elicitation);
    if (answer !== undefined) this.#tell(answer.operation, answer.body, request);
  }

  onOtherEvent(): void {}

  onBroken(exchange: BrokenExchange, stream: BrokenStream): boolean {
    if (!this.#alive || lastEventIdHeader(stream.lastEventId).length === 0) return false;
    this.#broken.add(exchange);
    void exchange.settled.then(() => this.#broken.delete(exchange));
    const { clock, ended } = this.#options;
    const open: OpenStream = (lastEventId, onSent) => this.#openStream(lastEventId, exchange.request, onSent);
    // Rejects only for bugs of ours, and those the connection remembers.
    resume(exchange, stream, { clock, ended }, open).catch(() => {});
    return true;
  }

  /** What follows the handshake: the stream for the server's messages, if wished, and the tools, if there are any. */
  async #settleIn(initialized: Exchange, hasTools: boolean, caller: Caller): Promise<readonly Tool[] | NotOpened> {
    if (!succeeded(initialized)) return { failed: initialized };
    const { target, clock } = this.#options;
    if (target.eventStream) {
      this.#eventStream = new EventStream(clock, (id, onSent) => this.#openStream(id, caller, onSent));
      await this.#eventStream.open();
    }
    return hasTools ? listTools(this, caller) : [];
  }

  async #call(call: Call, caller: Caller, tool: Tool | undefined): Promise<Exchange> {
    const id = this.#nextId++;
    const { method, params, progress, operation, judge } = call;
    const whole = progress ? addParams(params, `"_meta":{"progressToken":${id}}`) : params;
    const body = `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${whole}}`;
    const exchange = await this.#sender.send(
      { method: 'POST', body, expects: 'response', id, rpcMethod: method, operation, judge, tool },
      caller,
    );
    this.#check(exchange);
    if (LEFT_RUNNING.has(exchange.outcome) && exchange.socketMs !== undefined) this.#cancel(id, exchange, caller);
    return exchange;
  }

  /** Revision 2025-11-25, "Cancellation": leaving is no cancelling, the server must be told. */
  #cancel(requestId: number, { outcome }: Exchange, caller: Caller): void {
    const params = { requestId, reason: LEFT_BECAUSE[outcome] ?? 'no answer in time' };
    const body = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params });
    this.#tell('notifications/cancelled', body, caller);
  }

  /** Sends what nobody waits for; nothing more to a target that refuses our credentials. */
  #tell(operation: string, body: string, caller: Caller): void {
    if (!this.#options.rejected.aborted) this.#background.add(this.#notify(operation, body, caller));
  }

  async #notify(operation: string, body: string, caller: Caller): Promise<Exchange> {
    const exchange = await this.#sender.send({ method: 'POST', body, expects: 'acknowledgement', operation }, caller);
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
   * Notes that the session is lost, where a POST says so: servers without the stream answer its GET with 404 too. What
   * was sent before there was a session id says nothing of the session either.
   */
  #check(exchange: Exchange): void {
    const { outcome, request } = exchange;
    const isOfSession = request.sentSessionId === (this.#sessionId !== '');
    // A caller that went on at once, though nothing can be sent, would spin without ever waiting for anything.
    const isOver = SESSION_LOST.has(outcome) || failedForToken(exchange);
    if (isOver && isOfSession) this.#abandon(`the session ended in ${outcome}`);
  }

  /** Ends whatever waits in the session, which is of no further use. */
  #abandon(why: string): void {
    this.#alive = false;
    this.#eventStream?.close();
    for (const waiting of this.#broken) waiting.abandon(why);
  }
}

/** JSON-RPC 2.0: the method does not exist, which is what clients answer for what they did not declare. */
const METHOD_NOT_FOUND = -32601;

/** Requests of servers that the protocol knows; others share one operation, as a server may make up any number. */
const KNOWN: ReadonlySet<string> = new Set(['ping', 'elicitation/create', 'sampling/createMessage', 'roots/list']);

/** A response to the server, as JSON text, and what its sample is counted under. */
export type ServerAnswer = { readonly operation: string; readonly body: string };

/**
 * The response to a request of the server's; undefined for notifications, which get none. `ping` gets its empty result,
 * an elicitation what the plan lets us answer, all else that we do not have it: sampling and roots are never declared.
 */
export function answerServer(message: ServerMessage, elicitation: Target['elicitation']): ServerAnswer | undefined {
  const { id, method, params } = message;
  if (typeof id !== 'string' && typeof id !== 'number') return undefined;
  const operation = KNOWN.has(method) ? `response:${method}` : 'response';
  const result = resultOf(method, params, elicitation);
  if (result !== undefined) return { operation, body: JSON.stringify({ jsonrpc: '2.0', id, result }) };
  const error = { code: METHOD_NOT_FOUND, message: `this client does not have ${method}` };
  return { operation, body: JSON.stringify({ jsonrpc: '2.0', id, error }) };
}

function resultOf(method: string, params: unknown, elicitation: Target['elicitation']): object | undefined {
  if (method === 'ping') return {};
  if (method === 'elicitation/create' && elicitation === 'defaults') return answerElicitation(params);
  return undefined;
}

/** What a session sends without anybody waiting for it: answers to the server's requests, cancellations. */
export class Background {
  readonly #work = new Set<Promise<void>>();

  /** Takes work that is under way; it rejects only for bugs of ours, and those the connection remembers. */
  add(work: Promise<unknown>): void {
    const forget = () => {
      this.#work.delete(watched);
    };
    const watched = work.then(forget, forget);
    this.#work.add(watched);
  }

  /** Resolves when nothing is left. */
  async done(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }
}
