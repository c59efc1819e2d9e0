/** Paints a piece of text that is already as wide as it should be. */
export type Paint = (text: string) => string;

export type Ink = Readonly<Record<'bold' | 'dim' | 'red' | 'green' | 'yellow', Paint>>;

/** ANSI colours, or none. Every meaning of a colour is also there as a word or a mark. */
export function ink(colour: boolean): Ink {
  const paint =
    (code: number): Paint =>
    (text) =>
      colour && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text;
  return { bold: paint(1), dim: paint(2), red: paint(31), green: paint(32), yellow: paint(33) };
}
