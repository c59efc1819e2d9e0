import { dirname } from 'node:path';
import { authSchema } from '../plan/auth-schema.ts';
import { decodeText } from '../plan/decode-text.ts';
import type { ReadFile } from '../plan/feed.ts';
import { overridePlan, writtenPlan } from '../plan/override-plan.ts';
import { asRecord, httpUrl, parseDuration } from '../plan/primitives.ts';
import { nearestOf } from '../plan/problem.ts';
import { variantsWith } from '../plan/schema-at.ts';
import { parseSecretOrigin, secretNames } from '../plan/secret-origins.ts';
import type { RunContext } from '../run/run-context.ts';
import { relativeFileReader } from '../run/text-file.ts';
import { commandContext, readPlanFile, UsageError } from './command-context.ts';
import type { readOptions } from './options.ts';

/** The options of all commands that read a plan: what to replace in it, and what it is allowed to do. */
export const PLAN_OPTIONS = {
  duration: { type: 'string' },
  target: { type: 'string', multiple: true },
  'token-url': { type: 'string', multiple: true },
  allow: { type: 'string', multiple: true },
  'allow-address': { type: 'string', multiple: true },
  'allow-scope': { type: 'string', multiple: true },
  'secret-origin': { type: 'string', multiple: true },
  'entra-login': { type: 'boolean' },
} as const;

type PlanOptions = Partial<ReturnType<typeof readOptions<typeof PLAN_OPTIONS>>['values']>;

/** A plan as the command line wants it, and what it may do here. */
type OpenedPlan = {
  /** Undecoded if it cannot be decoded; parsing says why. */
  readonly text: string | Uint8Array;
  readonly context: RunContext;
  /** Reads the files that feeds name. */
  readonly readFile: ReadFile;
};

/** Reads a plan with the replacements and permissions of the command line. @throws UsageError naming the option */
export function openPlan(file: string, options: PlanOptions): OpenedPlan {
  const { duration } = options;
  if (duration !== undefined && parseDuration(duration) === undefined) {
    throw new UsageError(`--duration takes a duration such as "10s" or "1h30m", got "${duration}".`);
  }
  const bytes = readPlanFile(file);
  const written = decodeText(bytes);
  const targets = readNamedUrls('--target', options.target ?? []);
  const tokenUrls = readNamedUrls('--token-url', options['token-url'] ?? []);
  const context = openContext(options);
  const readFile = relativeFileReader(dirname(file));
  if (typeof written !== 'string') return { text: bytes, context, readFile };
  checkNames(written, targets, tokenUrls);
  checkSecrets(written, options['secret-origin'] ?? []);
  const text = overridePlan(written, { targets, tokenUrls, ...(duration === undefined ? {} : { duration }) });
  return { text, context, readFile };
}

function openContext(options: PlanOptions): RunContext {
  return commandContext({
    origins: options.allow ?? [],
    addresses: options['allow-address'] ?? [],
    scopes: options['allow-scope'] ?? [],
    secretOrigins: options['secret-origin'] ?? [],
    entraLogin: options['entra-login'] ?? false,
  });
}

const optionUrl = httpUrl('expected an http or https URL');

/** Reads the values of an option that takes NAME=URL. @throws UsageError naming the option */
function readNamedUrls(option: string, values: readonly string[]): Record<string, string> {
  const urls: Record<string, string> = {};
  for (const value of values) {
    const at = value.indexOf('=');
    if (at < 1) throw new UsageError(`${option} takes NAME=URL, got "${value}".`);
    const [name, url] = [value.slice(0, at), value.slice(at + 1)];
    const problem = optionUrl.safeParse(url).error?.issues[0]?.message;
    // A URL may contain a password, so it is not repeated.
    if (problem !== undefined) throw new UsageError(`${option} ${name}: ${problem}.`);
    urls[name] = url;
  }
  return urls;
}

/** Checks that the replacements name targets of the plan. A file that is no plan is left to the parser. */
function checkNames(text: string, targets: Record<string, string>, tokenUrls: Record<string, string>): void {
  const plan = writtenPlan(text);
  const known = asRecord(asRecord(plan).targets);
  const names = Object.keys(known);
  if (names.length === 0) return;
  for (const [option, urls] of [['--target', targets] as const, ['--token-url', tokenUrls] as const]) {
    const unknown = Object.keys(urls).find((name) => !Object.hasOwn(known, name));
    if (unknown === undefined) continue;
    throw new UsageError(
      `${option}: the plan has no target ${meantName(unknown, names)} Its targets: ${names.join(', ')}.`,
    );
  }
  const { names: types } = variantsWith(plan, ['targets', '', 'auth'], 'tokenUrl');
  for (const name of Object.keys(tokenUrls)) {
    const { type = 'none' } = asRecord(asRecord(known[name]).auth);
    if (types.includes(String(type))) continue;
    throw new UsageError(
      `--token-url ${name}: the auth of this target has type "${type}", which has no token URL; ${types.join(' and ')} have one.`,
    );
  }
}

/** Checks that the secrets of --secret-origin are secrets of the plan: a misspelt one would limit nothing. */
function checkSecrets(text: string, secretOrigins: readonly string[]): void {
  const auths = Object.values(asRecord(asRecord(writtenPlan(text)).targets)).map((target) => asRecord(target).auth);
  const parsed = auths.map((auth) => authSchema.safeParse(auth ?? { type: 'none' }).data);
  // Credentials that are not valid are left to the parser.
  if (parsed.includes(undefined)) return;
  const names = [...new Set(parsed.flatMap((auth) => (auth === undefined ? [] : secretNames(auth))))];
  for (const value of secretOrigins) {
    const secret = parseSecretOrigin(value)?.secret;
    if (secret === undefined || names.includes(secret)) continue;
    const all = names.length === 0 ? 'It uses none.' : `Its secrets: ${names.join(', ')}.`;
    throw new UsageError(`--secret-origin: the plan uses no secret ${meantName(secret, names)} ${all}`);
  }
}

/** An unknown name in quotes, with the nearest known one. */
function meantName(name: string, known: readonly string[]): string {
  const nearest = nearestOf(name, known);
  return nearest === undefined ? `"${name}".` : `"${name}": did you mean "${nearest}"?`;
}
