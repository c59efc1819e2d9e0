import type { Dispatcher } from 'undici';
import type { Link } from '../../net/guarded-connector.ts';
import { wasNeverBegun } from './classify.ts';
import type { Exchange } from './exchange.ts';
import type { RequestController } from './exchange-request.ts';

/** After this many times it is the server that refuses the request, not a connection that it closes. */
const MAX_RESENDS = 20;

/**
 * Stands between undici and the exchange of a request over HTTP/2, and sends the request anew when the server has not
 * begun it (RFC 9113 §8.7). Servers close a connection after a number of requests, and those that were on their way then
 * have not failed. undici does the same, but only once for each request.
 */
export class ResendingHandler implements Dispatcher.DispatchHandler, RequestController {
  readonly #exchange: Exchange;
  readonly #send: (handler: ResendingHandler) => void;
  /** Undefined while the request waits for a connection. */
  #controller: Dispatcher.DispatchController | undefined;
  #resends = 0;

  /** @param send gives the request to a connection, with this handler */
  constructor(exchange: Exchange, send: (handler: ResendingHandler) => void) {
    this.#exchange = exchange;
    this.#send = send;
  }

  /** The connection that the request was given to last. */
  get link(): Link | undefined {
    return this.#exchange.link;
  }

  set link(link: Link | undefined) {
    this.#exchange.link = link;
  }

  dispatch(): void {
    this.#send(this);
  }

  /** Ends the request from our side. If it is in the queue again, onRequestStart stops it there. */
  abort(reason: Error): void {
    if (this.#controller === undefined) this.#exchange.onResponseError(undefined, reason);
    else this.#controller.abort(reason);
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#exchange.onRequestStart(this);
  }

  onResponseStart(...args: Parameters<Exchange['onResponseStart']>): void {
    this.#exchange.onResponseStart(...args);
  }

  onResponseData(...args: Parameters<Exchange['onResponseData']>): void {
    this.#exchange.onResponseData(...args);
  }

  onResponseEnd(): void {
    this.#exchange.onResponseEnd();
  }

  onResponseError(controller: Dispatcher.DispatchController | undefined, error: Error): void {
    const exchange = this.#exchange;
    if (exchange.over || exchange.status > 0 || this.#resends === MAX_RESENDS || !wasNeverBegun(error)) {
      exchange.onResponseError(controller, error);
      return;
    }
    this.#resends++;
    this.#controller = undefined;
    // In a microtask, because undici is in the middle of closing the connection.
    queueMicrotask(() => {
      if (!exchange.over) this.#send(this);
    });
  }
}
