/**
 * A copy of a value in which every string is one harmless line. Messages and names come from targets: escape sequences
 * could drive a terminal, and bidirectional controls could reorder what a reader sees. Renderings for people start
 * with this, so that no single place can forget it.
 */
export function printable<T>(value: T): T {
  if (typeof value === 'string') return printableText(value) as T;
  if (Array.isArray(value)) return value.map(printable) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, printable(each)])) as T;
}

/** Line breaks become spaces, other controls become visible. */
function printableText(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\s\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[\p{Cc}\p{Bidi_Control}]/gu, controlPicture);
}

/** Unicode has pictures for the ASCII controls at U+2400; the rest get the replacement character. */
function controlPicture(control: string): string {
  const code = control.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? '␡' : '\uFFFD';
}
