const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** East Asian wide characters and emoji take two columns of a terminal. */
const WIDE = /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60]/u;

/** The characters of a text as a reader sees them, each with the terminal columns that it takes. */
export function displayCharacters(text: string): readonly { readonly text: string; readonly columns: number }[] {
  return Array.from(graphemes.segment(text), ({ segment }) => ({ text: segment, columns: WIDE.test(segment) ? 2 : 1 }));
}

/** How many terminal columns a text takes. */
export function displayWidth(text: string): number {
  return displayCharacters(text).reduce((sum, character) => sum + character.columns, 0);
}
