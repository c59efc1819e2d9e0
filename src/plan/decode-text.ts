/** Why bytes are not a text, and where. Line and column count from 1. */
export type TextProblem = { readonly message: string; readonly line: number; readonly column: number };

const SAVE = 'save it as UTF-8';
const NEWLINE = 0x0a;
/** Enough to recognise UTF-16 by the zero in every second byte of its letters. */
const SAMPLE_BYTES = 512;

/**
 * Decodes a text file. UTF-8 is expected; UTF-16 is decoded if a byte order mark says so, as PowerShell writes it. Any other
 * encoding is named, because reading it as UTF-8 would silently replace its letters.
 */
export function decodeText(bytes: Uint8Array): string | TextProblem {
  const [first, second, third, fourth] = bytes;
  if (first === 0xff && second === 0xfe) {
    if (third === 0 && fourth === 0) return whole(`the file is UTF-32; ${SAVE}`);
    return decodeUtf16(bytes, 'utf-16le');
  }
  if (first === 0xfe && second === 0xff) return decodeUtf16(bytes, 'utf-16be');
  if (hasAlternatingZeros(bytes)) return whole(`the file looks like UTF-16 without a byte order mark; ${SAVE}`);
  const text = decoded(bytes, 'utf-8');
  return text ?? utf8Problem(bytes);
}

function decodeUtf16(bytes: Uint8Array, encoding: 'utf-16le' | 'utf-16be'): string | TextProblem {
  return decoded(bytes, encoding) ?? whole(`the file is UTF-16 with a character that is cut in two; ${SAVE}`);
}

/** The text without its byte order mark; undefined if the bytes are not valid in the encoding. */
function decoded(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function hasAlternatingZeros(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  const zeros = [0, 0];
  for (const [index, byte] of sample.entries()) if (byte === 0) (zeros[index % 2] as number) += 1;
  const [even = 0, odd = 0] = zeros;
  return sample.length >= 4 && Math.max(even, odd) > sample.length / 4 && Math.min(even, odd) < sample.length / 16;
}

/** Where UTF-8 ends to be valid, and what the byte there is in the encoding that Windows editors wrote for long. */
function utf8Problem(bytes: Uint8Array): TextProblem {
  let [line, start] = [1, 0];
  for (;;) {
    const end = bytes.indexOf(NEWLINE, start);
    const content = bytes.subarray(start, end === -1 ? bytes.length : end);
    if (end === -1 || decoded(content, 'utf-8') === undefined) return { line, ...brokenByte(content) };
    [line, start] = [line + 1, end + 1];
  }
}

function brokenByte(line: Uint8Array): { readonly message: string; readonly column: number } {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let column = 1;
  for (const [index] of line.entries()) {
    try {
      column += decoder.decode(line.subarray(index, index + 1), { stream: true }).length;
    } catch {
      return { message: byteText(firstOfSequence(line, index)), column };
    }
  }
  return { message: byteText(line.at(-1) ?? 0), column };
}

/** The byte with which an invalid sequence begins: what follows it may be a letter. */
function firstOfSequence(line: Uint8Array, index: number): number {
  for (let at = index; at > index - 4 && at > 0; at--) {
    const before = line[at - 1] as number;
    if (before < 0x80) return line[at] as number;
    if (before >= 0xc0) return before;
  }
  return line[Math.max(0, index)] as number;
}

function byteText(byte: number): string {
  const letter = new TextDecoder('windows-1252').decode(Uint8Array.of(byte));
  const meant = /[\p{L}\p{S}\p{P}]/u.test(letter) ? `, which is "${letter}" in Windows-1252` : '';
  return `the file is not UTF-8: it has the byte 0x${byte.toString(16).toUpperCase()} here${meant}; ${SAVE}`;
}

function whole(message: string): TextProblem {
  return { message, line: 1, column: 1 };
}
