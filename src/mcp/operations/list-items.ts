import { asRecord, isRecord } from '../../plan/primitives.ts';
import type { ListName } from '../../plan/step-schema.ts';
import { type Judgement, USEFUL } from '../http/json-rpc.ts';
import { addParams, type Call, shapeError } from './call.ts';

/** Where a result has the items of a list, and the key that identifies an item. */
type List = { readonly items: string; readonly key: string };

const METHODS: Readonly<Record<ListName, string>> = {
  tools: 'tools/list',
  resources: 'resources/list',
  'resource-templates': 'resources/templates/list',
  prompts: 'prompts/list',
};

const LISTS: Readonly<Record<string, List>> = {
  'tools/list': { items: 'tools', key: 'name' },
  'resources/list': { items: 'resources', key: 'uri' },
  'resources/templates/list': { items: 'resourceTemplates', key: 'uriTemplate' },
  'prompts/list': { items: 'prompts', key: 'name' },
};

/** The longest cursor: each further request sends one back. */
const MAX_CURSOR_CHARACTERS = 8192;

/** One page of a list. */
export type Page = {
  readonly items: readonly Readonly<Record<string, unknown>>[];
  /** Where the next page begins: in MCP 2026-07-28 any string, even an empty one. Undefined on the last page. */
  readonly nextCursor: string | undefined;
};

/** Makes the request for the first page of a list. */
export function listItems(list: ListName): Call {
  const method = METHODS[list];
  const judge = (result: unknown) => judgePage(method, result);
  return { operation: method, method, name: undefined, params: '{}', judge, progress: false };
}

/** True when the answer to a call is a page of a list. */
export function isList({ method }: Call): boolean {
  return Object.hasOwn(LISTS, method);
}

/** Makes the request for a further page. @param cursor any string, as the previous page gave it */
export function pageCall(first: Call, cursor: string): Call {
  return { ...first, params: addParams(first.params, `"cursor":${JSON.stringify(cursor)}`) };
}

/** Judges a page: its array, the key of each item, and the cursor. An empty list is useful too. */
export function judgePage(method: string, result: unknown): Judgement {
  const { items, key } = listOf(method);
  const array = asRecord(result)[items];
  if (!isRecord(result) || !Array.isArray(array)) return shapeError(method, `an array "${items}"`);
  const odd = array.findIndex((item) => !isRecord(item) || typeof item[key] !== 'string');
  if (odd !== -1) return shapeError(method, `${items}[${odd}].${key}`);
  const { nextCursor = null } = result;
  if (nextCursor !== null && typeof nextCursor !== 'string') return shapeError(method, 'a string as nextCursor');
  const isShort = nextCursor === null || nextCursor.length <= MAX_CURSOR_CHARACTERS;
  return isShort ? USEFUL : shapeError(method, `a nextCursor of at most ${MAX_CURSOR_CHARACTERS} characters`);
}

/**
 * Reads a page that was judged before.
 * @param method e.g. `tools/list`
 * @param stateless true for revision 2026-07-28; before it, clients take an empty cursor for none, and servers rely on it
 * @throws when the method does not list
 */
export function readPage(method: string, result: unknown, stateless = true): Page {
  const page = result as Readonly<Record<string, unknown>>;
  const nextCursor = (page.nextCursor ?? undefined) as string | undefined;
  return {
    items: page[listOf(method).items] as Page['items'],
    nextCursor: nextCursor === '' && !stateless ? undefined : nextCursor,
  };
}

function listOf(method: string): List {
  const list = LISTS[method];
  if (list === undefined) throw new Error(`${method} is not a list; expected one of ${Object.keys(LISTS).join(', ')}.`);
  return list;
}
