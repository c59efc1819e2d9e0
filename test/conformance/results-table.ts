import { type JudgedScenario, VERDICTS } from './judge-results.ts';

/** A Markdown table of results that can be read as it is, and a line of totals. */
export function resultsTable(judged: readonly JudgedScenario[]): string {
  const rows = judged.map(({ scenario, revision, succeeded, decisive, verdict, reason }) => {
    return [scenario, revision, `${succeeded}/${decisive}`, reason === '' ? verdict : `${verdict}: ${oneLine(reason)}`];
  });
  const lines = [['Scenario', 'Revision', 'Checks', 'Verdict'], ...rows];
  const widths = [0, 1, 2, 3].map((at) => Math.max(...lines.map((cells) => cells[at]?.length ?? 0)));
  const rule = widths.map((width, at) => '-'.repeat(at === 3 ? 'Verdict'.length : width));
  const text = [lines[0] as string[], rule, ...rows].map((cells) => line(cells, widths)).join('\n');
  return `${text}\n\n${totals(judged)}\n`;
}

/** What the suite says of a failure may be of several lines. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

/** The last cell is not padded: reasons are of any length. */
function line(cells: readonly string[], widths: readonly number[]): string {
  return `| ${cells.map((cell, at) => (at === 3 ? cell : cell.padEnd(widths[at] ?? 0))).join(' | ')} |`;
}

function totals(judged: readonly JudgedScenario[]): string {
  return VERDICTS.map((verdict) => `${judged.filter((row) => row.verdict === verdict).length} ${verdict}`).join(', ');
}
