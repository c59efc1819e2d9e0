import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import type { Problem } from '../src/plan/problem.ts';
import type { Report } from '../src/report/report.ts';
import type { LiveView, RunView } from '../src/run/run-view.ts';

/** A run with its live figures. */
export type RunStatus = RunView & { readonly live: LiveView };

/** The API answered with an HTTP error. The message has the title and detail of the answer. */
export class ApiError extends Error {
  readonly status: number;
  /** The problems in the answer. */
  readonly problems: readonly Problem[];

  constructor(status: number, message: string, problems: readonly Problem[]) {
    super(message);
    this.status = status;
    this.problems = problems;
  }
}

/**
 * Starts a run of a plan. Like the other functions here it throws an {@link ApiError} for an HTTP error.
 *
 * @param baseUrl Base of the API, for example `http://127.0.0.1:7071/api`.
 */
export async function postRun(baseUrl: string, planText: string): Promise<RunView> {
  return (await call('POST', `${baseUrl}/runs`, planText)) as RunView;
}

/** @param more headers to send in addition */
export async function getRun(baseUrl: string, runId: string, more: Headers = {}): Promise<RunStatus> {
  return (await call('GET', `${baseUrl}/runs/${runId}`, undefined, more)) as RunStatus;
}

export async function stopRun(baseUrl: string, runId: string): Promise<void> {
  await call('POST', `${baseUrl}/runs/${runId}/stop`);
}

export async function getReport(baseUrl: string, runId: string): Promise<Report> {
  return (await call('GET', `${baseUrl}/runs/${runId}/report.json`)) as Report;
}

/** The host answers 500 after its worker has died, until the next worker is ready. */
const MAX_TRIES = 5;
const RETRY_MS = 500;

type Headers = Readonly<Record<string, string>>;

type Content = { readonly title?: string; readonly detail?: string; readonly problems?: readonly Problem[] };

async function call(method: 'GET' | 'POST', url: string, body?: string, more: Headers = {}): Promise<unknown> {
  const type = body === undefined ? {} : { 'content-type': 'application/yaml' };
  const headers = { accept: 'application/json', ...type, ...more };
  for (let tries = 1; ; tries++) {
    const answer = await request(url, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = await answer.body.text();
    const content = text.startsWith('{') ? (JSON.parse(text) as Content) : {};
    if (answer.statusCode < 300) return content;
    // A repeated POST could start a second run.
    if (method === 'POST' || answer.statusCode < 500 || tries === MAX_TRIES) {
      const title = [content.title ?? `HTTP ${answer.statusCode} from ${url}`, content.detail]
        .filter(Boolean)
        .join(': ');
      throw new ApiError(answer.statusCode, title, content.problems ?? []);
    }
    await delay(RETRY_MS);
  }
}
