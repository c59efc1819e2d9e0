import type { SessionSummary } from '../../summary/summary.ts';
import { formatCount, formatDuration } from '../format.ts';
import { sessionsToShow } from '../sessions-to-show.ts';
import type { Ink } from './ink.ts';
import { type TextCell, type TextColumn, textTable } from './text-table.ts';

const SESSION_COLUMNS: readonly TextColumn[] = [
  { heading: 'target', align: 'left', shrinks: true },
  ...['opened', 'closed', 'lost', 'most', 'lived p50', 'max'].map(
    (heading): TextColumn => ({ heading, align: 'right' }),
  ),
  { heading: '', align: 'left', shrinks: true },
];

/** The sessions with each target; no lines when no target has any. */
export function textSessions(sessions: readonly SessionSummary[], width: number, paint: Ink): string[] {
  const shown = sessionsToShow(sessions);
  if (shown.length === 0) return [];
  const [heading = '', ...lines] = textTable(
    SESSION_COLUMNS,
    shown.map((each) => row(each, paint)),
    width,
  );
  return [paint.dim(heading), ...lines];
}

function row({ target, opened, closed, lost, most, lifetimeMs, losses }: SessionSummary, paint: Ink): TextCell[] {
  const lifetime = (ms: number | undefined) => (ms === undefined ? '–' : formatDuration(ms / 1000));
  const why = losses.map(({ outcome, count }) => `${formatCount(count)} ${outcome}`).join(', ');
  return [
    target === '*' ? 'all' : target,
    formatCount(opened),
    formatCount(closed),
    lost > 0 ? { text: formatCount(lost), paint: paint.yellow } : '0',
    formatCount(most),
    lifetime(lifetimeMs?.p50),
    lifetime(lifetimeMs?.max),
    { text: why, paint: paint.yellow },
  ];
}
