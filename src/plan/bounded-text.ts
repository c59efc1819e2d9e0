/** The longest text of a target that a message quotes, before it is redacted and shortened for people. */
export const MAX_EXCERPT_CHARACTERS = 16_384;

/** Values that are nested deeper are written as `…`. */
const MAX_DEPTH = 32;

/** The first characters of a text. The result does not keep the whole text in memory. */
export function excerpt(text: string, maxCharacters = MAX_EXCERPT_CHARACTERS): string {
  if (text.length <= maxCharacters) return text;
  return `${copied(text.slice(0, maxCharacters))}…`.toWellFormed();
}

/** The same text with memory of its own. V8 keeps a whole text alive for each part of it. */
export function copied(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}

/** A value that a target sent, as a message quotes it: a text as it is, anything else as JSON. Never throws. */
export function quoted(value: unknown, maxCharacters = MAX_EXCERPT_CHARACTERS): string {
  return typeof value === 'string' ? excerpt(value, maxCharacters) : boundedJson(value, maxCharacters);
}

/**
 * A value as JSON of about so many characters at most. Unlike JSON.stringify it never throws, however deeply the value
 * is nested, and takes no longer for a large value than for a small one. What is left out is written as `…`.
 */
export function boundedJson(value: unknown, maxCharacters = MAX_EXCERPT_CHARACTERS): string {
  return excerpt(writtenJson(value, maxCharacters).text, maxCharacters);
}

/** True for a value whose JSON has at most so many characters and is not nested deeper than 32 levels. */
export function isWithinJson(value: unknown, maxCharacters: number): boolean {
  const { text, isWhole } = writtenJson(value, maxCharacters);
  return isWhole && text.length <= maxCharacters;
}

function writtenJson(value: unknown, maxCharacters: number): { readonly text: string; readonly isWhole: boolean } {
  let text = '';
  let isWhole = true;
  const isFull = (): boolean => {
    if (text.length >= maxCharacters) isWhole = false;
    return !isWhole;
  };
  const write = (part: unknown, depth: number): void => {
    if (typeof part === 'string') {
      if (part.length > maxCharacters) isWhole = false;
      text += JSON.stringify(excerpt(part, maxCharacters));
    } else if (typeof part !== 'object' || part === null) {
      text += String(part);
    } else if (depth === MAX_DEPTH) {
      isWhole = false;
      text += '…';
    } else if (Array.isArray(part)) {
      text += '[';
      for (let at = 0; at < part.length && !isFull(); at++) {
        if (at > 0) text += ',';
        write(part[at], depth + 1);
      }
      text += ']';
    } else {
      const open = text.length + 1;
      text += '{';
      for (const key in part) {
        if (isFull()) break;
        if (text.length > open) text += ',';
        text += `${JSON.stringify(excerpt(key, maxCharacters))}:`;
        write((part as Record<string, unknown>)[key], depth + 1);
      }
      text += '}';
    }
  };
  write(value, 0);
  return { text, isWhole };
}
