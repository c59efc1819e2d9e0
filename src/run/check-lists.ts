import { PLACEHOLDER, placeholdersIn } from '../plan/placeholder.ts';
import { nearestOf, suggestion } from '../plan/problem.ts';
import type { Step } from '../plan/step-schema.ts';
import { type Finding, memberPath, type Path, shown } from './findings.ts';
import type { PromptArgument, TargetLists } from './target-lists.ts';

type Complete = NonNullable<Step['complete']>;
/** Where a finding is, and what the target is called. */
type Place = { readonly path: Path; readonly target: string };

/** Checks a prompt's name, its required arguments and the names of the others against `prompts/list`. */
export function checkPrompt(name: string, step: Step, { prompts }: TargetLists, place: Place): readonly Finding[] {
  const { path, target } = place;
  if (prompts === undefined) return [];
  const at = [...path, 'prompt'];
  if ('failure' in prompts) return [unchecked(at, 'the name and its arguments were', prompts.failure)];
  const known = prompts.items.get(name);
  if (known === undefined) return [unknownPrompt(name, prompts.items, at, target)];
  const given = Object.keys(step.arguments ?? {});
  const isOpen = given.some((key) => placeholdersIn(key).length > 0);
  const missing = isOpen ? [] : known.filter(({ name: key, required }) => required && !given.includes(key));
  const names = known.map(({ name: key }) => key);
  return [
    ...missing.map(({ name: key }): Finding => {
      const message = `missing; prompt "${name}" of ${target} requires it: add it`;
      return { severity: 'problem', path: memberPath([...path, 'arguments'], key), message };
    }),
    ...given.flatMap((key) => {
      const isKnown = names.includes(key) || placeholdersIn(key).length > 0;
      return isKnown ? [] : [unlistedArgument(key, name, known, memberPath([...path, 'arguments'], key), target)];
    }),
  ];
}

/** Checks a resource's URI against `resources/list` and `resources/templates/list`. Servers may have more than they list. */
export function checkResource(uri: string, { resources, templates }: TargetLists, place: Place): readonly Finding[] {
  const { path, target } = place;
  if (resources === undefined || templates === undefined) return [];
  const pieces = uri.split(new RegExp(PLACEHOLDER.source.replace('(', '(?:'), 'g'));
  const listed = 'items' in resources ? [...resources.items] : [];
  const patterns = 'items' in templates ? templates.items.map(piecesOfTemplate) : [];
  if (listed.some((each) => mayBeSame([each], pieces)) || patterns.some((each) => mayBeSame(each, pieces))) return [];
  const at = [...path, 'resource'];
  const failure = 'failure' in resources ? resources.failure : 'failure' in templates ? templates.failure : undefined;
  if (failure !== undefined) return [unchecked(at, `${shown(uri)} was`, failure)];
  const nearest = pieces.length === 1 ? nearestOf(uri, listed) : undefined;
  const meant = nearest === undefined ? '' : `: did you mean "${nearest}"?`;
  const message =
    `${target} lists neither ${shown(uri)} nor a template for it${meant || '.'} ` +
    'Check the URI; the run goes on, because a server may have resources that it does not list';
  return [{ severity: 'warning', path: at, message }];
}

/** Checks what a completion refers to: the prompt or template, and the names of the arguments. */
export function checkCompletion(complete: Complete, lists: TargetLists, place: Place): readonly Finding[] {
  const at = [...place.path, 'complete'];
  return complete.prompt === undefined
    ? checkTemplateCompletion(complete, complete.resource as string, lists, at, place.target)
    : checkPromptCompletion(complete, complete.prompt, lists, at, place.target);
}

