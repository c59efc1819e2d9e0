import type { Exchange } from '../http/exchange.ts';
import type { BrokenExchange, ExchangePeer, JudgedExchange } from '../http/exchange-request.ts';
import { type Judgement, USEFUL } from '../http/json-rpc.ts';
import { answerInput } from '../operations/answer-input.ts';
import { addParams, type Call, judgeResultType } from '../operations/call.ts';
import { encodeHeaderValue, headersOfArguments } from '../operations/mirrored-arguments.ts';
import type { Tool } from '../operations/tool.ts';
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
import { isTask, judgeModernCreated, modernTask } from './tasks.ts';

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
  readonly #options: SessionOptions;
  readonly #discovery: Discovery | undefined;
  readonly #sender: Sender;
  readonly #meta: string;
  #nextId = 1;
  #alive = false;
  #tools: ReadonlyMap<string, Tool> | undefined;
  /** Ids of the requests that are their call's last round: a result that asks for input once more is a failure. */
  #lastRounds: Set<number> | undefined;

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
    const tools = capabilities.includes('tools') ? await listTools(this, caller) : [];
    if ('failed' in tools) return tools;
    this.#alive = true;
    this.#tools = this.#options.tools.of(tools);
    const server = this.#discovery?.server ?? '';
    return { facts: { protocolVersion: MODERN_REVISION, server, session: 'stateless' }, tools, capabilities };
  }

  /** Asks the server which revisions it speaks and what it offers. */
  discover(caller: Caller): Promise<Exchange> {
    return this.request(DISCOVER, caller);
  }

  async request(call: Call, caller: Caller): Promise<Exchange> {
    const { clock, ended, target } = this.#options;
    const { method, name } = call;
    const tool = method === TASKED ? this.#tools?.get(name ?? '') : undefined;
    let { params } = call;
    let asking = caller;
    for (let round = 0; ; round++) {
      const exchange = await this.#sender.send(this.#message(call, params, tool, round === MAX_ROUNDS), asking);
      this.#lastRounds?.delete(exchange.request.id);
      if (failedForToken(exchange) || exchange.outcome === 'AUTH_REJECTED') this.#alive = false;
      if (!succeeded(exchange)) return exchange;
      if (asksForInput(exchange.result)) {
        asking = followUp(caller);
        params = addParams(call.params, answerInput(exchange.result, target.elicitation) ?? '');
        continue;
      }
      if (method !== TASKED || !isTask(exchange.result)) return exchange;
      return modernTask(call, exchange, tool, { clock, ended, elicitation: target.elicitation }, (part) =>
        this.request(part, followUp(caller)),
      );
    }
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

  /** Revision 2026-07-28: a broken stream cannot be resumed. */
  onBroken(_: BrokenExchange): boolean {
    return false;
  }

  /** One round of a call, under an id of its own. @param params those of the call, with the input for this round */
  #message(call: Call, params: string, tool: Tool | undefined, isLastRound: boolean): Outgoing {
    const id = this.#nextId++;
    if (isLastRound) {
      this.#lastRounds ??= new Set();
      this.#lastRounds.add(id);
    }
    const { method, name, progress, operation, kind = 'step', judge } = call;
    const progressToken = progress ? `"progressToken":${id},` : '';
    const meta = `"_meta":{${progressToken}${this.#meta}}`;
    const body = `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${addParams(params, meta)}}`;
    const headers = ['mcp-method', method];
    if (name !== undefined) headers.push('mcp-name', encodeHeaderValue(name));
    if (tool !== undefined && tool.mirrored.length > 0) headers.push(...headersOfArguments(tool.mirrored, params));
    return { method: 'POST', body, expects: 'response', id, rpcMethod: method, operation, kind, headers, judge, tool };
  }
}

function asksForInput(result: unknown): boolean {
  return (result as { resultType?: unknown } | null)?.resultType === 'input_required';
}
