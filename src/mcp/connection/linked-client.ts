import { Client, type Dispatcher } from 'undici';
import type { GuardedConnector } from '../../net/guarded-connector.ts';
import type { Link } from './link.ts';

/** Takes the link of the connection that a request was given to, before the request starts. */
export type LinkedHandler = Dispatcher.DispatchHandler & { link: Link | undefined };

/** One connection of a pool, made anew when it breaks. It tells each request which one it is. */
export class LinkedClient extends Client {
  readonly #link: Link;

  constructor(origin: URL, options: Client.Options, connect: GuardedConnector) {
    const link: Link = { fresh: undefined };
    super(origin, {
      ...options,
      connect: (target, callback) =>
        connect(target, callback, (took) => {
          link.fresh = took;
        }),
    });
    this.#link = link;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: LinkedHandler): boolean {
    handler.link = this.#link;
    return super.dispatch(options, handler);
  }
}
