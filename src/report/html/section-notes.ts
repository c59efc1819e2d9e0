import type { Report } from '../report.ts';
import { html, type Markup } from './markup.ts';

/** How the figures were made and what limits them. */
export function notesSection({ notes }: Report): Markup | null {
  if (notes.length === 0) return null;
  return html`<section id="notes"><h2>Notes</h2><ul>${notes.map((note) => html`<li>${note}</li>`)}</ul></section>`;
}
