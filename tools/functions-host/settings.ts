import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import type { Log } from './log.ts';
import { timeSpanMs } from './timers.ts';
import type { FunctionTimeout } from './worker/workers.ts';

export type HostSettings = {
  /** Without slashes at its ends; empty when routes start at the root. */
  readonly routePrefix: string;
  readonly functionTimeout: FunctionTimeout;
  readonly hubName: string;
  readonly maxConcurrentActivityFunctions: number;
  readonly maxConcurrentOrchestratorFunctions: number;
};

/** The defaults of the Functions host on a dedicated plan, which is what a laptop counts as. */
const DEFAULT_TIMEOUT = '00:30:00';
const DEFAULT_ACTIVITIES_PER_CORE = 10;
const DEFAULT_ORCHESTRATORS = 5;
const DEFAULT_HUB = 'TestHubName';

const hostJson = z.looseObject({ version: z.literal('2.0', 'must be "2.0"') });
const positiveCount = z.coerce.number().int().positive();

/**
 * Reads host.json as the Functions host does: `AzureFunctionsJobHost__a__b` among the settings overrides its `a.b`,
 * and `%NAME%` in a value stands for the setting of that name.
 * @throws Error when host.json is missing or wrong; the message names the field.
 */
export async function readHostSettings(appRoot: string, settings: Settings, log: Log): Promise<HostSettings> {
  const file = path.join(appRoot, 'host.json');
  const text = await readIfThere(file);
  if (text === undefined) {
    throw new Error(`There is no host.json in ${appRoot}. It marks the root of a function app: { "version": "2.0" }.`);
  }
  const root = override(parseJsonFile(file, text, hostJson), settings);

  const read = <T>(keys: string, schema: z.ZodType<T>, otherwise: T): T => {
    const found = keys.split('.').reduce<unknown>((at, key) => memberOf(at, key)?.value, root);
    const value = typeof found === 'string' ? resolved(keys, found) : found;
    if (value === undefined || value === null) return otherwise;
    const parsed = schema.safeParse(value);
    if (!parsed.success) {
      throw new Error(`host.json: ${keys} is ${JSON.stringify(value)}: ${parsed.error.issues[0]?.message}.`);
    }
    return parsed.data;
  };
  const resolved = (keys: string, value: string): string | undefined => {
    const answer = resolveReferences(value, settings);
    if (answer.ok) return answer.text;
    const message = `host.json: ${keys} refers to the setting ${answer.missing}, which is not set: its default is used.`;
    log({ level: 'warning', category: 'Host.Startup', message });
    return undefined;
  };

  const durable = 'extensions.durableTask';
  const activities = DEFAULT_ACTIVITIES_PER_CORE * availableParallelism();
  return {
    routePrefix: read('extensions.http.routePrefix', z.string(), 'api').replace(/^\/+|\/+$/g, ''),
    functionTimeout: parseTimeout(read('functionTimeout', z.string(), DEFAULT_TIMEOUT)),
    hubName: read(`${durable}.hubName`, z.string(), DEFAULT_HUB),
    maxConcurrentActivityFunctions: read(`${durable}.maxConcurrentActivityFunctions`, positiveCount, activities),
    maxConcurrentOrchestratorFunctions: read(
      `${durable}.maxConcurrentOrchestratorFunctions`,
      positiveCount,
      DEFAULT_ORCHESTRATORS,
    ),
  };
}

function parseTimeout(text: string): FunctionTimeout {
  const ms = text === '-1' ? 0 : timeSpanMs(text);
  if (ms === undefined) {
    throw new Error(`host.json: functionTimeout is ${JSON.stringify(text)}: it must be hh:mm:ss, or -1 for no limit.`);
  }
  return { ms, text };
}

/** A member of an object whatever the case of its key, as .NET configuration reads it. */
function memberOf(at: unknown, key: string): { readonly key: string; readonly value: unknown } | undefined {
  if (typeof at !== 'object' || at === null) return undefined;
  const found = Object.entries(at).find(([name]) => name.toLowerCase() === key.toLowerCase());
  return found === undefined ? undefined : { key: found[0], value: found[1] };
}

function override(root: Record<string, unknown>, settings: Settings): Record<string, unknown> {
  const overridden = structuredClone(root);
  for (const [name, value] of Object.entries(settings)) {
    const [prefix, ...keys] = name.split(/__|:/);
    if (prefix?.toLowerCase() !== 'azurefunctionsjobhost' || keys.length === 0) continue;
    let at = overridden;
    for (const key of keys.slice(0, -1)) {
      const child = memberOf(at, key);
      const next = typeof child?.value === 'object' && child.value !== null ? child.value : {};
      at[child?.key ?? key] = next;
      at = next as Record<string, unknown>;
    }
    const last = keys.at(-1) ?? '';
    at[memberOf(at, last)?.key ?? last] = value;
  }
  return overridden;
}

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
  for (const [name, value] of Object.entries(environment)) if (value !== undefined) settings[name] = value;
  return { ...settings, ...given };
}

/** The text of a file, or undefined when there is none. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    // Editors on Windows put a byte order mark first, which JSON.parse refuses.
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
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
  if (!parsed.success) throw new Error(`${file} is not as expected:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function parseValues(file: string, text: string | undefined): Settings {
  if (text === undefined) return {};
  const { IsEncrypted, Values } = parseJsonFile(file, text, localSettings);
  if (IsEncrypted === true) {
    throw new Error(
      `${file} is encrypted, which the local host cannot read. Run "func settings decrypt" and start again.`,
    );
  }
  return Object.fromEntries(Object.entries(Values ?? {}).map(([name, value]) => [name, String(value)]));
}

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

export type Resolved = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly missing: string };

/** Replaces every `%NAME%` by the app setting of that name. A name without a setting is the answer's `missing`. */
export function resolveReferences(text: string, settings: Settings): Resolved {
  let missing: string | undefined;
  const replaced = text.replace(/%([^%]+)%/g, (whole, name: string) => {
    const value = settings[name];
    if (value === undefined) missing ??= name;
    return value ?? whole;
  });
  return missing === undefined ? { ok: true, text: replaced } : { ok: false, missing };
}
