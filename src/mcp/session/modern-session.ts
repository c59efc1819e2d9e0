import { excerpt } from '../../plan/bounded-text.ts';
import type { DeviationRule } from '../../plan/deviation-rules.ts';
import type { Exchange } from '../http/exchange.ts';
import type { BrokenExchange, ExchangePeer, JudgedExchange } from '../http/exchange-request.ts';
import { isServerMessage, type Judgement, USEFUL } from '../http/json-rpc.ts';
import { answerInput } from '../operations/answer-input.ts';
import { addParams, type Call, judgeResultType } from '../operations/call.ts';
import { encodeHeaderValue, headersOfArguments } from '../operations/mirrored-arguments.ts';
import type { Tool } from '../operations/tool.ts';
import { findInResult } from './deviations.ts';
import { type Discovery, MODERN_REVISION, requestMeta } from './handshakes.ts';
import { listTools } from './lists.ts';
import { failedForToken, type Outgoing, Sender } from './sender.ts';
import {
  type Caller,
  followUp,
  type NotOpened,
  type Opened,
  type Session,
  type SessionOptions,
  succeeded,
} from './session.ts';
import {
  type CallEnd,
  concludeCall,
  isLostTask,
  isTask,
  judgeModernCreated,
  latestEndOf,
  modernTask,
} from './tasks.ts';

const DISCOVER: Call = {
  operation: 'server/discover',
  kind: 'protocol',
  method: 'server/discover',
  name: undefined,
  params: '{}',
  judge: () => USEFUL,
  progress: false,
};

/**
 * The only method that a server may turn into a task (extension `io.modelcontextprotocol/tasks`, "Supported Methods").
 */
const TASKED = 'tools/call';

/** How often a server may ask for input for one call, in case it never stops asking. */
const MAX_ROUNDS = 10;
const ENDLESS: Judgement = { outcome: 'RPC_INPUT_REQUIRED', message: `input given ${MAX_ROUNDS} times was not enough` };

/**
 * A session with a server of the stateless era (2026-07-28). Every request carries all that the server must know.
 * Opening lists the tools, because later requests depend on their annotations; closing sends nothing.
 */
export class ModernSession implements Session, ExchangePeer {
  readonly stateless = true;
  readonly waitedMs = 0;
  readonly #options: SessionOptions;
  readonly #discovery: Discovery | undefined;
  readonly #sender: Sender;
  readonly #meta: string;
  #nextId = 1;
  #alive = false;
  #tools: ReadonlyMap<string, Tool> | undefined;

  /** @param discovery what the target said about itself before the load; undefined when it was not asked */
  constructor(options: SessionOptions, discovery?: Discovery) {
    this.#options = options;
    this.#discovery = discovery;
    this.#sender = new Sender(options, this);
    this.#sender.setSession(['mcp-protocol-version', MODERN_REVISION], false);
    this.#meta = requestMeta(options.userAgent, options.target.elicitation);
  }

  get alive(): boolean {
    return this.#alive;
  }

