import { PLACEHOLDER, parsePlaceholder } from '../plan/placeholder.ts';
import type { UsedFeeds } from './feeds.ts';
import { compileGenerator } from './generators.ts';
import { innerJson, type JsonForm, jsonIn, ownJson, textJson, type Values } from './values.ts';

/** JSON text with values put in. */
export type Template = {
  /** True when there is nothing to put in, so that every filling is the same. */
  readonly fixed: boolean;
  /** Names of the captures that filling needs. */
  readonly needs: readonly string[];
  readonly fill: (values: Values) => string;
};

/** What a placeholder stands for, as JSON text. */
type Filler = (values: Values) => string;
type Piece = string | Filler;

/** What templates of one step are compiled with: the scenario's feeds, and where the captures that are needed are noted. */
type Scope = { readonly feeds: UsedFeeds; readonly needs: Set<string>; readonly own: JsonForm };

/**
 * Serialises a value of the plan ahead: what stays the same is JSON once, and feed values are JSON text already when a
 * placeholder takes one, so that filling only joins strings. A text that is nothing but one placeholder takes the value's
 * own type.
 * @param textsOnly for what the protocol allows no other types in: such a text stays one
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

/** @param own how a placeholder is filled in that is all that the text holds */
function textPieces(text: string, scope: Scope, own: JsonForm): Piece[] {
  // With a capturing group, split alternates: text, placeholder, text, …, text; as JSON, as the plan's check looks at it.
  const parts = JSON.stringify(text).slice(1, -1).split(PLACEHOLDER);
  if (parts.length === 3 && parts[0] === '' && parts[2] === '') return [fillerOf(parts[1] as string, scope, own)];
  return ['"', ...parts.map((part, at) => (at % 2 === 0 ? part : fillerOf(part, scope, innerJson))), '"'];
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
    const place = feeds.placeOf(name);
    const texts = feeds.column(name, column, json, form);
    return ({ rows }) => texts[rows[place] as number] as string;
  }
  needs.add(name);
  return ({ captured }) => {
    const value = captured.get(name) ?? null;
    return form((json ? jsonIn(value) : value) ?? null);
  };
}

/** Puts neighbouring texts together. */
function joined(pieces: readonly Piece[]): Piece[] {
  const whole: Piece[] = [];
  for (const piece of pieces) {
    const last = whole.at(-1);
    if (typeof piece === 'string' && typeof last === 'string') whole[whole.length - 1] = last + piece;
    else whole.push(piece);
  }
  return whole;
}
