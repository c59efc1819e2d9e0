import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml';
import { isRecord } from './primitives.ts';

/** What stands for a merge key while a document becomes a value. A quoted "<<" is an ordinary key. */
const MERGE_MARK = '\u0000<<';
/** More than any plan needs to merge; each merge copies the keys of a mapping. */
const MAX_MERGED_KEYS = 200_000;

/**
 * The value of a document without errors. Merge keys (`<<: *common`, YAML 1.1) take over the keys of another mapping, or of
 * a list of them, that the mapping does not have itself. Aliases share their value, so that expanding them costs nothing
 * here.
 * @returns a problem for a merge key with any other value
 */
export function plainValueOf(
  document: Document,
): { readonly value: unknown } | { readonly problem: string; readonly at: number } {
  const keys: Scalar[] = [];
  visit(document, {
    Pair(_, { key }) {
      if (isMergeKey(key)) keys.push(key);
    },
  });
  for (const key of keys) key.value = MERGE_MARK;
  try {
    const value: unknown = document.toJS({ maxAliasCount: -1 });
    const problem = keys.length === 0 ? undefined : new Merger().merge(value);
    return problem === undefined ? { value } : { problem, at: keys[0]?.range?.[0] ?? 0 };
  } finally {
    for (const key of keys) key.value = '<<';
  }
}

const EXPECTED_MERGE = 'expected a mapping or a list of mappings after <<, e.g. <<: *common; a key "<<" needs quotes';

/** Replaces the merge keys of a value in place. Every mapping is merged once, however many aliases share it. */
class Merger {
  readonly #done = new Set<object>();
  readonly #open = new Set<object>();
  #left = MAX_MERGED_KEYS;

  /** @returns what is wrong; undefined when everything is merged */
  merge(value: unknown): string | undefined {
    if (typeof value !== 'object' || value === null || this.#done.has(value)) return undefined;
    // An alias within its own value; whether that is allowed is checked later.
    if (this.#open.has(value)) return undefined;
    this.#open.add(value);
    const problem = this.#mergeChildren(value) ?? (isRecord(value) ? this.#mergeInto(value) : undefined);
    this.#open.delete(value);
    this.#done.add(value);
    return problem;
  }

  #mergeChildren(value: object): string | undefined {
    for (const child of Object.values(value)) {
      const problem = this.merge(child);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  #mergeInto(target: Record<string, unknown>): string | undefined {
    if (!Object.hasOwn(target, MERGE_MARK)) return undefined;
    const given = target[MERGE_MARK];
    delete target[MERGE_MARK];
    for (const source of Array.isArray(given) ? given : [given]) {
      if (!isRecord(source)) return EXPECTED_MERGE;
      if (this.#open.has(source)) return 'expected no mapping that is merged into itself';
      for (const [key, value] of Object.entries(source)) {
        if (Object.hasOwn(target, key)) continue;
        this.#left--;
        if (this.#left < 0) return `expected at most ${MAX_MERGED_KEYS} keys from merge keys (<<)`;
        Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
      }
    }
    return undefined;
  }
}

/** The pair of a mapping's own key; keys that YAML reads as numbers are texts in the plan. */
export function ownPair(map: YAMLMap, key: string): Pair<Scalar, unknown> | undefined {
  const pair = map.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
  return pair as Pair<Scalar, unknown> | undefined;
}

/** The pair of a key that a mapping takes over by a merge key; undefined when there is none. */
export function mergedPair(
  map: YAMLMap,
  key: string,
  document: Document,
  depth = 0,
): Pair<Scalar, unknown> | undefined {
  const merge = map.items.find((item) => isMergeKey(item.key));
  if (merge === undefined || depth > MAX_MERGE_DEPTH) return undefined;
  const given = resolved(merge.value as Node | null, document);
  for (const each of isSeq(given) ? given.items : [given]) {
    const source = resolved(each as Node | null, document);
    const pair = isMap(source) ? (ownPair(source, key) ?? mergedPair(source, key, document, depth + 1)) : undefined;
    if (pair !== undefined) return pair;
  }
  return undefined;
}

const MAX_MERGE_DEPTH = 20;

function resolved(node: Node | null | undefined, document: Document): Node | null | undefined {
  return isAlias(node) ? node.resolve(document) : node;
}

function isMergeKey(key: unknown): key is Scalar<string> {
  return isScalar(key) && key.value === '<<' && key.type === 'PLAIN';
}
