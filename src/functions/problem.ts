import type { HttpResponseInit } from '@azure/functions';

/** A problem as RFC 9457 has it. */
export type Problem = {
  readonly status: number;
  readonly title: string;
  readonly detail?: string;
  /** Each thing that is wrong, where there are several. */
  readonly problems?: readonly unknown[];
};

/** The answer to a request that cannot be served, as `application/problem+json` (RFC 9457). */
export function problemResponse(problem: Problem): HttpResponseInit {
  return {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json' },
    body: JSON.stringify({ type: 'about:blank', ...problem }),
  };
}

export function noSuchRun(runId: string): HttpResponseInit {
  return problemResponse({
    status: 404,
    title: 'No such run',
    detail: `There is no run "${runId}". GET /api/runs lists the runs.`,
  });
}
