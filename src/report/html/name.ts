import { html, type Markup } from './markup.ts';

/** A name such as `tools/call:search_code`, which a narrow page may break after its punctuation. */
export function name(text: string): Markup {
  return html`${text.split(/(?<=[/:_.,{-])/).map((part, index) => (index === 0 ? part : html`<wbr>${part}`))}`;
}
