import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import type { Report } from '../src/report/report.ts';
import type { LiveView, RunView } from '../src/run/run-view.ts';

/** A run as the API tells of it. */
export type RunStatus = RunView & { readonly live: LiveView };

/** An answer of the API that is no success. */
export class ApiError extends Error {
  readonly status: number;
  readonly problems: readonly unknown[];

  constructor(status: number, title: string, problems: readonly unknown[]) {
    super(title);
    this.status = status;
    this.problems = problems;
  }
}

/** Sends a plan. @param baseUrl e.g. `http://127.0.0.1:7071/api`. @throws ApiError when it is refused */
export async function postRun(baseUrl: string, planText: string): Promise<RunView> {
  return (await call('POST', `${baseUrl}/runs`, planText)) as RunView;
}

export async function getRun(baseUrl: string, runId: string): Promise<RunStatus> {
  return (await call('GET', `${baseUrl}/runs/${runId}`)) as RunStatus;
}

export async function stopRun(baseUrl: string, runId: string): Promise<void> {
  await call('POST', `${baseUrl}/runs/${runId}/stop`);
}

export async function getReport(baseUrl: string, runId: string): Promise<Report> {
  return (await call('GET', `${baseUrl}/runs/${runId}/report.json`)) as Report;
}

/** A host whose worker has just died answers 500 until there is a new one. */
const TRIES = 5;
const RETRY_MS = 500;

async function call(method: 'GET' | 'POST', url: string, body?: string): Promise<unknown> {
  const headers = { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/yaml' }) };
  for (let tries = 1; ; tries++) {
    const answer = await request(url, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = await answer.body.text();
    const content = text.startsWith('{') ? (JSON.parse(text) as Content) : {};
    if (answer.statusCode < 300) return content;
    // Only what changes nothing may be asked again.
    if (method === 'POST' || answer.statusCode < 500 || tries === TRIES) {
      const title = [content.title ?? `HTTP ${answer.statusCode} from ${url}`, content.detail]
        .filter(Boolean)
        .join(': ');
      throw new ApiError(answer.statusCode, title, content.problems ?? []);
    }
    await delay(RETRY_MS);
  }
}

type Content = { readonly title?: string; readonly detail?: string; readonly problems?: readonly unknown[] };
