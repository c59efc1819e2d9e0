import { app, type HttpRequest, type HttpResponseInit } from '@azure/functions';
import Negotiator from 'negotiator';
import { type ReportFormat, renderReport } from '../report/render-report.ts';
import { hasEnded, readReport } from '../run/run-documents.ts';
import { type Call, endpoint, problemResponse, requestedRun, runNotFound } from './http-answer.ts';

const FORMAT_OF_MEDIA_TYPE: Readonly<Record<string, ReportFormat>> = {
  'application/json': 'json',
  'text/html': 'html',
  'text/plain': 'text',
};
const FORMAT_OF_EXTENSION: Readonly<Record<string, ReportFormat>> = { json: 'json', html: 'html', txt: 'text' };

const get = { methods: ['GET' as const], authLevel: 'function' as const };

app.http('get-report', {
  ...get,
  route: 'runs/{id}/report',
  handler: endpoint({ role: 'read', handle: (call) => getReport(call, acceptedFormat(call.request)) }),
});
for (const [extension, format] of Object.entries(FORMAT_OF_EXTENSION)) {
  app.http(`get-report-${extension}`, {
    ...get,
    route: `runs/{id}/report.${extension}`,
    handler: endpoint({ role: 'read', handle: (call) => getReport(call, format) }),
  });
}

async function getReport(call: Call, format: ReportFormat | undefined): Promise<HttpResponseInit> {
  if (format === undefined) {
    const detail = `Reports are available as ${Object.keys(FORMAT_OF_MEDIA_TYPE).join(', ')}.`;
    return problemResponse({ status: 406, title: 'The report is not available in this format', detail });
  }
  const record = await requestedRun(call);
  if (record === undefined) return runNotFound(call);
  const { runId, state } = record;
  const report = await readReport(call.context.store, runId);
  if (report === undefined) {
    const detail = `Run ${runId} is ${state}.${hasEnded(record) ? '' : ' Try again later.'}`;
    const { problems } = record;
    return problemResponse({ status: 409, title: 'The run has no report', detail, ...(problems && { problems }) });
  }
  try {
    const { body, contentType } = renderReport(report, format);
    return { body, headers: { 'content-type': contentType, vary: 'accept' } };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return problemResponse({ status: 409, title: 'The report was made by another version of mcp-surge', detail });
  }
}

/** The format of a report by the request's Accept header; undefined if none is acceptable. */
function acceptedFormat(request: HttpRequest): ReportFormat | undefined {
  const accept = request.headers.get('accept') ?? '*/*';
  const chosen = new Negotiator({ headers: { accept } }).mediaType(Object.keys(FORMAT_OF_MEDIA_TYPE));
  return chosen === undefined ? undefined : FORMAT_OF_MEDIA_TYPE[chosen];
}
