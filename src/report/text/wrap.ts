import { displayCharacters, displayWidth } from './display-width.ts';

/** Breaks a text into lines of at most `columns`, at spaces where it can and inside a word where it must. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((part) => pieces(part, columns))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (displayWidth(longer) <= columns) {
      line = longer;
      continue;
    }
    lines.push(line);
    line = word;
  }
  return [...lines, line];
}

function pieces(word: string, columns: number): string[] {
  const parts: string[] = [];
  let part = '';
  for (const character of displayCharacters(word)) {
    if (displayWidth(part) + character.columns > columns) {
      parts.push(part);
      part = '';
    }
    part += character.text;
  }
  return [...parts, part];
}
