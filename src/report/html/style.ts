/** The style of a page: light and dark, screen, phone and paper. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #fafaf8; --sheet: #fff; --rule: #e3e3de; --faint: #efefeb; --ink: #1b1d20; --soft: #575d65;
  --p50: #1d5fa6; --p95: #b35900; --p99: #8a3ea3; --spread: rgb(29 95 166 / .1); --bins: #a9bdd3; --rate: #c3d2e2;
  --good: #17663a; --bad: #b3261e; --warn: #875200; --stop: #4b5563; --good-bg: #e9f5ee; --bad-bg: #fcebe9; --warn-bg: #fdf3e2; --stop-bg: #eef0f3;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #131518; --sheet: #1a1d21; --rule: #33383f; --faint: #24282d; --ink: #e7e9ec; --soft: #a3abb5;
    --p50: #74aef0; --p95: #eda24c; --p99: #cf9cf5; --spread: rgb(116 174 240 / .13); --bins: #466080; --rate: #3b5370;
    --good: #6fcf97; --bad: #ff8f85; --warn: #f0b45c; --stop: #b6bec9; --good-bg: #16291f; --bad-bg: #351b1a; --warn-bg: #30240f; --stop-bg: #262a30;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 1160px; padding: 40px 32px 64px; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums; }
code { font: .92em/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; overflow-wrap: anywhere; }
h1, h2, h3, h4, p, ul, dl, dd, figure { margin: 0; }
h1 { font-size: 30px; line-height: 1.2; font-weight: 650; letter-spacing: -.015em; overflow-wrap: anywhere; }
h2 { font-size: 20px; line-height: 1.3; font-weight: 650; letter-spacing: -.01em; margin-bottom: 8px; }
h3 { font-size: 16px; margin: 28px 0 12px; overflow-wrap: anywhere; }
h4 { font-size: 14px; font-weight: 600; overflow-wrap: anywhere; }
a { color: var(--p50); }
.kicker { color: var(--soft); font-size: 13px; margin-bottom: 4px; }
.lead { color: var(--soft); max-width: 60em; margin-top: 6px; overflow-wrap: anywhere; }
.hint, .none { color: var(--soft); font-size: 13px; }
.hint { margin-top: 8px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.verdict { margin: 24px 0; padding: 18px 24px 20px; border-radius: 6px; border-left: 6px solid var(--tone); background: var(--tone-bg); overflow-wrap: anywhere; }
.verdict h2 { font-size: 24px; margin: 0 0 2px; color: var(--tone); }
.verdict ul { margin: 10px 0 0; padding-left: 20px; }
.verdict li { margin-top: 2px; }
.is-pass { --tone: var(--good); --tone-bg: var(--good-bg); }
.is-fail, .is-invalid { --tone: var(--bad); --tone-bg: var(--bad-bg); }
.is-unjudged { --tone: var(--warn); --tone-bg: var(--warn-bg); }
.is-stopped { --tone: var(--stop); --tone-bg: var(--stop-bg); }
.is-invalid .verdict { border: 0; color: #fff; background: repeating-linear-gradient(135deg, #9c1c15 0 18px, #8b1610 18px 36px); }
.is-invalid .verdict h2 { color: #fff; font-size: 30px; }
.is-invalid .verdict > p { font-size: 18px; font-weight: 600; }
.is-invalid main section:not(#generator, #targets, #notes) > h2::after { content: "figures prove nothing"; margin-left: 12px; padding: 2px 8px;
  border-radius: 4px; background: #9c1c15; color: #fff; font-size: 12px; font-weight: 600; letter-spacing: 0; vertical-align: 3px; white-space: nowrap; }

.facts { display: flex; flex-wrap: wrap; gap: 10px 36px; }
.facts dt, .tile dt { color: var(--soft); font-size: 13px; }
.facts dd { overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: 4px 20px; margin-top: 24px; padding: 10px 0; border-block: 1px solid var(--rule); font-size: 14px; }
nav a { text-decoration: none; }
nav a:hover { text-decoration: underline; }
main > section { margin-top: 48px; }
main > section > p, .intro > p { max-width: 52em; margin-bottom: 14px; overflow-wrap: anywhere; }
.intro { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 24px; }
#notes ul { padding-left: 20px; max-width: 52em; overflow-wrap: anywhere; }
footer { margin-top: 56px; padding-top: 14px; border-top: 1px solid var(--rule); color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
.good { color: var(--good); }
.bad { color: var(--bad); font-weight: 600; }
.warn { color: var(--warn); font-weight: 600; }
.quiet { color: var(--soft); }
.n.quiet { font-style: italic; }
td > span:not(.quiet) { white-space: nowrap; }

.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 1px; border: 1px solid var(--rule); border-radius: 6px; overflow: hidden; }
.tile { padding: 14px 18px; background: var(--sheet); box-shadow: 0 0 0 1px var(--rule); }
.tile dd { font-size: 26px; line-height: 1.25; font-weight: 600; letter-spacing: -.01em; }
.tile dd.detail { color: var(--soft); font-size: 13px; font-weight: 400; letter-spacing: 0; }
.tile { font-weight: 400; }
.tile.bad dd:not(.detail) { color: var(--bad); }
.tile.warn dd:not(.detail) { color: var(--warn); }

.scroll { position: relative; overflow-x: auto; }
.scroll:focus-visible, summary:focus-visible, a:focus-visible { outline: 2px solid var(--p50); outline-offset: 2px; }
table { width: 100%; border-collapse: collapse; font-size: 14px; }
caption { text-align: left; color: var(--soft); font-size: 13px; padding-bottom: 6px; }
th { text-align: left; font-weight: 400; }
th, td { padding: 6px 10px; border-bottom: 1px solid var(--faint); vertical-align: top; }
th:first-child, td:first-child { padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--soft); font-size: 13px; border-bottom-color: var(--rule); vertical-align: bottom; white-space: nowrap; }
td p, th p { color: var(--soft); font-size: 13px; }
.n { text-align: right; white-space: nowrap; }
.group th { padding-top: 18px; font-weight: 650; border-bottom-color: var(--rule); overflow-wrap: anywhere; }
tbody:first-of-type .group th { padding-top: 10px; }
.operations thead .n { white-space: normal; }
section > .scroll + .scroll { margin-top: 28px; }
.dense { width: auto; font-size: 13px; }
.dense th, .dense td { padding-block: 3px; }
:is(.operations, .clocks, .cold, .connections, .compared-useful, .comparison, .percentiles) tbody th[scope=row] { min-width: 170px; overflow-wrap: anywhere; }
.pair { text-align: center; border-left: 1px solid var(--faint); }
.first { border-left: 1px solid var(--faint); }
td.strong { font-weight: 600; }
.remarks { margin: 14px 0; padding: 10px 18px 10px 34px; border-left: 4px solid var(--warn); background: var(--warn-bg); overflow-wrap: anywhere; }
.targets td:nth-child(2) { min-width: 220px; }
.thresholds th[scope=row] { min-width: 150px; }
.checks th[scope=row] { min-width: 104px; }
.thresholds td:nth-child(3) { min-width: 100px; }
.ceiling td:nth-child(5) { min-width: 170px; }
.outcomes tbody .n { font-size: 18px; line-height: 1.3; font-weight: 650; }
.outcomes th[scope=row] { width: 29%; }
.outcomes th code { font-weight: 650; }
.outcomes td:nth-child(3) { min-width: 180px; overflow-wrap: anywhere; font-weight: 650; }
.outcomes td:nth-child(3) p { color: var(--ink); font-size: 14px; font-weight: 400; }
.outcomes td:nth-child(4) { min-width: 165px; overflow-wrap: anywhere; }
.outcomes td:nth-child(5) { width: 33%; overflow-wrap: anywhere; }
p.snippet { margin-top: 14px; }
pre { margin: 8px 0 14px; padding: 10px 14px; border: 1px solid var(--rule); border-radius: 6px; background: var(--sheet); overflow-x: auto; }
pre code { overflow-wrap: normal; }
.answers th[scope=row] { width: 29%; min-width: 150px; overflow-wrap: anywhere; }
.answers td { min-width: 180px; overflow-wrap: anywhere; }
q { quotes: "“" "”"; }
.halves { display: grid; grid-template-columns: 1fr 1fr; gap: 24px 48px; align-items: start; }
.halves th { overflow-wrap: anywhere; }
details { margin-top: 14px; }
summary { cursor: pointer; color: var(--p50); font-size: 14px; overflow-wrap: anywhere; }
details > .scroll { margin-top: 12px; }

figure { display: flow-root; margin-top: 18px; }
figcaption { display: flex; flex-wrap: wrap; gap: 2px 20px; margin-bottom: 22px; font-size: 14px; }
.legend { display: flex; flex-wrap: wrap; gap: 0 16px; padding: 0; list-style: none; color: var(--soft); font-size: 13px; }
.legend li::before { content: ""; display: inline-block; width: 18px; margin-right: 6px; vertical-align: middle; border-top: 2.5px solid; }
.legend .p50::before { border-color: var(--p50); }
.legend .p95::before { border-color: var(--p95); border-top-width: 2px; }
.legend .p99::before { border-color: var(--p99); border-top-width: 1.5px; }
.legend .bound::before { width: 9px; height: 9px; border: 2px solid var(--p95); border-radius: 50%; vertical-align: -1px; }
.chart { display: block; width: calc(100% - 64px); margin: 0 12px 26px 52px; overflow: visible; }
.chart text, .strip text { fill: var(--soft); font-size: 11px; }
.chart .x { text-anchor: middle; }
.chart .y { text-anchor: end; }
.chart line { stroke: var(--rule); }
.chart .grid, .strip .grid { stroke: var(--faint); }
.marks { overflow: visible; }
.marks path { vector-effect: non-scaling-stroke; }
.line { fill: none; stroke-linecap: round; stroke-linejoin: round; }
.line.p50 { stroke: var(--p50); stroke-width: 2.25; }
.line.p95 { stroke: var(--p95); stroke-width: 1.75; }
.line.p99 { stroke: var(--p99); stroke-width: 1.25; }
.dot { fill: none; stroke-width: 4; stroke-linecap: round; }
.dot.p50 { stroke: var(--p50); }
.dot.p95 { stroke: var(--p95); }
.dot.p99 { stroke: var(--p99); }
.dot.bound { stroke-width: 8; }
.hole { fill: none; stroke: var(--page); stroke-width: 4; stroke-linecap: round; }
.spread { fill: var(--spread); }
.rate { fill: var(--rate); }
.bins { fill: var(--bins); }
.failures { fill: var(--bad); }
.line.planned { stroke: var(--ink); stroke-width: 1.25; stroke-linecap: butt; }
.legend .planned::before { border-color: var(--ink); border-top-width: 1.25px; }
.legend .started::before { border-color: var(--rate); border-top-width: 8px; }
.chart line.moment { stroke: var(--soft); stroke-dasharray: 1 4; }
.chart line.limit { stroke: var(--soft); stroke-dasharray: 6 4; }
.chart text.far { text-anchor: end; }
.chart line.limit.missed { stroke: var(--bad); }
.band rect { fill: transparent; }
.band text { display: none; text-anchor: end; }
.chart .band text { fill: var(--ink); font-size: 12px; }
.band:hover rect { fill: var(--spread); }
.band:hover text { display: block; }
.chart line.marker.p50 { stroke: var(--p50); }
.chart line.marker.p95 { stroke: var(--p95); }
.chart line.marker.p99 { stroke: var(--p99); }
.chart text.marker { text-anchor: middle; font-size: 10px; }
.chart text.marker.p50 { fill: var(--p50); }
.chart text.marker.p95 { fill: var(--p95); }
.chart text.marker.p99 { fill: var(--p99); }
.drawn { width: 170px; min-width: 150px; }
.strip { display: block; width: 100%; overflow: visible; }
td .strip { margin-top: 2px; }
.strip text { text-anchor: middle; }
.strip .range { stroke: var(--soft); }
.strip .bar { fill: var(--bins); }
.strip .p99 { stroke: var(--p99); stroke-width: 2; }
.strip .p50 { fill: var(--p50); }

.operation { padding: 12px 0 2px; border-top: 1px solid var(--rule); }
.operation header { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 24px; }
.operation header p { color: var(--soft); font-size: 13px; }
.charts { display: grid; grid-template-columns: 5fr 3fr; gap: 0 20px; }
.charts > * { min-width: 0; }
.charts figure { margin-top: 6px; }
.charts figcaption { margin-bottom: 10px; color: var(--soft); font-size: 12px; }
.charts .chart { width: calc(100% - 50px); margin: 0 8px 24px 42px; }
.charts .distribution .chart { margin-top: 36px; }
.stack figure:not(:last-child) .chart { margin-bottom: 10px; }

@media (max-width: 700px) {
  body { padding: 24px 16px 48px; }
  h1 { font-size: 25px; }
  .verdict { padding: 14px 16px 16px; }
  .tiles { grid-template-columns: 1fr 1fr; }
  .tile:last-child:nth-child(odd) { grid-column: 1 / -1; }
  .halves { grid-template-columns: 1fr; }
  .charts { grid-template-columns: 1fr; }
  .chart { width: calc(100% - 54px); margin-left: 46px; margin-right: 8px; }
  .chart .optional { display: none; }
  caption { max-width: calc(100vw - 32px); }
  th, td { padding-inline: 7px; }
  .scroll tbody th[scope=row] { position: sticky; left: 0; background: var(--page); }
  .drawn, .drawn-hint { display: none; }
  .thresholds th[scope=row] { min-width: 96px; }
  .thresholds td:nth-child(3) { min-width: 84px; }
  :is(.operations, .clocks, .cold, .connections, .compared-useful, .comparison, .percentiles) tbody th[scope=row] { min-width: 128px; }
  .outcomes, .outcomes tbody, .outcomes tr, .outcomes th, .outcomes td { display: block; width: auto !important; padding: 0; border: 0; text-align: left; }
  .outcomes caption { display: block; }
  .outcomes thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .outcomes tr { padding: 12px 0 14px; border-top: 1px solid var(--rule); }
  .outcomes td, .outcomes th { margin-top: 4px; }
  .outcomes tr { display: grid; grid-template-columns: auto 1fr; column-gap: 14px; }
  .outcomes tr.group { display: block; padding-bottom: 0; }
  .outcomes tr > :not(.n) { grid-column: 2; min-width: 0; }
  .outcomes tbody .n { grid-row: 1; }
  .outcomes td:nth-child(3) p { display: inline; margin-left: 6px; }
}
@media print {
  :root { --page: #fff; --sheet: #fff; }
  body { max-width: none; padding: 0; font-size: 12px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  nav { display: none; }
  .scroll { overflow: visible; }
  table, .dense, caption, thead th, td p, th p { font-size: 10.5px; }
  th, td { padding: 3px 5px; }
  .drawn { width: 110px; min-width: 0; }
  :is(.operations, .clocks, .cold, .connections, .compared-useful, .comparison, .percentiles) tbody th[scope=row] { min-width: 0; }
  #time details { display: none; }
  details::details-content { content-visibility: visible; block-size: auto; }
  .operation, .verdict, figure, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  main > section { margin-top: 28px; }
}
`;

/** The Content-Security-Policy source of {@link style}: the only style that a page may use. */
export const styleHash = `sha256-${await sha256(style)}`;

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}
