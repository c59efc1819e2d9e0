import { formatDuration, formatInstant } from '../format.ts';
import type { Report } from '../report.ts';
import { verdictWords } from '../verdict-words.ts';
import type { Ink } from './ink.ts';
import { wrap } from './wrap.ts';

/** The verdict in plain words with its reasons, then which run this is. */
export function textVerdict(report: Report, width: number, paint: Ink): string[] {
  const { status, reasons } = report.verdict;
  const words = verdictWords[status];
  const tint = { pass: paint.green, fail: paint.red, invalid: paint.red, stopped: paint.yellow }[status];
  const when = `${formatInstant(report.startedAt)} UTC, ${formatDuration(report.durationSeconds)}`;
  const identity = `${report.plan.name} · run ${report.runId} · ${when}`;
  return [
    ...wrap(`${words.mark} ${words.title.toUpperCase()}: ${words.sentence}`, width).map((line) =>
      paint.bold(tint(line)),
    ),
    ...reasons.flatMap((reason) => bullet(reason, width)),
    ...wrap(identity, width).map(paint.dim),
  ];
}

function bullet(text: string, width: number): string[] {
  return wrap(text, width - 4).map((line, index) => (index === 0 ? `  - ${line}` : `    ${line}`));
}
