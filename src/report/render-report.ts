import { renderHtml } from './html/html.ts';
import { renderJson } from './json.ts';
import type { Report } from './report.ts';
import { renderText } from './text/text.ts';

/** The forms in which a report can be had. */
export const reportFormats = ['json', 'html', 'text'] as const;

export type ReportFormat = (typeof reportFormats)[number];

/** A rendered report and the value of the Content-Type header that goes with it. */
export type RenderedReport = { readonly body: string; readonly contentType: string };

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
