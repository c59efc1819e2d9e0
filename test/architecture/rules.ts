import { posix } from 'node:path';

/** The rooms of `src`, in the order in which data walks through them: a file imports from its own room and those before it. */
const ROOMS =
  'net plan sample secrets traffic mcp scenario summary verdict comparison report store run functions cli'.split(' ');
/** Files that do no I/O. */
const PURE =
  /^src\/((plan|sample|summary|verdict|comparison|report|mcp\/operations)\/|mcp\/http\/(sse-decoder|json-rpc|classify)\.ts|traffic\/(?!clock\.ts))/;
const MAY_USE_AZURE = /^src\/(functions|store|secrets|mcp\/auth)\//;
const VAGUE = /(^|\/)(utils?|commons?|helpers?|types|index|misc|shared)(\.|\/|$)/;
const KEBAB = /^([a-z0-9]+(-[a-z0-9]+)*\/)*[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.(ts|js|css|html)$/;
const MAX_LINES = 350;
/** A shorter file is justified only as an entry, or when several folders import it. */
const MIN_LINES = 30;

/** Source texts by their paths from the project's root. */
export type Sources = ReadonlyMap<string, string>;

/** Names every place at which the sources break a rule of the structure; CONTRIBUTING.md has the rules in words. */
export function violations(sources: Sources): string[] {
  return [...sources].flatMap(([file, text]) => [
    ...importsOf(file, text).flatMap((target) => importViolation(file, target)),
    ...(lines(text) > MAX_LINES ? [`${file} has more than ${MAX_LINES} lines`] : []),
    ...(lines(text) < MIN_LINES && !isShared(file, sources) ? [`${file} has fewer than ${MIN_LINES} lines`] : []),
    ...(VAGUE.test(file) ? [`${file} has a vague name`] : []),
    ...(KEBAB.test(file) ? [] : [`${file} is not named in kebab-case`]),
    ...(circular(file, sources) ? [`${file} imports itself through others`] : []),
  ]);
}

function lines(text: string): number {
  return text.trimEnd().split('\n').length;
}

/** True for an entry, and for a file that at least two folders import. */
function isShared(file: string, sources: Sources): boolean {
  if (/\/main\.ts$/.test(file) || !file.endsWith('.ts')) return true;
  const importers = [...sources].filter(([other, text]) => importsOf(other, text).includes(file));
  return new Set(importers.map(([other]) => posix.dirname(other))).size > 1;
}

/** Every module that a file imports: a path from the project's root, or the name of a package. */
function importsOf(file: string, text: string): string[] {
  const names = [...text.matchAll(/^(?:import|export) (?:[^;'=]* from )?'([^']+)'|import\('([^']+)'\)/gm)].map(
    ([, a, b]) => a ?? b ?? '',
  );
  return names.map((name) => (name.startsWith('.') ? posix.join(posix.dirname(file), name) : name));
}

function importViolation(file: string, target: string): string[] {
  const [top = '', room = ''] = file.split('/');
  const [targetTop, targetRoom = ''] = target.split('/');
  const own = target.includes('/') && ['src', 'tools', 'fleet', 'demo'].includes(targetTop ?? '');
  const broken =
    (top !== 'demo' && own && targetTop !== top) ||
    (top === 'src' && targetTop === 'src' && ROOMS.indexOf(targetRoom) > ROOMS.indexOf(room)) ||
    (room === 'cli' && targetRoom === 'functions') ||
    (PURE.test(file) && (target.startsWith('node:') || target === 'undici')) ||
    (top === 'src' && /^(@azure\/|durable-functions)/.test(target) && !MAY_USE_AZURE.test(file));
  return broken ? [`${file} imports ${target}`] : [];
}

function circular(start: string, sources: Sources): boolean {
  const seen = new Set<string>();
  const next = (file: string): boolean =>
    importsOf(file, sources.get(file) ?? '').some((target) => {
      if (target === start) return true;
      if (seen.has(target)) return false;
      seen.add(target);
      return next(target);
    });
  return next(start);
}
