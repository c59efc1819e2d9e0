import { USEFUL } from '../exchange/judgement.ts';
import type { Exchange } from '../http/exchange.ts';
import type { ExchangePeer } from '../http/exchange-request.ts';
import type { TargetConnection } from '../http/target-connection.ts';

/** How long a server of the old transport may take to name its endpoint, which it does at once. */
const PATIENCE_MS = 2000;

/**
 * Tells whether a server that refused initialize speaks HTTP+SSE, the transport of revision 2024-11-05, which mcp-surge
 * does not: revision 2025-03-26, "Backwards Compatibility", has clients send GET, and the server's first event is then
 * `endpoint`.
 */
export async function isHttpSse(connection: TargetConnection, refused: Exchange): Promise<boolean> {
  if (!['HTTP_400', 'HTTP_404', 'HTTP_405'].includes(refused.outcome)) return false;
  const { resolve, promise } = Promise.withResolvers<boolean>();
  const peer: ExchangePeer = {
    stateless: false,
    judgeResult: () => USEFUL,
    onMessage: () => {},
    onOtherEvent: (_, type) => resolve(type === 'endpoint'),
    onBroken: () => false,
  };
  const { headers: sent } = refused.request;
  // Names and values in turn: a value may well be the word that a name is looked for by.
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
  void stream.ended().then(() => resolve(false));
  const timer = setTimeout(() => resolve(false), PATIENCE_MS);
  const found = await promise;
  clearTimeout(timer);
  stream.cut();
  return found;
}
