import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ReadFile } from '../plan/feed-schema.ts';

/** Reads the files that a plan names, relative to the folder that the plan itself is in. */
export function readBeside(folder: string): ReadFile {
  return (path) => {
    try {
      return readFileSync(resolve(folder, path), 'utf8');
    } catch {
      return undefined;
    }
  };
}
