import { PLACEHOLDER, parsePlaceholder } from '../plan/placeholder.ts';
import type { UsedFeeds } from './feeds.ts';
import { compileGenerator } from './generators.ts';
import { innerJson, type JsonForm, jsonIn, ownJson, textJson, type Values } from './values.ts';

/** JSON text with placeholders, compiled once and filled for every call. */
export type Template = {
  /** True when there are no placeholders, so that every filling is the same. */
  readonly fixed: boolean;
  /** Names of the captures that filling needs. */
  readonly needs: readonly string[];
  readonly fill: (values: Values) => string;
};

/** What a placeholder stands for, as JSON text. */
type Filler = (values: Values) => string;
type Piece = string | Filler;

/** What a template is compiled with: the scenario's feeds, where needed captures are noted, and how a lone placeholder is filled. */
type Scope = { readonly feeds: UsedFeeds; readonly needs: Set<string>; readonly own: JsonForm };

/**
 * Serialises a value of the plan in advance: the constant text and the feed values are JSON already, so that filling only
 * joins strings. A text that consists of one placeholder takes the value's own type.
 * @param textsOnly keeps such a text a text, where the protocol allows no other type
 */
export function compileTemplate(value: unknown, feeds: UsedFeeds, textsOnly = false): Template {
  const needs = new Set<string>();
  const [head = '', ...rest] = joined(piecesOf(value, { feeds, needs, own: textsOnly ? textJson : ownJson }));
  const fixed = rest.length === 0 && typeof head === 'string';
  const fill = (values: Values): string => {
    let json = typeof head === 'string' ? head : head(values);
    for (const piece of rest) json += typeof piece === 'string' ? piece : piece(values);
    return json;
  };
  return { fixed, needs: [...needs], fill };
}

function piecesOf(value: unknown, scope: Scope): Piece[] {
  if (typeof value === 'string') return textPieces(value, scope, scope.own);
  if (Array.isArray(value)) {
    return ['[', ...value.flatMap((item, at) => [...(at === 0 ? [] : [',']), ...piecesOf(item, scope)]), ']'];
  }
  if (typeof value !== 'object' || value === null) return [JSON.stringify(value)];
  const members = Object.entries(value).map(([key, member]) => {
    return [...textPieces(key, scope, textJson), ':', ...piecesOf(member, scope)];
  });
  return ['{', ...members.flatMap((pieces, at) => (at === 0 ? pieces : [',', ...pieces])), '}'];
}

/** @param own how a placeholder is filled when the text holds nothing else */
function textPieces(text: string, scope: Scope, own: JsonForm): Piece[] {
  // With a capturing group, split alternates: text, placeholder, text, …, text. As JSON, like the plan's check reads it.
  const split = JSON.stringify(text).slice(1, -1).split(PLACEHOLDER);
  if (split.length === 3 && split[0] === '' && split[2] === '') return [fillerOf(split[1] as string, scope, own)];
  return ['"', ...split.map((found, at) => (at % 2 === 0 ? found : fillerOf(found, scope, innerJson))), '"'];
}

function fillerOf(inner: string, { feeds, needs }: Scope, form: JsonForm): Filler {
  const placeholder = parsePlaceholder(inner);
  if ('problem' in placeholder)
    throw new Error(`{{${inner}}}: ${placeholder.problem}; parsing should have refused it.`);
  if (placeholder.kind === 'generated') {
    const generate = compileGenerator(placeholder);
    return (values) => form(generate(values));
  }
  const { name, column, json } = placeholder;
  if (feeds.has(name)) {
    const index = feeds.use(name);
    const texts = feeds.column(name, column, json, form);
    return ({ rows }) => texts[rows[index] as number] as string;
  }
  needs.add(name);
  return ({ captured }) => {
    const value = captured.get(name) ?? null;
    return form((json ? jsonIn(value) : value) ?? null);
  };
}

/** Joins adjacent texts. */
function joined(pieces: readonly Piece[]): Piece[] {
  const whole: Piece[] = [];
  for (const piece of pieces) {
    const last = whole.at(-1);
    if (typeof piece === 'string' && typeof last === 'string') whole[whole.length - 1] = last + piece;
    else whole.push(piece);
  }
  return whole;
}
