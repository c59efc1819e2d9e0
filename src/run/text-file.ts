import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { decodeText } from '../plan/decode-text.ts';
import type { ReadFile } from '../plan/feed.ts';

/** More than a plan or a feed may have, in any encoding. */
const MAX_BYTES = 24_000_000;
const CHUNK_BYTES = 1 << 16;

/**
 * Reads a file whole. Never endless: a device such as /dev/zero is read up to the limit.
 * @throws Error of the file system, or naming the limit if the file is larger
 */
export function readBounded(path: string, maxBytes = MAX_BYTES): Uint8Array {
  const file = openSync(path, 'r');
  try {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const count = readSync(file, chunk);
      if (count === 0) return Buffer.concat(chunks);
      length += count;
      if (length > maxBytes) throw new Error(`the file has more than ${maxBytes / 1e6} MB`);
      chunks.push(chunk.subarray(0, count));
    }
  } finally {
    closeSync(file);
  }
}

/** Reads the files that a plan names, relative to the folder of the plan. Pipes and devices are not read: they may never end. */
export function relativeFileReader(folder: string): ReadFile {
  return (path) => {
    const file = resolve(folder, path);
    let bytes: Uint8Array;
    try {
      if (!statSync(file).isFile()) return { problem: 'expected a regular file' };
      bytes = readBounded(file);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      return code === 'ENOENT' ? undefined : { problem: message };
    }
    const text = decodeText(bytes);
    return typeof text === 'string' ? text : { problem: `line ${text.line}, column ${text.column}: ${text.message}` };
  };
}
