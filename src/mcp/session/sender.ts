import { SAMPLE_FLAG } from '../../sample/block.ts';
import type { AuthHeader } from '../auth/authorizer.ts';
import { limitReached } from '../http/classify.ts';
import type { Exchange } from '../http/exchange.ts';
import type { ExchangePeer, ExchangeRequest } from '../http/exchange-request.ts';
import { type Judgement, USEFUL } from '../http/json-rpc.ts';
import type { Caller, SessionOptions } from './session.ts';

/** The outcome of a request that no token could be had for, by the error that its fetch ended in. */
export function tokenFailure(error: Error): Judgement {
  const wayOut = limitReached(error);
  if (wayOut === undefined) return { outcome: 'AUTH_TOKEN', message: error.message };
  return { outcome: 'CLIENT_LIMIT', message: `${error.message.replace(/\.$/, '')}; ${wayOut}` };
}

/** True for a request that was not sent because no token could be had; one that lacks a connection was given to it. */
export function failedForToken({ outcome, link }: Exchange): boolean {
  return outcome === 'AUTH_TOKEN' || (outcome === 'CLIENT_LIMIT' && link === undefined);
}

/** A request as a session thinks of it: without the headers that all have, and whose sample it is. */
export type Outgoing = Pick<ExchangeRequest, 'method' | 'body' | 'expects'> &
  Partial<Pick<ExchangeRequest, 'id' | 'rpcMethod' | 'judge' | 'tool' | 'opensSession'>> & {
    readonly operation: string;
    /** Headers of this request alone. */
    readonly headers?: readonly string[];
  };

type PostHeaders = { readonly auth: AuthHeader | undefined; readonly list: readonly string[] };

const NOTHING: readonly string[] = [];
const ACCEPT = {
  POST: ['content-type', 'application/json', 'accept', 'application/json, text/event-stream'],
  GET: ['accept', 'text/event-stream'],
  DELETE: NOTHING,
} as const;

/** What begins something new; the rest is what a session says at its end. */
const CALLS: ReadonlySet<ExchangeRequest['expects']> = new Set(['response', 'stream']);

const useful = () => USEFUL;

/** Sends the requests of one session: gives them their headers, and sends once more what a stale token held up. */
export class Sender {
  readonly #options: SessionOptions;
  readonly #peer: ExchangePeer;
  readonly #ownHeaders: readonly string[];
  #sessionHeaders: readonly string[] = NOTHING;
  #hasSessionId = false;
  /** All headers that POSTs share, made anew only when one changes. */
  #postHeaders: PostHeaders | undefined;

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
   * Sends, and sends once more with a new token when the target did not take the first; resolves when it is settled.
   * @param onSent is given each of them at once
   */
  async send(outgoing: Outgoing, caller: Caller, onSent?: (exchange: Exchange) => void): Promise<Exchange> {
    const { authorizer, onRejected } = this.#options;
    for (let renewed = false; ; renewed = true) {
      const asked = authorizer.header();
      const auth = asked instanceof Promise ? await asked.catch(asError) : asked;
      const exchange = this.#dispatch(outgoing, caller, auth, renewed);
      onSent?.(exchange);
      await exchange.settled;
      if (exchange.outcome === 'AUTH_REJECTED') onRejected(exchange.message);
      if (exchange.outcome !== 'AUTH_401' || auth instanceof Error || !authorizer.rejected(auth)) return exchange;
    }
  }

  #dispatch(outgoing: Outgoing, caller: Caller, auth: AuthHeader | Error | undefined, renewed: boolean): Exchange {
    const { connection, operation, ended } = this.#options;
    const { method, body, expects, id = 0, rpcMethod = '', judge = useful } = outgoing;
    const { tool, opensSession = false, headers = NOTHING } = outgoing;
    const exchange = connection.prepare({
      method,
      headers: auth instanceof Error ? NOTHING : this.#headers(method, auth, headers),
      body,
      expects,
      id,
      rpcMethod,
      sentSessionId: this.#hasSessionId,
      opensSession,
      renewed,
      judge,
      tool,
      peer: this.#peer,
      operation: operation(outgoing.operation),
      vu: caller.vu,
      iteration: caller.iteration,
      intendedMs: caller.intended?.take(),
      flags: (caller.callFlags ?? 0) | (renewed || caller.retry === true ? SAMPLE_FLAG.retry : 0),
    });
    if (auth instanceof Error) {
      const { outcome, message } = tokenFailure(auth);
      exchange.abort(outcome, message);
    } else if (ended.aborted === true && CALLS.has(expects)) exchange.abort('CLIENT_ABORT', 'the load has ended');
    else connection.dispatch(exchange);
    return exchange;
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
    const proof = auth === undefined ? NOTHING : [auth.name, auth.value];
    return [...this.#ownHeaders, ...ACCEPT[method], ...proof, ...this.#sessionHeaders];
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
