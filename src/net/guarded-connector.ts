import { type LookupAddress, type LookupAllOptions, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { type AddressRefusalCode, type AddressRules, type Refused, refusalOfIp, refusalText } from './address-rules.ts';

/**
 * One connection to a target as the requests on it see it. Whichever request comes first over a connection was the first
 * that could not go without it, so that one carries what making it took.
 */
export type Link = {
  /** What making the connection took; undefined once a request has taken it. */
  fresh: { readonly connectMs: number; readonly tlsMs: number | undefined } | undefined;
};

/** Looks a name up, as node:dns.lookup does with `all`. */
export type LookupAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
) => void;

export type GuardedConnectorOptions = {
  readonly addresses: AddressRules;
  /** For the name look-up, TCP and TLS together. */
  readonly timeoutMs: number;
  /** Offers HTTP/2 in the TLS handshake (RFC 7301), ahead of HTTP/1.1. */
  readonly http2: boolean;
  /** The system's when absent. */
  readonly lookup?: LookupAll;
  /** Certificates in PEM to trust instead of the usual authorities'. */
  readonly ca?: string;
};

type ConnectTimes = NonNullable<Link['fresh']>;

/** undici's connector, which also tells what the connection took, right before it hands it over. */
export type GuardedConnector = (
  options: buildConnector.Options,
  callback: buildConnector.Callback,
  onConnected?: (took: ConnectTimes) => void,
) => void;

/** What undici's own connector is, although its types leave the result out. */
type Connect = (...args: Parameters<buildConnector.connector>) => Socket;

/**
 * Makes connections to allowed addresses only. A name is looked up anew for each connection and only those of its
 * addresses are tried that the rules allow, so that it makes no difference what it led to when the plan was checked
 * (DNS rebinding). A host that is refused ends in an error with the code ERR_FORBIDDEN_ADDRESS before anything is sent.
 */
export function guardedConnector(options: GuardedConnectorOptions): GuardedConnector {
  const { addresses, timeoutMs, http2, lookup = systemLookup, ca } = options;
  const connect = buildConnector({
    timeout: timeoutMs,
    allowH2: http2,
    preferH2: http2,
    // With it, node asks for all addresses of a name and takes them as a list.
    autoSelectFamily: true,
    lookup: guardedLookup(addresses, lookup),
    ...(ca === undefined ? {} : { ca }),
  }) as Connect;
  return (target, callback, onConnected) => {
    // Nothing looks up a host that is an address already.
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
    // Ahead of all others that wait for this, so that a refused peer sees no TLS handshake either.
    socket.prependOnceListener('connect', () => {
      connectMs = performance.now() - startMs;
      // It is unknown when the peer has closed the connection by now, which is for whoever writes to it to find out.
      const reached = socket.remoteAddress;
      const refused = reached === undefined ? undefined : refusalOfIp(addresses, reached);
      if (refused === undefined) return;
      refusal = forbidden(addresses, target.hostname, refused);
      socket.destroy(refusal);
    });
  };
}

/** Looks names up and passes on only what may be connected to. */
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
  const message = isIP(hostname) === 0 ? `${hostname} has no address to connect to: ${problem}` : problem;
  return Object.assign(new Error(message), { code: 'ERR_FORBIDDEN_ADDRESS', refusal: refused.code });
}

export type GuardedDispatcherOptions = Pick<GuardedConnectorOptions, 'timeoutMs' | 'lookup' | 'ca'>;

/**
 * For requests beside the load, as those for tokens and their metadata: HTTP/1.1 to any origin whose addresses are
 * allowed, redirects included. Whoever asks for it closes it.
 */
export function guardedDispatcher(addresses: AddressRules, options: GuardedDispatcherOptions): Agent {
  return new Agent({ connect: guardedConnector({ ...options, addresses, http2: false }), allowH2: false });
}
