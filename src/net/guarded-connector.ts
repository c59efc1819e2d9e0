import { type LookupAddress, type LookupAllOptions, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { type AddressRefusalCode, type AddressRules, type Refused, refusalOfIp, refusalText } from './address-rules.ts';

/**
 * One connection to a target as its requests see it. The first request on a connection waited for it, so that request
 * reports how long connecting took.
 */
export type Link = {
  /** How long connecting took; undefined once a request has reported it. */
  fresh: { readonly connectMs: number; readonly tlsMs: number | undefined } | undefined;
};

/** Resolves a name to all its addresses, as node:dns.lookup does with `all`. */
export type LookupAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
) => void;

export type GuardedConnectorOptions = {
  readonly addresses: AddressRules;
  /** Limit for name resolution, TCP and TLS together. */
  readonly timeoutMs: number;
  /** Offers HTTP/2 in the TLS handshake (RFC 7301), ahead of HTTP/1.1. */
  readonly http2: boolean;
  /** Name resolution; the system's by default. */
  readonly lookup?: LookupAll;
  /** Certificates in PEM to trust instead of the well-known authorities. */
  readonly ca?: string;
};

type ConnectTimes = NonNullable<Link['fresh']>;

/** undici's connector; reports how long connecting took just before it hands the connection over. */
export type GuardedConnector = (
  options: buildConnector.Options,
  callback: buildConnector.Callback,
  onConnected?: (times: ConnectTimes) => void,
) => void;

/** undici's own connector, whose types leave out its result. */
type Connect = (...args: Parameters<buildConnector.connector>) => Socket;

/**
 * Connects to allowed addresses only. Every connection resolves its name again and tries only the addresses that the rules
 * allow, so a name that changes after the plan was checked gains nothing (DNS rebinding). A refused host ends in an error
 * with the code ERR_FORBIDDEN_ADDRESS before anything is sent.
 */
export function guardedConnector(options: GuardedConnectorOptions): GuardedConnector {
  const { addresses, timeoutMs, http2, lookup = systemLookup, ca } = options;
  const connect = buildConnector({
    timeout: timeoutMs,
    allowH2: http2,
    preferH2: http2,
    // Makes node ask for all addresses of a name and take a list.
    autoSelectFamily: true,
    lookup: guardedLookup(addresses, lookup),
    ...(ca === undefined ? {} : { ca }),
  }) as Connect;
  return (target, callback, onConnected) => {
    // A host that is an address already is never resolved.
    const refused = isIP(target.hostname) === 0 ? undefined : refusalOfIp(addresses, target.hostname);
    if (refused !== undefined) {
      process.nextTick(callback, forbidden(addresses, target.hostname, refused), null);
      return;
    }
    const startMs = performance.now();
    let connectMs = 0;
    let refusal: Error | undefined;
    const socket = connect(target, (error, made) => {
      const failure = error ?? refusal;
      if (failure !== undefined) return callback(failure, null);
      const tlsMs = target.protocol === 'https:' ? performance.now() - startMs - connectMs : undefined;
      onConnected?.({ connectMs, tlsMs });
      callback(null, made as Socket);
    });
    // Runs before all other listeners, so that a refused peer sees no TLS handshake either.
    socket.prependOnceListener('connect', () => {
      connectMs = performance.now() - startMs;
      // Unknown when the peer has already closed the connection; whoever writes to it will notice.
      const reached = socket.remoteAddress;
      const refused = reached === undefined ? undefined : refusalOfIp(addresses, reached);
      if (refused === undefined) return;
      refusal = forbidden(addresses, target.hostname, refused);
      socket.destroy(refusal);
    });
  };
}

/** Resolves names and returns only the allowed addresses. */
function guardedLookup(addresses: AddressRules, lookup: LookupAll): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, []);
      const refusals = found.map(({ address }) => refusalOfIp(addresses, address));
      const allowed = found.filter((_, index) => refusals[index] === undefined);
      if (allowed.length > 0) return callback(null, allowed);
      const none = { code: 'not-an-address', message: `${hostname} has no address` } as const;
      callback(forbidden(addresses, hostname, refusals[0] ?? none), []);
    });
  };
}

function forbidden(
  { howToAllow }: AddressRules,
  hostname: string,
  refused: Refused<AddressRefusalCode>,
): Error & { code: string } {
  const problem = refusalText(refused, howToAllow);
  const message = isIP(hostname) === 0 ? `${hostname} has no allowed address: ${problem}` : problem;
  return Object.assign(new Error(message), { code: 'ERR_FORBIDDEN_ADDRESS', refusal: refused.code });
}

type GuardedDispatcherOptions = Pick<GuardedConnectorOptions, 'timeoutMs' | 'lookup' | 'ca'>;

/**
 * A dispatcher for requests outside the load, such as those for tokens and their metadata: HTTP/1.1 to any origin whose
 * addresses are allowed, also after redirects. The caller closes it.
 */
export function guardedDispatcher(addresses: AddressRules, options: GuardedDispatcherOptions): Agent {
  return new Agent({ connect: guardedConnector({ ...options, addresses, http2: false }), allowH2: false });
}
