import type { Target } from '../../plan/target-schema.ts';
import type { Outcome } from '../../sample/outcome.ts';
import type { Clock } from '../../traffic/clock.ts';
import type { Exchange } from '../http/exchange.ts';
import type { ExchangePeer } from '../http/exchange-request.ts';
import { USEFUL } from '../http/json-rpc.ts';
import type { TargetConnection } from '../http/target-connection.ts';
import { type Discovery, LEGACY_REVISIONS, MODERN_REVISION, readDiscovery, supportedVersionsIn } from './handshakes.ts';
import { succeeded } from './session.ts';

/**
 * The era that a target speaks, with what a stateless target said about itself; or why the era is unknown. A legacy era has
 * a message if it is only assumed, because server/discover failed.
 */
export type FoundRevision =
  | { readonly era: 'modern'; readonly discovery: Discovery }
  | { readonly era: 'legacy'; readonly message?: string }
  | { readonly era: 'unknown'; readonly outcome: Outcome; readonly message: string };

const NOTHING = { supportedVersions: [], capabilities: [], server: '' } as const;
const LEGACY: FoundRevision = { era: 'legacy' };

/**
 * Finds out which era a target speaks, as revision 2026-07-28 tells clients to: by its answer to `server/discover`. A
 * server of the first era answers with some error of its own, closes the connection or stays silent. Only refused
 * credentials, a redirect and a host that cannot be reached leave the question open. Costs up to two requests, which
 * belong to no measured sample.
 * @param discover sends server/discover, and gives up after this time (milliseconds) if no answer comes
 */
export async function findRevision(
  protocol: Target['protocol'],
  discover: (patienceMs?: number) => Promise<Exchange>,
): Promise<FoundRevision> {
  if (protocol !== 'auto' && protocol !== MODERN_REVISION) return LEGACY;
  const pinned = protocol === MODERN_REVISION;
  const ask = () => (pinned ? discover() : discover(DISCOVER_WAIT_MS));
  let exchange = await ask();
  if (exchange.outcome === 'RPC_-32022' && supportedVersionsIn(exchange.error)?.includes(MODERN_REVISION)) {
    exchange = await ask();
  }
  const { outcome, message } = exchange;
  if (succeeded(exchange)) {
    const { supportedVersions, ...discovery } = readDiscovery(exchange.result) ?? NOTHING;
    if (supportedVersions.includes(MODERN_REVISION)) return { era: 'modern', discovery };
    return pinned ? mismatch(`offers ${supportedVersions.join(', ') || 'no versions'}`) : LEGACY;
  }
  if (outcome === 'RPC_-32022') return otherVersion(supportedVersionsIn(exchange.error) ?? [], pinned);
  if (isAnswer(outcome)) return pinned ? mismatch(`answered server/discover with ${outcome} (${message})`) : LEGACY;
  if (pinned || ENDS_SEARCH.test(outcome)) return { era: 'unknown', outcome, message };
  return { era: 'legacy', message: `server/discover ended in ${outcome} (${message})` };
}

/**
 * How long a server may take to answer server/discover. Some servers of the first era never answer a method that they do
 * not know.
 */
const DISCOVER_WAIT_MS = 5000;

/** Outcomes after which initialize would fare no better: refused credentials, a redirect, a host that cannot be reached. */
const ENDS_SEARCH = /^(AUTH_|CLIENT_|HTTP_3XX|NET_(REFUSED|DNS|TLS|CONNECT_TMO|FORBIDDEN))/;

function otherVersion(supported: readonly string[], pinned: boolean): FoundRevision {
  const newer = supported.filter((version) => version > MODERN_REVISION);
  const speaksLegacy = supported.length === 0 || LEGACY_REVISIONS.some((revision) => supported.includes(revision));
  if (!pinned && (speaksLegacy || newer.length === 0)) return LEGACY;
  return mismatch(`speaks ${supported.join(', ')}`);
}

function mismatch(what: string): FoundRevision {
  return { era: 'unknown', outcome: 'PROTO_VERSION', message: `the server ${what}; expected ${MODERN_REVISION}` };
}

/** 4xx statuses that postpone the request instead of answering it. */
const POSTPONED: ReadonlySet<Outcome> = new Set<Outcome>(['HTTP_408', 'HTTP_425', 'HTTP_429']);

/** True for an answer that says something about the protocol, even if only that the server did not understand. */
function isAnswer(outcome: Outcome): boolean {
  return /^(RPC_|PROTO_|SSE_|SESS_|HTTP_4)/.test(outcome) && !POSTPONED.has(outcome);
}

/** How long a server of the old transport may take to send its endpoint. Servers send it immediately. */
const ENDPOINT_WAIT_MS = 2000;

/**
 * Finds out whether a server that refused initialize speaks HTTP+SSE, the transport of revision 2024-11-05, which
 * mcp-surge does not speak. Revision 2025-03-26, "Backwards Compatibility": clients send GET, and the first event of
 * such a server is `endpoint`.
 */
export async function isHttpSse(connection: TargetConnection, refused: Exchange, clock: Clock): Promise<boolean> {
  if (!['HTTP_400', 'HTTP_404', 'HTTP_405'].includes(refused.outcome)) return false;
  const decided = new AbortController();
  let firstType: string | undefined;
  const peer: ExchangePeer = {
    stateless: false,
    judgeResult: () => USEFUL,
    onMessage: () => {},
    onOtherEvent: (_, type) => {
      firstType ??= type;
      decided.abort();
    },
    onBroken: () => false,
  };
  const { headers: sent } = refused.request;
  // Names and values alternate. A value may equal the name that is searched for.
  const headers = sent.map((text, at) => (at % 2 === 1 && sent[at - 1] === 'accept' ? 'text/event-stream' : text));
  const stream = connection.prepare({
    ...refused.request,
    method: 'GET',
    headers,
    body: null,
    expects: 'stream',
    opensSession: false,
    peer,
  });
  connection.dispatch(stream);
  void stream.ended().then(() => decided.abort());
  await clock.sleepUntil(clock.now() + ENDPOINT_WAIT_MS, decided.signal);
  stream.cancelStream();
  return firstType === 'endpoint';
}
