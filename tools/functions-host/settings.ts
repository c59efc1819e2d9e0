import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { type Log, messageOf } from './log.ts';
import { timeSpanMs } from './timers.ts';

/** App settings: names and values, as environment variables of the worker. */
export type Settings = Readonly<Record<string, string>>;

const localSettings = z.looseObject({
  IsEncrypted: z.boolean().optional(),
  Values: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
});

/**
 * The app settings, put together as Core Tools does: `given` overrides this process's environment, which overrides
 * `Values` of local.settings.json. A missing file counts as empty.
 * @throws Error when the file is encrypted or does not have the format that Core Tools writes
 */
export async function readAppSettings(
  appRoot: string,
  environment: NodeJS.ProcessEnv,
  given: Settings,
): Promise<Settings> {
  const file = path.join(appRoot, 'local.settings.json');
  const settings: Record<string, string> = { ...parseValues(file, await readIfPresent(file)) };
  for (const [name, value] of Object.entries(environment)) if (value !== undefined) settings[name] = value;
  return { ...settings, ...given };
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

/** What the host uses of host.json. */
export type HostSettings = {
  /** Without leading and trailing slashes; empty when routes start at the root. */
  readonly routePrefix: string;
  readonly functionTimeout: FunctionTimeout;
  readonly hubName: string;
  readonly maxConcurrentActivityFunctions: number;
  readonly maxConcurrentOrchestratorFunctions: number;
  /** When a message that a dead host had taken becomes visible to another one: events of orchestrations, in milliseconds. */
  readonly controlQueueVisibilityTimeoutMs: number;
  /** The same for activities. */
  readonly workItemQueueVisibilityTimeoutMs: number;
};

export type FunctionTimeout = {
  /** 0 for no limit. */
  readonly ms: number;
  /** As written in host.json, for messages. */
  readonly text: string;
};

/** The defaults of the Functions host on a dedicated plan, which a laptop is closest to. */
const DEFAULT_TIMEOUT = '00:30:00';
const DEFAULT_ACTIVITIES_PER_CORE = 10;
const DEFAULT_ORCHESTRATORS = 5;
const DEFAULT_VISIBILITY_TIMEOUT = '00:05:00';
const MIN_VISIBILITY_TIMEOUT_MS = 60_000;
const MAX_VISIBILITY_TIMEOUT_MS = 60 * 60_000;
const DEFAULT_HUB = 'TestHubName';

const hostJson = z.looseObject({ version: z.literal('2.0', 'must be "2.0"') });
const positiveCount = z.coerce.number().int().positive();

/**
 * Reads host.json as the Functions host does: the app setting `AzureFunctionsJobHost__a__b` overrides `a.b`, and `%NAME%`
 * in a value is replaced by the setting of that name.
 * @throws Error when host.json is missing or wrong; the message names the field
 */
export async function readHostSettings(appRoot: string, settings: Settings, log: Log): Promise<HostSettings> {
  const file = path.join(appRoot, 'host.json');
  const text = await readIfPresent(file);
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
    const message = `host.json: ${keys} refers to the setting ${answer.missing}, which is not set. The default is used.`;
    log({ level: 'warning', category: 'Host.Startup', message });
    return undefined;
  };

  const durable = 'extensions.durableTask';
  const visibilityTimeout = (name: string) => {
    const keys = `${durable}.storageProvider.${name}`;
    const text = read(keys, z.string(), DEFAULT_VISIBILITY_TIMEOUT);
    const ms = timeSpanMs(text);
    if (ms === undefined || ms < MIN_VISIBILITY_TIMEOUT_MS || ms > MAX_VISIBILITY_TIMEOUT_MS) {
      throw new Error(`host.json: ${keys} is ${JSON.stringify(text)}: it must be hh:mm:ss, from 1 to 60 minutes.`);
    }
    return ms;
  };
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
    controlQueueVisibilityTimeoutMs: visibilityTimeout('controlQueueVisibilityTimeout'),
    workItemQueueVisibilityTimeoutMs: visibilityTimeout('workItemQueueVisibilityTimeout'),
  };
}

function parseTimeout(text: string): FunctionTimeout {
  const ms = text === '-1' ? 0 : timeSpanMs(text);
  if (ms === undefined) {
    throw new Error(`host.json: functionTimeout is ${JSON.stringify(text)}: it must be hh:mm:ss, or -1 for no limit.`);
  }
  return { ms, text };
}

/** A member of an object. Like .NET configuration, it ignores the case of the key. */
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

const packageJson = z.looseObject({ main: z.string().optional() });

/**
 * Absolute path of the file to load: `entry`, or `main` of the app's package.json.
 * @throws Error when neither is given, or the file does not exist
 */
export async function resolveAppEntry(appRoot: string, entry: string | undefined): Promise<string> {
  const file = path.join(appRoot, 'package.json');
  const text = entry === undefined ? await readIfPresent(file) : undefined;
  const main = entry ?? (text === undefined ? undefined : parseJsonFile(file, text, packageJson).main);
  if (main === undefined) {
    throw new Error(`The app in ${appRoot} has no entry file. Name it as "main" in package.json, or pass entry.`);
  }
  const resolved = path.resolve(appRoot, main);
  if (!existsSync(resolved)) {
    throw new Error(`The app's entry ${resolved} does not exist. Build the app first, or pass another entry.`);
  }
  return resolved;
}

type Resolved = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly missing: string };

/** Replaces every `%NAME%` by the app setting of that name. `missing` is the first name that has no setting. */
export function resolveReferences(text: string, settings: Settings): Resolved {
  let missing: string | undefined;
  const replaced = text.replace(/%([^%]+)%/g, (whole, name: string) => {
    const value = settings[name];
    if (value === undefined) missing ??= name;
    return value ?? whole;
  });
  return missing === undefined ? { ok: true, text: replaced } : { ok: false, missing };
}

/** The text of a file, or undefined when the file does not exist. */
async function readIfPresent(file: string): Promise<string | undefined> {
  try {
    // Some editors on Windows write a byte order mark, which JSON.parse rejects.
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Parses JSON. Every error names the file. */
function parseJsonFile<T>(file: string, text: string, schema: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is not valid JSON: ${messageOf(error)}`);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new Error(`${file} is not as expected:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