function checkPromptCompletion(
  { argument, context }: Complete,
  name: string,
  { prompts }: TargetLists,
  at: Path,
  target: string,
): readonly Finding[] {
  if (prompts === undefined) {
    const message = `was not checked, because ${target} offers completions but no prompts: is it the right server?`;
    return [{ severity: 'warning', path: [...at, 'prompt'], message }];
  }
  if ('failure' in prompts) return [unchecked([...at, 'prompt'], 'the name was', prompts.failure)];
  const known = prompts.items.get(name);
  if (known === undefined) return [unknownPrompt(name, prompts.items, [...at, 'prompt'], target)];
  const used = namesUsed(argument.name, context, at);
  return used.flatMap(({ key, path }) => {
    return known.some((each) => each.name === key) ? [] : [unlistedArgument(key, name, known, path, target)];
  });
}

function checkTemplateCompletion(
  { argument, context }: Complete,
  template: string,
  { templates }: TargetLists,
  at: Path,
  target: string,
): readonly Finding[] {
  const variables = variablesOf(template);
  const unknown = namesUsed(argument.name, context, at).filter(({ key }) => !variables.includes(key));
  const named = unknown.map(({ key, path }): Finding => {
    const message = `the template ${shown(template)} has no such variable: ${suggestion(key, variables)}`;
    return { severity: 'warning', path, message };
  });
  const path = [...at, 'resource'];
  if (templates === undefined || ('items' in templates && templates.items.includes(template))) return named;
  if ('failure' in templates) return [unchecked(path, 'the template was', templates.failure), ...named];
  const message = `${target} does not list this template: ${suggestion(template, templates.items)}`;
  return [{ severity: 'warning', path, message }, ...named];
}

/** The names of arguments in a completion, each with its path. */
function namesUsed(argument: string, context: Complete['context'], at: Path) {
  const others = Object.keys(context ?? {}).filter((key) => placeholdersIn(key).length === 0);
  return [
    { key: argument, path: [...at, 'argument', 'name'] },
    ...others.map((key) => ({ key, path: memberPath([...at, 'context'], key) })),
  ];
}

function unknownPrompt(name: string, prompts: ReadonlyMap<string, unknown>, path: Path, target: string): Finding {
  const message = `${target} has no prompt "${name}": ${suggestion(name, [...prompts.keys()])}`;
  return { severity: 'problem', path, message };
}

function unlistedArgument(
  key: string,
  prompt: string,
  known: readonly PromptArgument[],
  path: Path,
  target: string,
): Finding {
  const names = known.map(({ name }) => name);
  const message = `prompt "${prompt}" of ${target} does not list this argument and may ignore it: ${suggestion(key, names)}`;
  return { severity: 'warning', path, message };
}

function unchecked(path: Path, what: string, failure: string): Finding {
  return { severity: 'warning', path, message: `${what} not checked, because ${failure}` };
}

/** The fixed texts of a URI template (RFC 6570) around its expressions. */
function piecesOfTemplate(template: string): readonly string[] {
  return template.split(/\{[^{}]*\}/);
}

/** The variables in a URI template, without operators and modifiers. */
function variablesOf(template: string): readonly string[] {
  return [...template.matchAll(/\{[+#./;?&]?([^{}]*)\}/g)].flatMap(([, list = '']) =>
    list.split(',').map((variable) => variable.replace(/(\*|:\d+)$/, '').trim()),
  );
}

/**
 * Whether two texts with unknown parts may be the same. Each is given by its fixed pieces, with any text between two of
 * them. Exact when one has a single piece; with unknown parts in both, only the beginnings and the ends are compared.
 */
function mayBeSame(a: readonly string[], b: readonly string[]): boolean {
  const [single, other] = a.length === 1 ? [a, b] : [b, a];
  if (single.length === 1) return matches(single[0] as string, other);
  const [startA = '', startB = ''] = [a[0], b[0]];
  const [endA = '', endB = ''] = [a.at(-1), b.at(-1)];
  return (startA.startsWith(startB) || startB.startsWith(startA)) && (endA.endsWith(endB) || endB.endsWith(endA));
}

function matches(text: string, pieces: readonly string[]): boolean {
  const [first = '', ...rest] = pieces;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let from = first.length;
  for (const piece of rest) {
    const at = text.indexOf(piece, from);
    if (at === -1) return false;
    from = at + piece.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}
