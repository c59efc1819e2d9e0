import { renderHtml } from './html/html.ts';
import type { Report } from './report.ts';
import { renderText } from './text/text.ts';

/**
 * The report as JSON, indented by two spaces, with a newline at its end. Figures lose their floating-point noise: rates keep
 * four decimals, compared values six (a threshold's metric may be a rate), everything else three (µs for times in ms).
 * Control and bidirectional characters are escaped, so that the file can be printed on a terminal.
 */
export function renderJson(report: Report): string {
  const json = JSON.stringify(report, (key, value) => (typeof value === 'number' ? rounded(key, value) : value), 2);
  return `${json.replace(/(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, unicodeEscape)}\n`;
}

function rounded(key: string, value: number): number {
  if (key === 'observed') return round(value, 6);
  return round(value, key.endsWith('Rate') || key.endsWith('PerSecond') ? 4 : 3);
}

function round(value: number, decimals: number): number {
  const factor = 10 ** decimals;
  return Math.round(value * factor) / factor;
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** The formats of a report. */
export const reportFormats = ['json', 'html', 'text'] as const;

export type ReportFormat = (typeof reportFormats)[number];

/** A rendered report and its Content-Type header. */
type RenderedReport = { readonly body: string; readonly contentType: string };

/** Renders a report in one of the {@link reportFormats}. */
export function renderReport(report: Report, format: ReportFormat): RenderedReport {
  switch (format) {
    case 'json':
      return { body: renderJson(report), contentType: 'application/json; charset=utf-8' };
    case 'html':
      return { body: renderHtml(report), contentType: 'text/html; charset=utf-8' };
    case 'text':
      return { body: renderText(report), contentType: 'text/plain; charset=utf-8' };
  }
}