  async open(caller: Caller): Promise<Opened | NotOpened> {
    const capabilities = this.#discovery?.capabilities ?? ['tools'];
    const isDeclared = capabilities.includes('tools');
    const tools = await listTools(this, caller, this.#options.tools, isDeclared);
    if ('failed' in tools) return tools;
    this.#alive = true;
    this.#tools = this.#options.tools.of(tools);
    const server = this.#discovery?.server ?? '';
    return { facts: { protocolVersion: MODERN_REVISION, server, session: 'stateless' }, tools, capabilities };
  }

  /**
   * Asks the server which revisions it speaks and what it offers.
   * @param patienceMs ends the request with TMO_HEADERS if no answer has come for so long over an open connection
   */
  async discover(caller: Caller, patienceMs?: number): Promise<Exchange> {
    const message = this.#message(DISCOVER, DISCOVER.params, undefined);
    if (patienceMs === undefined) return this.#send(message, caller);
    const { clock } = this.#options;
    const settled = new AbortController();
    const giveUp = async (exchange: Exchange) => {
      await clock.sleepUntil(clock.now() + patienceMs, settled.signal);
      const isSent = exchange.sample.socketMs !== undefined;
      if (isSent && !settled.signal.aborted) exchange.abort('TMO_HEADERS', `no answer within ${patienceMs} ms`);
    };
    const exchange = await this.#send(message, caller, (sent) => void giveUp(sent));
    settled.abort();
    return exchange;
  }

  async request(call: Call, caller: Caller): Promise<Exchange> {
    const tool = call.method === TASKED ? this.#tools?.get(call.name ?? '') : undefined;
    const first = await this.#send(this.#message(call, call.params, tool), caller);
    if (first.continues)
      await concludeCall(this.#options.connection, first, () => this.#follow(call, first, tool, caller));
    return first;
  }

  async close(): Promise<void> {
    this.abandon();
  }

  abandon(): void {
    this.#alive = false;
  }

  judgeResult(exchange: JudgedExchange): Judgement {
    const { request, result } = exchange;
    if (request.laterRound === true) return USEFUL;
    findInResult(request.rpcMethod, result, (rule, example) => this.onDeviation(exchange, rule, example));
    const judgement = this.#judgeUnfinished(request.rpcMethod, result);
    exchange.continues = judgement === USEFUL;
    return judgement ?? request.judge(result, request.tool);
  }

  /** Notifications decide nothing, and servers of this era must not send requests. */
  onMessage(exchange: JudgedExchange, message: unknown): void {
    if (!isServerMessage(message) || message.id === undefined) return;
    this.onDeviation(exchange, 'server-request-on-stream', excerpt(message.method, 200));
  }

  onDeviation({ request }: JudgedExchange, rule: DeviationRule, example: string): void {
    this.#options.onDeviation?.(rule, request.operation, example);
  }

  onOtherEvent(): void {}

  /** Revision 2026-07-28: a broken stream cannot be resumed. */
  onBroken(_: BrokenExchange): boolean {
    return false;
  }

  async #send(outgoing: Outgoing, caller: Caller, onSent?: (exchange: Exchange) => void): Promise<Exchange> {
    const exchange = await this.#sender.send(outgoing, caller, onSent);
    if (exchange.outcome === 'PROTO_LIST_ENDLESS') this.onDeviation(exchange, 'endless-list', exchange.message);
    if (isLostTask(exchange)) this.onDeviation(exchange, 'task-not-durable', exchange.message);
    if (failedForToken(exchange) || exchange.outcome === 'AUTH_REJECTED') this.#alive = false;
    return exchange;
  }

  /** Judges a result that is not the call's last one; useful when the call can go on. @returns undefined for any other */
  #judgeUnfinished(method: string, result: unknown): Judgement | undefined {
    if (method === TASKED && isTask(result)) return judgeModernCreated(result);
    return judgeResultType(result, this.#options.target.elicitation);
  }

  /** Gives the input that the server asks for, and waits for a task. @param first the call's first round */
  async #follow(call: Call, first: Exchange, tool: Tool | undefined, caller: Caller): Promise<CallEnd> {
    const { clock, ended, target } = this.#options;
    const { elicitation } = target;
    let last = first;
    for (let round = 1; asksForInput(last.result); round++) {
      if (!first.continues) return { last };
      if (round > MAX_ROUNDS) return { last, judgement: ENDLESS };
      const params = addParams(call.params, answerInput(last.result, elicitation) ?? '');
      last = await this.#send(
        { ...this.#message(call, params, tool), kind: 'protocol', laterRound: true },
        followUp(caller),
      );
      if (!succeeded(last)) return { last };
      const judgement = this.#judgeUnfinished(call.method, last.result);
      if (judgement === undefined) return { last, judgement: call.judge(last.result, tool) };
      if (judgement !== USEFUL) return { last, judgement };
    }
    const options = { clock, ended, elicitation, isOver: () => !first.continues, endsByMs: latestEndOf(first) };
    return modernTask(call, last, tool, options, (part) => this.request(part, followUp(caller)));
  }

  /** One round of a call, under an id of its own. @param params those of the call, with the input for this round */
  #message(call: Call, params: string, tool: Tool | undefined): Outgoing {
    const id = this.#nextId++;
    const { method, name, progress, operation, kind = 'step', judge } = call;
    const progressToken = progress ? `"progressToken":${id},` : '';
    const meta = `"_meta":{${progressToken}${this.#meta}}`;
    const body = `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${addParams(params, meta)}}`;
    const own =
      name === undefined ? ['mcp-method', method] : ['mcp-method', method, 'mcp-name', encodeHeaderValue(name)];
    const headers =
      tool === undefined || tool.mirrored.length === 0 ? own : own.concat(headersOfArguments(tool.mirrored, params));
    return { method: 'POST', body, expects: 'response', id, rpcMethod: method, operation, kind, headers, judge, tool };
  }
}

function asksForInput(result: unknown): boolean {
  return (result as { resultType?: unknown } | null)?.resultType === 'input_required';
}
