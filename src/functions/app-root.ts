import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of host.json and the plans: this file's own in the deployed bundle, further up in a checkout. */
export function appRoot(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'host.json'))) return folder;
    if (folder === dirname(folder)) throw new Error(`There is no host.json in ${import.meta.dirname} or above it.`);
  }
}
