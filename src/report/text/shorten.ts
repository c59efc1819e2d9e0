import { displayCharacters, displayWidth } from './display-width.ts';

/**
 * Cuts a text to at most `columns` in its middle, because names of tools differ at both of their ends:
 * `tools/call:microsof…ple_search`.
 */
export function shortenMiddle(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  const characters = displayCharacters(text);
  const head = take(characters, Math.ceil((columns - 1) / 2));
  const tail = take(characters.toReversed(), Math.floor((columns - 1) / 2));
  return `${head.join('')}…${tail.reverse().join('')}`;
}

/** Cuts a text to at most `columns` at its end. */
export function shortenEnd(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  return `${take(displayCharacters(text), columns - 1)
    .join('')
    .trimEnd()}…`;
}

function take(characters: ReturnType<typeof displayCharacters>, columns: number): string[] {
  const taken: string[] = [];
  let used = 0;
  for (const character of characters) {
    used += character.columns;
    if (used > columns) break;
    taken.push(character.text);
  }
  return taken;
}
