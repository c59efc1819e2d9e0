import { listItems } from '../mcp/operations/list-items.ts';
import { listPages } from '../mcp/session/lists.ts';
import { type Caller, type Opened, type Session, succeeded } from '../mcp/session/session.ts';
import { quoted } from '../plan/bounded-text.ts';
import { asArray, asRecord } from '../plan/primitives.ts';
import type { ListName, Step } from '../plan/step-schema.ts';

/** A list that preflight needed: its items, why it could not be read, or undefined when it was not asked for. */
export type Listed<Items> = { readonly items: Items } | { readonly failure: string } | undefined;

/** What a target lists besides its tools. */
export type TargetLists = {
  /** The arguments of each prompt, by the prompt's name. */
  readonly prompts: Listed<ReadonlyMap<string, readonly PromptArgument[]>>;
  /** URIs. */
  readonly resources: Listed<ReadonlySet<string>>;
  /** URI templates. */
  readonly templates: Listed<readonly string[]>;
};

export type PromptArgument = { readonly name: string; readonly required: boolean };

/** Lists that nobody asked for. */
export const NO_LISTS: TargetLists = { prompts: undefined, resources: undefined, templates: undefined };

/**
 * Lists a target's prompts, resources and resource templates, each to its last page, if a step aimed at the target names
 * one and the target offers that capability.
 * @param session an open session
 * @param redact removes secrets from a message of the server
 */
export async function readTargetLists(
  session: Pick<Session, 'request' | 'stateless'>,
  { capabilities }: Pick<Opened, 'capabilities'>,
  steps: readonly Step[],
  caller: Caller,
  redact: (text: string) => string,
): Promise<TargetLists> {
  const read = async <Item>(
    list: ListName,
    isNeeded: (step: Step) => boolean,
    capability: string,
    readItem: (item: Readonly<Record<string, unknown>>) => Item,
  ): Promise<Listed<readonly Item[]>> => {
    if (!capabilities.includes(capability) || !steps.some(isNeeded)) return undefined;
    const items: Item[] = [];
    const last = await listPages(session, listItems(list), caller, (page) => {
      for (const item of page) items.push(readItem(item));
    });
    if (succeeded(last)) return { items };
    const detail = last.message === '' ? '' : ` (${redact(last.message).slice(0, 200)})`;
    return { failure: `${listItems(list).method} ended in ${last.outcome}${detail}` };
  };
  const prompts = await read(
    'prompts',
    ({ prompt, complete }) => (prompt ?? complete?.prompt) !== undefined,
    'prompts',
    (item) => [nameIn(item.name), argumentsOf(item)] as const,
  );
  const resources = await read(
    'resources',
    ({ resource }) => resource !== undefined,
    'resources',
    ({ uri }) => nameIn(uri),
  );
  const templates = await read(
    'resource-templates',
    ({ resource, complete }) => (resource ?? complete?.resource) !== undefined,
    'resources',
    ({ uriTemplate }) => nameIn(uriTemplate),
  );
  return {
    prompts: mapped(prompts, (items) => new Map(items)),
    resources: mapped(resources, (items) => new Set(items)),
    templates,
  };
}

function mapped<Item, Value>(listed: Listed<readonly Item[]>, read: (items: readonly Item[]) => Value): Listed<Value> {
  return listed === undefined || 'failure' in listed ? listed : { items: read(listed.items) };
}

/** Longer than any name or URI in a plan. */
const MAX_NAME_CHARACTERS = 4096;

/** A name or URI of a list. A target can send anything in its place. */
function nameIn(value: unknown): string {
  return quoted(value, MAX_NAME_CHARACTERS);
}

function argumentsOf(prompt: Readonly<Record<string, unknown>>): readonly PromptArgument[] {
  return asArray(prompt.arguments).map((argument) => {
    const { name, required } = asRecord(argument);
    return { name: nameIn(name), required: required === true };
  });
}
