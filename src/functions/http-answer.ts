import { setTimeout as delay } from 'node:timers/promises';
import type { HttpHandler, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import { type Problem, shortened, suggestion } from '../plan/problem.ts';
import type { RunContext } from '../run/run-context.ts';
import { runIdPattern } from '../run/run-documents.ts';
import { type RunRecord, UnknownRunError } from '../store/run-store.ts';
import { StoreError } from '../store/store-error.ts';
import { apiContext, requireRoles } from './app-context.ts';
import { type Caller, callerOf, hasRole, ROLES, type Role } from './caller.ts';

/** A request that has been let in, with what its handler needs. */
export type Call = {
  readonly request: HttpRequest;
  readonly invocation: InvocationContext;
  readonly context: RunContext;
  readonly caller: Caller;
};

type Endpoint = {
  /** The least role that may use the endpoint. */
  readonly role: Role;
  /** Names of the query parameters that it knows. */
  readonly query?: readonly string[];
  readonly handle: (call: Call) => Promise<HttpResponseInit>;
};

/** Query parameters that the Functions host takes: a function key and its name. */
const HOST_QUERY = ['code', 'clientId'];

/** How long a caller should wait before it tries again, seconds. */
const RETRY_AFTER_SECONDS = 5;

/**
 * Makes the handler of an endpoint: refuses callers without its role and query parameters that it does not know, and
 * answers whatever goes wrong with a problem.
 */
export function endpoint({ role, query = [], handle }: Endpoint): HttpHandler {
  return async (request, invocation) => {
    try {
      const caller = callerOf(request.headers, requireRoles);
      if (!hasRole(caller, role)) return forbidden(caller, role);
      const unknown = unknownQuery(request, query);
      if (unknown.length > 0) return problemResponse({ ...BAD_QUERY, problems: unknown });
      return await handle({ request, invocation, context: await apiContext(), caller });
    } catch (error) {
      if (error instanceof UnknownRunError) return runNotFound({ request });
      invocation.error(error);
      return error instanceof StoreError ? storageAway(error) : INTERNAL;
    }
  };
}

export type ProblemAnswer = {
  readonly status: number;
  readonly title: string;
  readonly detail?: string;
  /** Several things that are wrong. */
  readonly problems?: readonly Problem[];
};

/** An error response in the form of RFC 9457, `application/problem+json`. */
export function problemResponse(
  problem: ProblemAnswer,
  headers: Readonly<Record<string, string>> = {},
): HttpResponseInit {
  return {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json', ...headers },
    body: JSON.stringify({ type: 'about:blank', ...problem }),
  };
}

/** How long a request waits for Durable Functions, milliseconds. */
const DURABLE_LIMIT_MS = 1000;

/** Waits a second for a call to Durable Functions, which goes on afterwards. @throws as the call, or when time is up */
export function promptly<Value>(call: Promise<Value>): Promise<Value> {
  const late = delay(DURABLE_LIMIT_MS, undefined, { ref: false }).then(() => {
    throw new Error(`Durable Functions did not answer within ${DURABLE_LIMIT_MS / 1000} s.`);
  });
  return Promise.race([call, late]);
}

/** The run that the URL names. */
export async function requestedRun({ request, context }: Call): Promise<RunRecord | undefined> {
  const { id = '' } = request.params;
  return runIdPattern.test(id) ? context.store.getRun(id) : undefined;
}

export function runNotFound({ request }: Pick<Call, 'request'>): HttpResponseInit {
  const detail = `There is no run "${shortened(request.params.id ?? '')}". GET /api/runs lists the runs.`;
  return problemResponse({ status: 404, title: 'The run was not found', detail });
}

/** The start of the answer to a query that is not valid. */
export const BAD_QUERY = { status: 400, title: 'The query is not valid' } as const;

function unknownQuery({ query }: HttpRequest, known: readonly string[]): Problem[] {
  const names = [...new Set(query.keys())].filter((name) => !known.includes(name) && !HOST_QUERY.includes(name));
  return names.map((name) => ({
    path: `query.${name}`,
    message: `unknown parameter "${name}": ${known.length === 0 ? 'this request takes none' : suggestion(name, known)}`,
  }));
}

function forbidden(caller: Caller, role: Role): HttpResponseInit {
  const sufficient = ROLES.slice(ROLES.indexOf(role)).join('" or "');
  const has = caller.role === undefined ? 'no role of this app' : `only the role "${caller.role}"`;
  const detail =
    `This request needs the app role "${sufficient}"; the caller ${caller.name} has ${has}. ` +
    'Roles are assigned in Microsoft Entra, on the enterprise application of this app.';
  return problemResponse({ status: 403, title: 'The caller lacks a role', detail });
}

function storageAway({ message }: StoreError): HttpResponseInit {
  const headers = { 'retry-after': String(RETRY_AFTER_SECONDS) };
  return problemResponse({ status: 503, title: 'The storage is not available', detail: message }, headers);
}

const INTERNAL = problemResponse({
  status: 500,
  title: 'mcp-surge failed to answer the request',
  detail: "This is not a problem of the request. The app's log has the reason.",
});
