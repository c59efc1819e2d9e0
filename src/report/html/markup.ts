/** Markup that needs no escaping. {@link html} makes it and escapes everything else. */
export type Markup = { readonly markup: string };

type Content = Markup | string | number | null | readonly Content[];

/** A template of markup; every interpolated string is escaped, lists are joined, null is nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return { markup: strings.reduce((text, string, index) => text + rendered(values[index - 1] ?? null) + string) };
}

function rendered(content: Content): string {
  if (content === null) return '';
  if (typeof content === 'string') return escaped(content);
  if (typeof content === 'number') return String(content);
  return 'markup' in content ? content.markup : content.map(rendered).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** A name such as `tools/call:search_code`, which can break after punctuation on a narrow page. */
export function name(text: string): Markup {
  return html`${text.split(/(?<=[/:_.,{-])/).map((part, index) => (index === 0 ? part : html`<wbr>${part}`))}`;
}

/** A table that scrolls sideways on its own where the page is narrower; focusable, so that the keyboard can scroll it. */
export function scrollTable(name: string, table: Markup): Markup {
  return html`<div class="scroll" role="region" aria-label="${name}" tabindex="0">${table}</div>`;
}
