import { styleText } from 'node:util';
import type { Ink, Paint } from '../../src/report/text/text-table.ts';

const paint =
  (format: keyof Ink): Paint =>
  (text) =>
    styleText(format, text, { validateStream: false });

/** The colours of a terminal, wherever the test runs. */
export const ansiInk: Ink = {
  bold: paint('bold'),
  dim: paint('dim'),
  red: paint('red'),
  green: paint('green'),
  yellow: paint('yellow'),
};
