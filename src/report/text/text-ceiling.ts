import type { Ceiling } from '../../verdict/verdict.ts';
import { ceilingFinding, ceilingRows, levelWords } from '../ceiling-words.ts';
import type { Ink, Paint } from './ink.ts';
import { type TextColumn, textTable } from './text-table.ts';
import { wrap } from './wrap.ts';

/** Which stages held: the finding, then each stage with what broke in it. */
export function textCeiling(ceiling: Ceiling, width: number, paint: Ink): string[] {
  const columns: readonly TextColumn[] = [
    { heading: '', align: 'left' },
    { heading: 'stage', align: 'right' },
    { heading: levelWords[ceiling.unit], align: 'right' },
    { heading: 'time', align: 'right' },
    { heading: 'broken', align: 'left', shrinks: true },
  ];
  const marks: Readonly<Record<ReturnType<typeof ceilingRows>[number]['result'], { text: string; paint: Paint }>> = {
    held: { text: '✓ held', paint: paint.green },
    broke: { text: '✗ broke', paint: paint.red },
    'not run': { text: '– not run', paint: paint.dim },
  };
  const rows = ceilingRows(ceiling).map(({ result, stage, level, time, broken }) => {
    return [marks[result], stage, level, time, broken];
  });
  const [heading = '', ...lines] = textTable(columns, rows, width);
  const finding = wrap(`Scenario ${ceiling.scenario}: ${ceilingFinding(ceiling)}`, width - 2);
  return [...finding.map((line) => `  ${line}`), paint.dim(heading), ...lines];
}
