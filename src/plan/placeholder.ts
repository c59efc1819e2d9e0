/**
 * A `{{feed}}` in the text of an argument, with the feed's name captured. Matches in JSON too: no name holds a quote or
 * a backslash, so a match never reaches from one text into what follows it.
 */
export const PLACEHOLDER = /\{\{\s*([^{}\s"\\]+)\s*\}\}/;

/** Every name that stands as `{{name}}` in the texts of a JSON value, keys included. */
export function placeholdersIn(value: unknown): string[] {
  const matches = JSON.stringify(value).matchAll(new RegExp(PLACEHOLDER, 'g'));
  return [...new Set([...matches].map((match) => match[1] as string))];
}
