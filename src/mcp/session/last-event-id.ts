/** What undici takes for a header's value, in which each character is one byte. */
const SENDABLE = /^[\t -~\x80-\xff]*$/;

/**
 * The header that asks for what came after an event (MCP 2025-03-26, "Resumability and Redelivery"), its value the id's
 * UTF-8 (WHATWG HTML §9.2.4). Empty when there is no such event, or its id holds a character that ends a header.
 */
export function lastEventIdHeader(id: string | undefined): readonly string[] {
  if (id === undefined) return [];
  const value = Buffer.from(id, 'utf8').toString('latin1');
  return SENDABLE.test(value) ? ['last-event-id', value] : [];
}
