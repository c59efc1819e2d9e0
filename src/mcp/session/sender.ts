import { type OperationKind, SAMPLE_FLAG } from '../../sample/block.ts';
import type { AuthHeader } from '../auth/authorizer.ts';
import { limitReached } from '../http/classify.ts';
import type { Exchange } from '../http/exchange.ts';
import type { ExchangePeer, ExchangeRequest } from '../http/exchange-request.ts';
import { type Judgement, USEFUL } from '../http/json-rpc.ts';
import type { Caller, SessionOptions } from './session.ts';

/** A request as a session describes it: without the headers that all requests share, and without its caller. */
export type Outgoing = Pick<ExchangeRequest, 'method' | 'body' | 'expects'> &
  Partial<Pick<ExchangeRequest, 'id' | 'rpcMethod' | 'judge' | 'tool' | 'opensSession' | 'laterRound' | 'withinMs'>> & {
    readonly operation: string;
    /** `protocol` by default. */
    readonly kind?: OperationKind;
    /** Headers of this request only. */
    readonly headers?: readonly string[];
  };

const NOTHING: readonly string[] = [];
const ACCEPT = {
  POST: ['content-type', 'application/json', 'accept', 'application/json, text/event-stream'],
  GET: ['accept', 'text/event-stream'],
  DELETE: NOTHING,
} as const;

/**
 * Requests that are part of the load. Everything else (acknowledgements, DELETE) is still sent when the load has ended.
 */
const CALLS: ReadonlySet<ExchangeRequest['expects']> = new Set(['response', 'stream']);

const useful = () => USEFUL;

/** Sends the requests of one session: adds the headers, and sends a request again when its token was refused. */
export class Sender {
  readonly #options: SessionOptions;
  readonly #peer: ExchangePeer;
  readonly #ownHeaders: readonly string[];
  #sessionHeaders: readonly string[] = NOTHING;
  #hasSessionId = false;
  /** All headers that POST requests share. Rebuilt only when one of them changes. */
  #postHeaders: { readonly auth: AuthHeader | undefined; readonly list: readonly string[] } | undefined;

  constructor(options: SessionOptions, peer: ExchangePeer) {
    this.#options = options;
    this.#peer = peer;
    const own = Object.entries(options.target.headers).flatMap(([name, value]) => [name.toLowerCase(), value]);
    this.#ownHeaders = ['user-agent', options.userAgent, ...own];
  }

  /** Sets the headers that every further request carries. */
  setSession(headers: readonly string[], hasSessionId: boolean): void {
    this.#sessionHeaders = headers;
    this.#hasSessionId = hasSessionId;
    this.#postHeaders = undefined;
  }

  /**
   * Sends a request, and sends it again with a new token when the target refused the first one. Resolves when it is
   * settled.
   * @param onSent receives each exchange as soon as it is sent
   */
  async send(outgoing: Outgoing, caller: Caller, onSent?: (exchange: Exchange) => void): Promise<Exchange> {
    const { authorizer, connection, ended, onRejected } = this.#options;
    for (let renewed = false; ; renewed = true) {
      const header = authorizer.header();
      const auth = header instanceof Promise ? await header.catch(asError) : header;
      const exchange = connection.prepare(this.#requestOf(outgoing, caller, auth, renewed));
      if (auth instanceof Error) {
        const { outcome, message } = tokenFailure(auth);
        exchange.abort(outcome, message);
      } else if (ended.aborted && CALLS.has(outgoing.expects)) exchange.abort('CLIENT_ABORT', 'the load has ended');
      else connection.dispatch(exchange);
      onSent?.(exchange);
      await exchange.settled;
      if (exchange.outcome === 'AUTH_REJECTED') onRejected(exchange.message);
      if (exchange.outcome !== 'AUTH_401' || auth instanceof Error || !authorizer.rejected(auth)) return exchange;
    }
  }

  #requestOf(
    outgoing: Outgoing,
    caller: Caller,
    auth: AuthHeader | Error | undefined,
    renewed: boolean,
  ): ExchangeRequest {
    const { method, body, expects, id = 0, rpcMethod = '', judge = useful, withinMs } = outgoing;
    const { kind = 'protocol', tool, opensSession = false, laterRound = false, headers = NOTHING } = outgoing;
    return {
      method,
      headers: auth instanceof Error ? NOTHING : this.#headers(method, auth, headers),
      body,
      expects,
      id,
      rpcMethod,
      sentSessionId: this.#hasSessionId,
      opensSession,
      renewed,
      hasFixedCredentials: this.#options.authorizer.isFixed,
      judge,
      laterRound,
      tool,
      peer: this.#peer,
      operation: this.#options.operation(outgoing.operation, kind),
      vu: caller.vu,
      iteration: caller.iteration,
      intendedMs: caller.intended?.take(),
      flags: (caller.callFlags ?? 0) | (renewed || caller.retry === true ? SAMPLE_FLAG.retry : 0),
      withinMs,
    };
  }

  #headers(
    method: ExchangeRequest['method'],
    auth: AuthHeader | undefined,
    more: readonly string[],
  ): readonly string[] {
    if (method !== 'POST') return [...this.#shared(method, auth), ...more];
    if (this.#postHeaders === undefined || this.#postHeaders.auth !== auth) {
      this.#postHeaders = { auth, list: this.#shared(method, auth) };
    }
    const { list } = this.#postHeaders;
    return more.length === 0 ? list : [...list, ...more];
  }

  #shared(method: ExchangeRequest['method'], auth: AuthHeader | undefined): readonly string[] {
    const credentials = auth === undefined ? NOTHING : [auth.name, auth.value];
    return [...this.#ownHeaders, ...ACCEPT[method], ...credentials, ...this.#sessionHeaders];
  }
}

/** True for a request that was not sent because there was no token. A request without a connection has a link. */
export function failedForToken({ outcome, link }: Exchange): boolean {
  return outcome === 'AUTH_TOKEN' || (outcome === 'CLIENT_LIMIT' && link === undefined);
}

/** The outcome of a request for which no token was available, from the error of the token fetch. */
function tokenFailure(error: Error): Judgement {
  const advice = limitReached(error);
  if (advice === undefined) return { outcome: 'AUTH_TOKEN', message: error.message };
  return { outcome: 'CLIENT_LIMIT', message: `${error.message.replace(/\.$/, '')}; ${advice}` };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
