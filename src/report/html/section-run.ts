import type { Percentiles } from '../../summary/percentiles.ts';
import type { OperationSummary, SessionSummary } from '../../summary/summary.ts';
import { formatCount, formatDuration, formatMs, formatRate, formatShare } from '../format.ts';
import type { Report } from '../report.ts';
import { byTarget, type ScenarioRow, scenarioRows, sessionsToShow } from '../tables.ts';
import {
  connectionOperations,
  connectionSentences,
  generatorFacts,
  generatorSentence,
  pauseSentences,
  warmUpSentences,
} from '../wording.ts';
import { html, type Markup, name, scrollTable } from './markup.ts';
import { passOrFail } from './section-verdict.ts';

const CLOCKS = ['Wait', 'Connect', 'TLS', 'Open after answer'] as const;
const COUNTS = ['Stream cut', 'Resumed', 'Second try'] as const;

/** How requests came to their connections, and what is odd about these; null when there is nothing to say. */
export function connectionsSection({ operations }: Report): Markup | null {
  const shown = connectionOperations(operations);
  if (shown.length === 0) return null;
  const sentences = connectionSentences(operations);
  const groups = byTarget(shown).map(
    (group) =>
      html`<tbody><tr class="group"><th scope="rowgroup" colspan="13">${group.target}</th></tr>${group.operations.map(row)}</tbody>`,
  );
  return html`<section id="connections"><h2>Connections</h2>
<p>A request waits until a connection is free, or until a new one is made for it; its latency contains this wait.
Only operations that opened connections, had to wait for one or lost one are listed.</p>
${sentences.length === 0 ? null : html`<ul class="remarks">${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>`}
${scrollTable(
  'Connections of each operation',
  html`<table class="connections"><caption>Times in ms; new are the connections made for requests of the operation, connect contains the name look-up</caption>
<thead><tr><th scope="col" rowspan="2">Operation</th><th scope="col" class="n" rowspan="2">New</th>${CLOCKS.map(
    (clock) => html`<th scope="colgroup" colspan="2" class="pair">${clock}</th>`,
  )}<th scope="colgroup" colspan="3" class="pair">Requests</th></tr>
<tr>${CLOCKS.map(() => html`<th scope="col" class="n first">p50</th><th scope="col" class="n">p95</th>`)}${COUNTS.map(
    (count, index) => html`<th scope="col" class="${index === 0 ? 'n first' : 'n'}">${count}</th>`,
  )}</tr></thead>
${groups}</table>`,
)}</section>`;
}

function row({ operation, clocksMs, newConnections, heldStreams, resumedAnswers, retries }: OperationSummary): Markup {
  const { socket, connect, tls, hold } = clocksMs;
  return html`<tr><th scope="row">${name(operation)}</th><td class="n">${formatCount(newConnections)}</td>${[
    socket,
    connect,
    tls,
    hold,
  ].map(pair)}${[heldStreams, resumedAnswers, retries].map(
    (count, index) =>
      html`<td class="${index === 0 ? 'n first' : 'n'}${count > 0 ? ' odd' : ''}">${formatCount(count)}</td>`,
  )}</tr>`;
}

function pair(clock: Percentiles | null): Markup {
  return html`<td class="n first">${formatMs(clock?.p50)}</td><td class="n">${formatMs(clock?.p95)}</td>`;
}

/** Whether the load generator did what the plan asked, by its own figures. */
export function generatorSection({ generator }: Report): Markup {
  const rules = generator.rules.toSorted((a, b) => Number(a.ok) - Number(b.ok));
  const broken = rules.some((rule) => !rule.ok);
  return html`<section id="generator"><h2>Can these figures be trusted?</h2>
<p class="${broken ? 'broken' : ''}">${generatorSentence(generator)}</p>
<div class="halves">${
    rules.length === 0
      ? null
      : html`<table><caption>Rules about the generator</caption>
<thead><tr><th scope="col">Result</th><th scope="col">Rule</th></tr></thead>
<tbody>${rules.map(
          ({ rule, ok, detail }) =>
            html`<tr><td>${passOrFail(ok)}</td><th scope="row">${rule}<p>${detail}</p></th></tr>`,
        )}</tbody></table>`
  }
<table><caption>The generator’s own figures</caption>
<thead class="unseen"><tr><th scope="col">Figure</th><th scope="col">Value</th></tr></thead>
<tbody>${generatorFacts(generator).map(({ name, value }) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table></div></section>`;
}

/** The iterations of each scenario; null when the totals say all of it. */
export function scenariosSection(report: Report): Markup | null {
  const rows = scenarioRows(report);
  if (rows.length === 0) return null;
  return html`<section id="scenarios"><h2>Scenarios</h2>
${scrollTable(
  'Scenarios',
  html`<table class="scenarios"><caption>Iterations and how long they took in ms, from the intended start to the end; planned and late starts include the warm-up</caption>
<thead><tr><th scope="col">Scenario</th>${[
    'Planned',
    'Iterations',
    'Dropped',
    'Late',
    'Per second',
    'p50',
    'p95',
    'p99',
    'max',
  ].map((title) => html`<th scope="col" class="n">${title}</th>`)}</tr></thead>
<tbody>${rows.map(scenariosRow)}</tbody></table>`,
)}</section>`;
}

function scenariosRow({ scenario, planned, iterations, dropped, late, perSecond, iterationMs }: ScenarioRow): Markup {
  const odd = (count: number) => (count > 0 ? 'n odd' : 'n');
  return html`<tr><th scope="row">${name(scenario)}</th><td class="n">${planned === null ? '–' : formatCount(planned)}</td><td class="n">${formatCount(
    iterations,
  )}</td><td class="${odd(dropped)}">${formatCount(dropped)}</td><td class="${odd(late ?? 0)}">${late === null ? '–' : formatCount(late)}</td><td class="n">${formatRate(
    perSecond,
  )}</td>${[iterationMs?.p50, iterationMs?.p95, iterationMs?.p99, iterationMs?.max].map(
    (ms) => html`<td class="n">${formatMs(ms)}</td>`,
  )}</tr>`;
}

/** How many sessions each target had and how they ended; null when no target has any. */
export function sessionsSection({ sessions }: Report): Markup | null {
  const shown = sessionsToShow(sessions);
  if (shown.length === 0) return null;
  return html`<section id="sessions"><h2>Sessions</h2>
${scrollTable(
  'Sessions with each target',
  html`<table class="sessions"><caption>Sessions of the whole run, warm-up included; what was not lost was closed, or ended with the run</caption>
<thead><tr><th scope="col">Target</th>${['Opened', 'Closed', 'Lost', 'Most open', 'Lifetime p50', 'p95', 'max'].map(
    (title) => html`<th scope="col" class="n">${title}</th>`,
  )}<th scope="col">Lost to</th></tr></thead>
<tbody>${shown.map(sessionsRow)}</tbody></table>`,
)}</section>`;
}

function sessionsRow({ target, opened, closed, lost, most, lifetimeMs, losses }: SessionSummary): Markup {
  const lifetimes = [lifetimeMs?.p50, lifetimeMs?.p95, lifetimeMs?.max];
  return html`<tr><th scope="row">${target === '*' ? 'All targets' : name(target)}</th><td class="n">${formatCount(opened)}</td><td class="n">${formatCount(
    closed,
  )}</td><td class="${lost > 0 ? 'n odd' : 'n'}">${formatCount(lost)}</td><td class="n">${formatCount(most)}</td>${lifetimes.map(
    (ms) => html`<td class="n">${ms === undefined ? '–' : formatDuration(ms / 1000)}</td>`,
  )}<td>${losses.map(({ outcome, count }, index) => html`${index === 0 ? '' : ', '}${formatCount(count)} <code>${outcome}</code>`)}</td></tr>`;
}

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

/** The counts of the whole run, as large figures, and the pauses that explain a load below the plan. */
export function totalsSection({ totals, iterationMs, pauses, warmUp }: Report): Markup {
  const usefulShare = totals.requests === 0 ? '' : formatShare(totals.useful / totals.requests);
  return html`<section id="totals"><h2>Totals</h2>
<dl class="tiles">
${tile('Requests', formatCount(totals.requests), `${formatRate(totals.requestsPerSecond)} per second`)}
${tile('Useful', formatCount(totals.useful), usefulShare)}
${tile('Failures', formatCount(totals.failures), formatShare(totals.failureRate), totals.failures > 0 ? 'tone-bad' : '')}
${tile('Iterations', formatCount(totals.iterations), iterationMs === null ? '' : `p50 ${formatMs(iterationMs.p50)} · p95 ${formatMs(iterationMs.p95)} ms`)}
${tile('Dropped iterations', formatCount(totals.droppedIterations), 'starts that could not be made', totals.droppedIterations > 0 ? 'tone-warn' : '')}
</dl>${warmUpSentences(warmUp).map((sentence) => html`\n<p class="hint">${sentence}</p>`)}${
    pauses.length === 0
      ? null
      : html`
<ul class="remarks">${pauseSentences(pauses).map((sentence) => html`<li>${sentence}</li>`)}</ul>`
  }</section>`;
}

function tile(title: string, value: string, detail: string, tone = ''): Markup {
  return html`<div class="tile ${tone}"><dt>${title}</dt><dd>${value}</dd>${detail === '' ? null : html`<dd class="detail">${detail}</dd>`}</div>`;
}
