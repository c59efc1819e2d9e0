/** Printable ASCII that no intermediary trims. */
const PLAIN = /^[!-~]([ -~]*[!-~])?$/;
const WRAPPED = '=?base64?';

/**
 * A text as the value of an `Mcp-Name` or `Mcp-Param-…` header (MCP 2026-07-28, Streamable HTTP, "Value Encoding"): as
 * it is where that is safe, else `=?base64?…?=` around the Base64 of its UTF-8. The same is
 * done with a text that looks wrapped already, and with an empty one, as intermediaries may drop empty headers.
 */
export function encodeHeaderValue(text: string): string {
  if (PLAIN.test(text) && !text.startsWith(WRAPPED)) return text;
  return `${WRAPPED}${Buffer.from(text, 'utf8').toString('base64')}?=`;
}
