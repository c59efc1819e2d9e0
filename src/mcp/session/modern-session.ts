import type { Exchange } from '../http/exchange.ts';
import type { BrokenExchange, ExchangePeer, JudgedExchange } from '../http/exchange-request.ts';
import { type Judgement, USEFUL } from '../http/json-rpc.ts';
import { answerInput } from '../operations/answer-input.ts';
import { addParams, type Call, judgeResultType } from '../operations/call.ts';
import { encodeHeaderValue, headersOfArguments } from '../operations/mirrored-arguments.ts';
import type { Tool } from '../operations/tool.ts';
import { type Discovery, MODERN_REVISION, requestMeta } from './handshakes.ts';
import { listTools } from './lists.ts';
import { failedForToken, Sender } from './sender.ts';
import {
  type Caller,
  followUp,
  type NotOpened,
  type Opened,
  type Session,
  type SessionOptions,
  succeeded,
} from './session.ts';
import { isTask, judgeModernCreated, modernTask } from './tasks.ts';

const DISCOVER: Call = {
  operation: 'server/discover',
  method: 'server/discover',
  name: undefined,
  params: '{}',
  judge: () => USEFUL,
  progress: false,
};

/** The one method that a server may make a task of (extension `io.modelcontextprotocol/tasks`, "Supported Methods"). */
const TASKED = 'tools/call';

/** A server that asks for input more often than this for one call never ends. */
const MAX_ROUNDS = 10;
const ENDLESS: Judgement = { outcome: 'RPC_INPUT_REQUIRED', message: `input given ${MAX_ROUNDS} times was not enough` };

/**
 * A user's dealings with a server of the stateless era (2026-07-28): every request carries all that the server must know,
 * so opening lists the tools, whose annotations later requests need, and closing does nothing.
 */
export class ModernSession implements Session, ExchangePeer {
  readonly stateless = true;
  readonly #options: SessionOptions;
  readonly #discovery: Discovery | undefined;
  readonly #sender: Sender;
  readonly #meta: string;
  #nextId = 1;
  #alive = false;
  #tools: ReadonlyMap<string, Tool> | undefined;
  /** Ids of requests that were answered so often with a wish for input that they may not be once more. */
  #lastRounds: Set<number> | undefined;

  /** @param discovery what the target said of itself before the load; undefined when it was not asked */
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
    const tools = capabilities.includes('tools') ? await listTools(this, caller) : [];
    if ('failed' in tools) return tools;
    this.#alive = true;
    this.#tools = this.#options.tools.of(tools);
    const server = this.#discovery?.server ?? '';
    return { facts: { protocolVersion: MODERN_REVISION, server, session: 'stateless' }, tools, capabilities };
  }

  /** Asks the server what it speaks and offers. */
  discover(caller: Caller): Promise<Exchange> {
    return this.#call(DISCOVER, caller, undefined);
  }

  async request(call: Call, caller: Caller): Promise<Exchange> {
    const tool = call.method === 'tools/call' ? this.#tools?.get(call.name ?? '') : undefined;
    let exchange = await this.#call(call, caller, tool);
    for (let round = 1; succeeded(exchange) && asksForInput(exchange.result); round++) {
      const input = answerInput(exchange.result, this.#options.target.elicitation) ?? '';
      exchange = await this.#call(
        { ...call, params: addParams(call.params, input) },
        followUp(caller),
        tool,
        round === MAX_ROUNDS,
      );
    }
    if (call.method !== TASKED || !succeeded(exchange) || !isTask(exchange.result)) return exchange;
    const { clock, ended, target } = this.#options;
    return modernTask(call, exchange, tool, { clock, ended, elicitation: target.elicitation }, (part) =>
      this.#call(part, followUp(caller), tool),
    );
  }

  async close(): Promise<void> {
    this.abandon();
  }

  abandon(): void {
    this.#alive = false;
  }

  judgeResult({ request, result }: JudgedExchange): Judgement {
    if (request.rpcMethod === TASKED && isTask(result)) return judgeModernCreated(result);
    if (this.#lastRounds?.has(request.id) === true && asksForInput(result)) return ENDLESS;
    return judgeResultType(result, this.#options.target.elicitation) ?? request.judge(result, request.tool);
  }

  /** Notifications decide nothing, and servers of this era send no requests. */
  onMessage(): void {}

  onOtherEvent(): void {}

  /** Revision 2026-07-28: a broken stream is lost. */
  onBroken(_: BrokenExchange): boolean {
    return false;
  }

  async #call(call: Call, caller: Caller, tool: Tool | undefined, isLastRound = false): Promise<Exchange> {
    const id = this.#nextId++;
    if (isLastRound) {
      this.#lastRounds ??= new Set();
      this.#lastRounds.add(id);
    }
    const { method, name, params, progress, operation, judge } = call;
    const progressToken = progress ? `"progressToken":${id},` : '';
    const meta = `"_meta":{${progressToken}${this.#meta}}`;
    const body = `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${addParams(params, meta)}}`;
    const headers = ['mcp-method', method];
    if (name !== undefined) headers.push('mcp-name', encodeHeaderValue(name));
    if (tool !== undefined && tool.mirrored.length > 0) headers.push(...headersOfArguments(tool.mirrored, params));
    const exchange = await this.#sender.send(
      { method: 'POST', body, expects: 'response', id, rpcMethod: method, operation, headers, judge, tool },
      caller,
    );
    this.#lastRounds?.delete(id);
    if (failedForToken(exchange) || exchange.outcome === 'AUTH_REJECTED') this.#alive = false;
    return exchange;
  }
}

function asksForInput(result: unknown): boolean {
  return (result as { resultType?: unknown } | null)?.resultType === 'input_required';
}
