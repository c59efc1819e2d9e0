import { app, type HttpRequest, type HttpResponseInit } from '@azure/functions';
import Negotiator from 'negotiator';
import { type ReportFormat, renderReport } from '../report/render-report.ts';
import { hasEnded } from '../run/has-ended.ts';
import { readReport } from '../run/run-documents.ts';
import { runIdPattern } from '../run/run-id.ts';
import { appContext } from './app-context.ts';
import { noSuchRun, problemResponse } from './problem.ts';

const BY_MEDIA_TYPE: Readonly<Record<string, ReportFormat>> = {
  'application/json': 'json',
  'text/html': 'html',
  'text/plain': 'text',
};
const BY_ENDING: Readonly<Record<string, ReportFormat>> = { json: 'json', html: 'html', txt: 'text' };

const shared = { methods: ['GET' as const], authLevel: 'function' as const };
app.http('get-report', {
  ...shared,
  route: 'runs/{id}/report',
  handler: (request) => getReport(request, formatByAccept(request)),
});
for (const [ending, format] of Object.entries(BY_ENDING)) {
  app.http(`get-report-${ending}`, {
    ...shared,
    route: `runs/{id}/report.${ending}`,
    handler: (request) => getReport(request, format),
  });
}

async function getReport(request: HttpRequest, format: ReportFormat | undefined): Promise<HttpResponseInit> {
  if (format === undefined) {
    const detail = `Reports come as ${Object.keys(BY_MEDIA_TYPE).join(', ')}.`;
    return problemResponse({ status: 406, title: 'No such form of the report', detail });
  }
  const { store } = await appContext();
  const { id = '' } = request.params;
  const record = runIdPattern.test(id) ? await store.getRun(id) : undefined;
  if (record === undefined) return noSuchRun(id);
  const report = await readReport(store, id);
  if (report === undefined) {
    const detail = hasEnded(record)
      ? `Run ${id} is ${record.state}: ${record.problems?.join(' ') ?? ''}`
      : `Run ${id} is ${record.state}; ask again later.`;
    return problemResponse({ status: 409, title: 'There is no report', detail });
  }
  try {
    const { body, contentType } = renderReport(report, format);
    return { body, headers: { 'content-type': contentType, vary: 'accept' } };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return problemResponse({ status: 409, title: 'The report was made by another version', detail });
  }
}

function formatByAccept(request: HttpRequest): ReportFormat | undefined {
  const accept = request.headers.get('accept') ?? '*/*';
  const chosen = new Negotiator({ headers: { accept } }).mediaType(Object.keys(BY_MEDIA_TYPE));
  return chosen === undefined ? undefined : BY_MEDIA_TYPE[chosen];
}
