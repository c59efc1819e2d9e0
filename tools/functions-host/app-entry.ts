import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { parseJsonFile, readIfThere } from './app-settings.ts';

const packageJson = z.looseObject({ main: z.string().optional() });

/**
 * The file to load: `entry`, or what `main` of the app's package.json names, made absolute.
 * @throws Error when there is none, or it is not there yet
 */
export async function resolveAppEntry(appRoot: string, entry: string | undefined): Promise<string> {
  const file = path.join(appRoot, 'package.json');
  const text = entry === undefined ? await readIfThere(file) : undefined;
  const main = entry ?? (text === undefined ? undefined : parseJsonFile(file, text, packageJson).main);
  if (main === undefined) {
    throw new Error(`Which file starts the app in ${appRoot}? Name it as "main" in package.json, or pass entry.`);
  }
  const resolved = path.resolve(appRoot, main);
  if (!existsSync(resolved)) {
    throw new Error(`The app's entry ${resolved} does not exist. Build the app first, or pass another entry.`);
  }
  return resolved;
}
