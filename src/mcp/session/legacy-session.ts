import { SAMPLE_FLAG } from '../../sample/block.ts';
import { outcomeClass } from '../../sample/outcome.ts';
import type { AuthHeader, Authorizer } from '../auth/authorizer.ts';
import type { TargetConnection } from '../connection/target-connection.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { ExchangeRequest, Expectation } from '../exchange/exchange-request.ts';
import { headerOf } from '../exchange/header.ts';
import { type PreparedRequest, prepareRequest } from '../exchange/json-rpc.ts';
import { type ResultJudge, USEFUL } from '../operations/tool-result.ts';
import { judgeInitialize, judgeToolsList, readInitialize, readToolsList } from './legacy-messages.ts';
import type { Caller, Opened, Session, Tool } from './session.ts';

export type LegacySessionOptions = {
  readonly connection: TargetConnection;
  readonly authorizer: Authorizer;
  /** The revision to offer. */
  readonly protocolVersion: string;
  /** Names us to the target's owner. */
  readonly userAgent: string;
  /** The target's own headers from the plan. */
  readonly headers: Readonly<Record<string, string>>;
  /** Number of an operation's samples. */
  readonly operation: (name: string) => number;
};

const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
/** A server that pages further than this never ends, even if no cursor comes twice. */
const MAX_PAGES = 1000;
/**
 * Outcomes after which a session is of no use. Without a token nothing can be sent, and a caller that went on at once
 * would spin without ever waiting for anything.
 */
const SESSION_LOST: ReadonlySet<string> = new Set(['SESS_EXPIRED', 'SESS_LOST', 'SESS_MISSING', 'AUTH_TOKEN']);

/** A session of the protocol's first era: initialize, a session id if the server gives one, DELETE at the end. */
export class LegacySession implements Session {
  readonly #options: LegacySessionOptions;
  readonly #baseHeaders: readonly string[];
  /** Headers that the handshake settled. */
  #sessionHeaders: readonly string[] = [];
  #sessionId = '';
  #nextId = 1;
  #alive = false;
  /** All headers of a POST, made anew only when the authorization changes. */
  #postHeaders: { readonly auth: AuthHeader | undefined; readonly list: readonly string[] } | undefined;

  constructor(options: LegacySessionOptions) {
    this.#options = options;
    const own = Object.entries(options.headers).flatMap(([name, value]) => [name.toLowerCase(), value]);
    this.#baseHeaders = ['user-agent', options.userAgent, ...own];
  }

  get alive(): boolean {
    return this.#alive;
  }

  async open(caller: Caller): Promise<Opened | undefined> {
    const { protocolVersion, userAgent } = this.#options;
    const [name = '', version = ''] = userAgent.split(/[/ ]/);
    const params = { protocolVersion, capabilities: {}, clientInfo: { name, version } };
    const initialize = await this.request(prepareRequest('initialize', params), judgeInitialize, caller);
    if (!succeeded(initialize)) return undefined;
    const result = readInitialize(initialize.result);
    this.#sessionId = headerOf(initialize.replyHeaders, 'mcp-session-id');
    this.#sessionHeaders = ['mcp-protocol-version', result.protocolVersion];
    if (this.#sessionId !== '') this.#sessionHeaders = [...this.#sessionHeaders, 'mcp-session-id', this.#sessionId];
    this.#postHeaders = undefined;
    this.#alive = true;
    const initialized = await this.#send(
      'notifications/initialized',
      'POST',
      INITIALIZED,
      'acknowledgement',
      0,
      () => USEFUL,
      caller,
    );
    const tools = succeeded(initialized) ? await this.#listTools(caller) : undefined;
    if (tools === undefined) {
      await this.close(caller);
      return undefined;
    }
    const { name: serverName = '', version: serverVersion = '' } = result.serverInfo ?? {};
    const session = this.#sessionId === '' ? 'stateless' : 'stateful';
    return {
      facts: { protocolVersion: result.protocolVersion, server: `${serverName} ${serverVersion}`.trim(), session },
      tools,
    };
  }

  async request(prepared: PreparedRequest, judge: ResultJudge, caller: Caller): Promise<Exchange> {
    const id = this.#nextId++;
    const body = prepared.head + id + prepared.tail;
    return this.#send(prepared.operation, 'POST', body, 'response', id, judge, caller);
  }

  async close(caller: Caller): Promise<void> {
    if (!this.#alive) return;
    this.#alive = false;
    if (this.#sessionId !== '') await this.#send('DELETE', 'DELETE', null, 'deletion', 0, () => USEFUL, caller);
  }

  async #listTools(caller: Caller): Promise<Tool[] | undefined> {
    const tools: Tool[] = [];
    const seen = new Set<string>();
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const prepared = prepareRequest('tools/list', cursor === undefined ? {} : { cursor });
      const exchange = await this.request(prepared, judgeToolsList, caller);
      if (!succeeded(exchange)) return undefined;
      const result = readToolsList(exchange.result);
      for (const { name, annotations } of result.tools)
        tools.push({ name, readOnly: annotations?.readOnlyHint === true });
      cursor = result.nextCursor ?? undefined;
      if (cursor === undefined || seen.has(cursor)) break;
      seen.add(cursor);
    }
    return tools;
  }

  /** Sends once, and once more with a new token when the target did not take the first. */
  async #send(
    operation: string,
    method: ExchangeRequest['method'],
    body: string | null,
    expects: Expectation,
    id: number,
    judge: ResultJudge,
    caller: Caller,
  ): Promise<Exchange> {
    const { connection, authorizer } = this.#options;
    for (let flags = 0; ; flags = SAMPLE_FLAG.retry) {
      const asked = authorizer.header();
      let auth: AuthHeader | undefined;
      let failure: unknown;
      try {
        auth = asked instanceof Promise ? await asked : asked;
      } catch (error) {
        failure = error;
      }
      const headers = method === 'POST' ? this.#headersOfPost(auth) : this.#headersWith(auth, []);
      const exchange = connection.prepare({
        method,
        headers,
        body,
        expects,
        id,
        sentSessionId: this.#sessionId !== '',
        judge,
        operation: this.#options.operation(operation),
        vu: caller.vu,
        iteration: caller.iteration,
        flags,
      });
      if (failure !== undefined)
        exchange.abort('AUTH_TOKEN', failure instanceof Error ? failure.message : String(failure));
      else connection.dispatch(exchange);
      await exchange.settled;
      if (SESSION_LOST.has(exchange.outcome)) this.#alive = false;
      if (exchange.outcome !== 'AUTH_401' || flags !== 0 || !authorizer.rejected(auth)) return exchange;
    }
  }

  #headersOfPost(auth: AuthHeader | undefined): readonly string[] {
    if (this.#postHeaders === undefined || this.#postHeaders.auth !== auth) {
      const accept = ['content-type', 'application/json', 'accept', 'application/json, text/event-stream'];
      this.#postHeaders = { auth, list: this.#headersWith(auth, accept) };
    }
    return this.#postHeaders.list;
  }

  #headersWith(auth: AuthHeader | undefined, more: readonly string[]): readonly string[] {
    const proof = auth === undefined ? [] : [auth.name, auth.value];
    return [...this.#baseHeaders, ...more, ...proof, ...this.#sessionHeaders];
  }
}

function succeeded(exchange: Exchange): boolean {
  const outcome = outcomeClass(exchange.outcome);
  return outcome === 'useful' || outcome === 'warning';
}
