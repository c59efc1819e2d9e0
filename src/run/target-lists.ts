import { listItems } from '../mcp/operations/list-items.ts';
import { listPages } from '../mcp/session/lists.ts';
import { type Caller, type Opened, type Session, succeeded } from '../mcp/session/session.ts';
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
  session: Pick<Session, 'request'>,
  { capabilities }: Pick<Opened, 'capabilities'>,
  steps: readonly Step[],
  caller: Caller,
  redact: (text: string) => string,
): Promise<TargetLists> {
  const read = async (list: ListName, isNeeded: (step: Step) => boolean, capability: string) => {
    if (!capabilities.includes(capability) || !steps.some(isNeeded)) return undefined;
    const items: Readonly<Record<string, unknown>>[] = [];
    const last = await listPages(session, listItems(list), caller, (page) => items.push(...page));
    if (succeeded(last)) return { items };
    const detail = last.message === '' ? '' : ` (${redact(last.message).slice(0, 200)})`;
    return { failure: `${listItems(list).method} ended in ${last.outcome}${detail}` };
  };
  const prompts = await read(
    'prompts',
    ({ prompt, complete }) => (prompt ?? complete?.prompt) !== undefined,
    'prompts',
  );
  const resources = await read('resources', ({ resource }) => resource !== undefined, 'resources');
  const templates = await read(
    'resource-templates',
    ({ resource, complete }) => (resource ?? complete?.resource) !== undefined,
    'resources',
  );
  return {
    prompts: mapped(prompts, (items) => new Map(items.map((item) => [String(item.name), argumentsOf(item)]))),
    resources: mapped(resources, (items) => new Set(items.map(({ uri }) => String(uri)))),
    templates: mapped(templates, (items) => items.map(({ uriTemplate }) => String(uriTemplate))),
  };
}

type Items = readonly Readonly<Record<string, unknown>>[];

function mapped<Value>(listed: Listed<Items>, read: (items: Items) => Value): Listed<Value> {
  return listed === undefined || 'failure' in listed ? listed : { items: read(listed.items) };
}

function argumentsOf(prompt: Readonly<Record<string, unknown>>): readonly PromptArgument[] {
  return asArray(prompt.arguments).map((argument) => {
    const { name, required } = asRecord(argument);
    return { name: String(name), required: required === true };
  });
}
