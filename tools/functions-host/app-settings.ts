import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

export type Settings = Readonly<Record<string, string>>;

const localSettings = z.looseObject({
  IsEncrypted: z.boolean().optional(),
  Values: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
});

/**
 * The app's settings as Core Tools puts them together: `Values` of local.settings.json, hidden by this process's
 * environment, hidden by what the caller passes. A missing file is an empty one.
 * @throws Error when the file is encrypted or is not what Core Tools writes.
 */
export async function readAppSettings(
  appRoot: string,
  environment: NodeJS.ProcessEnv,
  given: Settings,
): Promise<Settings> {
  const file = path.join(appRoot, 'local.settings.json');
  const values = parseValues(file, await readIfThere(file));
  const settings: Record<string, string> = { ...values };
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined) {
      settings[name] = value;
    }
  }
  return { ...settings, ...given };
}

/** The text of a file, or undefined when there is none. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    // Editors on Windows put a byte order mark first, which JSON.parse refuses.
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

/** Reads JSON, naming the file in every complaint. */
export function parseJsonFile<T>(file: string, text: string, schema: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is not valid JSON: ${error instanceof Error ? error.message : error}`);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    throw new Error(`${file} is not as expected:\n${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

function parseValues(file: string, text: string | undefined): Settings {
  if (text === undefined) {
    return {};
  }
  const { IsEncrypted, Values } = parseJsonFile(file, text, localSettings);
  if (IsEncrypted === true) {
    throw new Error(
      `${file} is encrypted, which the local host cannot read. Run "func settings decrypt" and start again.`,
    );
  }
  return Object.fromEntries(Object.entries(Values ?? {}).map(([name, value]) => [name, String(value)]));
}
