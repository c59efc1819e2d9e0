import { html, type Markup } from './markup.ts';

/** A table that scrolls sideways by itself when the page is narrower; reachable by keyboard for that. */
export function scrollTable(name: string, table: Markup): Markup {
  return html`<div class="scroll" role="region" aria-label="${name}" tabindex="0">${table}</div>`;
}
