import type { Target } from '../plan/target-schema.ts';
import { outcomeMeaning } from '../report/outcome-meaning.ts';
import type { Outcome } from '../sample/outcome.ts';

/** What a probe finds where a server speaks the transport of revision 2024-11-05. */
export const HTTP_SSE = {
  outcome: 'PROTO_VERSION',
  message: 'it answers GET with an `endpoint` event: this is HTTP+SSE, the transport of revision 2024-11-05',
} as const;

/** A target's URL without its query, which may contain a key. */
export function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** A text of a target on one line, without the markup of a page. */
export function withoutMarkup(text: string): string {
  const words = text.replace(/<(script|style)\b[^>]*>[\s\S]*?<\/\1>/gi, ' ').replace(/<[a-z!/][^>]*>/gi, ' ');
  return words.replace(/\s+/g, ' ').trim();
}

/**
 * What to do about the outcome of a probe, in sentences of our own. It repeats what the outcome means, and names a cause
 * only where the answer shows it.
 */
export function adviceFor(outcome: Outcome, message: string, target: Target): string {
  switch (outcome) {
    case 'NET_FORBIDDEN':
      return 'The operator of this installation decides which addresses are allowed.';
    case 'NET_REFUSED':
    case 'NET_DNS':
    case 'NET_CONNECT_TMO':
      return 'Is the server running, and is this its address?';
    case 'NET_TLS':
      return tlsAdvice(message);
    case 'CLIENT_LIMIT':
      return /\bE[MN]FILE\b/.test(message)
        ? "This is not a problem of the target. Raise this machine's limit on open files, or end the programs that use them up."
        : 'This is not a problem of the target.';
    case 'PROTO_VERSION':
      return versionAdvice(message, target);
    case 'HTTP_3XX':
      return redirectAdvice(message, target.url);
    case 'HTTP_404':
    case 'HTTP_405':
      return "Check the URL's path.";
    case 'RPC_-32603':
      return `${outcomeMeaning(outcome)} It speaks MCP and failed inside; its log says why.`;
  }
  if (outcome.startsWith('AUTH_')) return authAdvice(outcome, message, target);
  const failedInside = outcome.startsWith('HTTP_5') && message.includes('"jsonrpc"');
  return `${outcomeMeaning(outcome)}${failedInside ? ' It speaks MCP and failed inside; its log says why.' : ''}`;
}

/** The codes of OpenSSL for a chain that ends at a certificate which this machine does not know. */
const UNKNOWN_AUTHORITY = /UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|unable to (get|verify)|self-signed/;
const PLAIN_PORT = /wrong version number|packet length too long|WRONG_VERSION_NUMBER|PACKET_LENGTH/i;

function tlsAdvice(message: string): string {
  if (UNKNOWN_AUTHORITY.test(message)) {
    return 'This machine does not know the authority that issued the certificate. If you trust it, set the environment variable NODE_EXTRA_CA_CERTS to its file (PEM).';
  }
  if (PLAIN_PORT.test(message))
    return 'Nothing speaks TLS at this port. If the server speaks plain HTTP, write http:// in url.';
  if (/ALTNAME/.test(message)) return 'The certificate is for another host name: use a name of the certificate in url.';
  if (/EXPIRED/.test(message)) return 'The certificate has expired: ask the owner of the server to renew it.';
  return outcomeMeaning('NET_TLS');
}

function versionAdvice(message: string, { protocol }: Target): string {
  if (message === HTTP_SSE.message) {
    return 'mcp-surge speaks Streamable HTTP, which such servers often offer at another path, such as /mcp.';
  }
  const pinned = protocol === 'auto' ? '' : ' Leave out protocol to use whichever of them the server has.';
  return `mcp-surge speaks revisions 2025-03-26 to 2026-07-28.${pinned}`;
}

/** @param location where a redirect leads, perhaps relative to the URL */
function redirectAdvice(location: string, url: string): string {
  if (!URL.canParse(location, url) || /^HTTP 3/.test(location)) return outcomeMeaning('HTTP_3XX');
  const goal = new URL(location, url);
  const use = `use ${shownUrl(goal.href)} as url`;
  if (goal.host === new URL(url).host) return `Redirects are not followed: ${use}.`;
  return `Redirects are not followed: if that is the server and not a page for signing in, ${use}.`;
}

function authAdvice(outcome: Outcome, message: string, { auth }: Target): string {
  const meaning = outcomeMeaning(outcome);
  if (auth.type !== 'none') return `${meaning} Check the target's auth.`;
  if (outcome === 'AUTH_403' && /\b(host|origin)\b/i.test(message)) {
    return 'The server does not accept the Host or Origin of the request: use a host name that it expects in url, or allow this one on the server.';
  }
  return `${meaning} The plan sends none: add auth to the target.`;
}
