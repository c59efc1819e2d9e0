import { availableParallelism } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { parseJsonFile, readIfThere, type Settings } from './app-settings.ts';
import type { Log } from './log.ts';
import { resolveReferences } from './setting-references.ts';
import { timeSpanMs } from './time-span.ts';
import type { FunctionTimeout } from './worker/worker-supervisor.ts';

export interface HostSettings {
  /** Without slashes at its ends; empty when routes start at the root. */
  readonly routePrefix: string;
  readonly functionTimeout: FunctionTimeout;
  readonly hubName: string;
  readonly maxConcurrentActivityFunctions: number;
  readonly maxConcurrentOrchestratorFunctions: number;
}

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
    if (value === undefined || value === null) {
      return otherwise;
    }
    const parsed = schema.safeParse(value);
    if (!parsed.success) {
      throw new Error(`host.json: ${keys} is ${JSON.stringify(value)}: ${parsed.error.issues[0]?.message}.`);
    }
    return parsed.data;
  };
  const resolved = (keys: string, value: string): string | undefined => {
    const answer = resolveReferences(value, settings);
    if (answer.ok) {
      return answer.text;
    }
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
  if (typeof at !== 'object' || at === null) {
    return undefined;
  }
  const found = Object.entries(at).find(([name]) => name.toLowerCase() === key.toLowerCase());
  return found === undefined ? undefined : { key: found[0], value: found[1] };
}

function override(root: Record<string, unknown>, settings: Settings): Record<string, unknown> {
  const overridden = structuredClone(root);
  for (const [name, value] of Object.entries(settings)) {
    const [prefix, ...keys] = name.split(/__|:/);
    if (prefix?.toLowerCase() !== 'azurefunctionsjobhost' || keys.length === 0) {
      continue;
    }
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
