import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { renderReport, reportFormats } from '../report/render-report.ts';
import type { Report } from '../report/report.ts';

/** Writes all forms of a report into a folder and returns a line that says where. */
export function writeReportFiles(report: Report, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const endings = { json: 'json', html: 'html', text: 'txt' } as const;
  for (const format of reportFormats)
    writeFileSync(join(folder, `report.${endings[format]}`), renderReport(report, format).body);
  const shown = relative(process.cwd(), join(folder, 'report.html'));
  return `Report: ${shown.startsWith('..') ? join(folder, 'report.html') : shown} (also report.json and report.txt)\n`;
}
