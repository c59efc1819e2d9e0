import type { Report } from '../report.ts';
import { html, type Markup } from './markup.ts';
import { scrollTable } from './scroll-table.ts';

/** The targets as preflight found them; null when it found none. */
export function targetsSection({ targets }: Report): Markup | null {
  if (targets.length === 0) return null;
  const rows = targets.map(
    ({ name, url, protocolVersion, server, session }) =>
      html`<tr><th scope="row">${name}</th><td class="url"><code>${url}</code></td><td>${
        server === '' ? html`<span class="none">gave no name</span>` : server
      }</td><td>${protocolVersion}</td><td>${session}</td></tr>`,
  );
  return html`<section id="targets"><h2>Targets</h2>
${scrollTable(
  'Targets',
  html`<table><caption>As found before the load began</caption>
<thead><tr><th scope="col">Target</th><th scope="col">Address</th><th scope="col">Server</th><th scope="col">Protocol</th><th scope="col">Sessions</th></tr></thead>
<tbody>${rows}</tbody></table>`,
)}</section>`;
}
