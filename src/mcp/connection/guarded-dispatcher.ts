import { Agent } from 'undici';
import type { AddressRules } from '../../net/address-rules.ts';
import { type GuardedConnectorOptions, guardedConnector } from '../../net/guarded-connector.ts';

export type GuardedDispatcherOptions = Pick<GuardedConnectorOptions, 'timeoutMs' | 'lookup' | 'ca'>;

/**
 * For requests beside the load, as those for tokens and their metadata: HTTP/1.1 to any origin whose addresses are
 * allowed, redirects included. Whoever asks for it closes it.
 */
export function guardedDispatcher(addresses: AddressRules, options: GuardedDispatcherOptions): Agent {
  return new Agent({ connect: guardedConnector({ ...options, addresses, http2: false }), allowH2: false });
}
