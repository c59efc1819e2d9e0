import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpFunction, RunFunction } from '../function-runner.ts';
import type { HttpCookie, HttpData, ReturnedValue, TypedData } from '../worker/worker-protocol.ts';
import { readBody } from './http-listener.ts';
import { RouteTable } from './route-table.ts';

type HttpFunctionsOptions = {
  readonly functions: readonly HttpFunction[];
  /** Without leading and trailing slashes. */
  readonly routePrefix: string;
  /** Origin in the URL of a request that has no Host header. */
  readonly origin: string;
  readonly run: RunFunction;
  /** Runs a timer function now; returns false when there is none of that name. */
  readonly fireTimer: (name: string) => boolean;
};

const ADMIN = /^\/admin\/functions\/([^/]+)\/?$/;

/**
 * Handles the app's HTTP routes, and `POST /admin/functions/NAME`, which runs a timer function. An unknown route answers
 * 404, a body above the limit 413, and a failed function 500 with an empty body.
 */
export function httpFunctions(
  options: HttpFunctionsOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const routes = new RouteTable<HttpFunction>();
  for (const definition of options.functions) {
    routes.add(`${options.routePrefix}/${definition.route}`, definition.methods, definition);
  }

  return async (request, response) => {
    const method = request.method ?? 'GET';
    const [pathname = '/'] = (request.url ?? '/').split('?', 1);
    const admin = method === 'POST' ? ADMIN.exec(pathname) : null;
    if (admin !== null) {
      request.resume();
      response.writeHead(options.fireTimer(decodeURIComponent(admin[1] ?? '')) ? 202 : 404).end();
      return;
    }
    const found = routes.match(method, pathname);
    if (found === undefined) {
      request.resume();
      response.writeHead(404).end();
      return;
    }
    const body = await readBody(request);
    if (body === undefined) {
      response.writeHead(413, { connection: 'close' }).end();
      return;
    }
    const outcome = await options.run(found.target, inputOf(request, options.origin, found.params, body));
    if (outcome.ok) sendReturned(response, outcome.value);
    else response.writeHead(500).end();
  };
}

/** A request as a function receives it. Like the Functions host, it joins repeated query parameters with commas. */
function inputOf(
  request: IncomingMessage,
  origin: string,
  params: Readonly<Record<string, string>>,
  body: Buffer,
): TypedData {
  const url = new URL(request.url ?? '/', request.headers.host ? `http://${request.headers.host}` : origin);
  const query: Record<string, string> = {};
  for (const name of new Set(url.searchParams.keys())) query[name] = url.searchParams.getAll(name).join(',');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = Array.isArray(value) ? value.join(',') : (value ?? '');
  }
  const http: HttpData = {
    method: request.method ?? 'GET',
    url: url.href,
    headers,
    query,
    params,
    ...(body.length > 0 ? { body: { bytes: body } } : {}),
  };
  return { http };
}

/** Sends what an HTTP function returned: 204 when it returned nothing. */
function sendReturned(response: ServerResponse, value: ReturnedValue): void {
  const http = value?.http;
  if (http === undefined) {
    response.writeHead(204).end();
    return;
  }
  for (const [name, text] of Object.entries(http.headers ?? {})) response.setHeader(name, text);
  if (http.cookies !== undefined && http.cookies.length > 0) {
    response.setHeader('set-cookie', http.cookies.map(cookieText));
  }
  response.statusCode = Number(http.statusCode ?? 200);
  const { bytes, string } = http.body ?? {};
  response.end(bytes ?? string ?? '');
}

const sameSiteNames = { lax: 'Lax', strict: 'Strict', explicitNone: 'None', none: undefined } as const;

function cookieText(cookie: HttpCookie): string {
  const parts = [`${cookie.name}=${encodeURIComponent(cookie.value)}`];
  const add = (name: string, value: string | number | undefined) => {
    if (value !== undefined) parts.push(`${name}=${value}`);
  };
  add('Max-Age', cookie.maxAge?.value);
  add('Domain', cookie.domain?.value);
  add('Path', cookie.path?.value);
  add('Expires', cookie.expires && new Date(cookie.expires.value.seconds * 1_000).toUTCString());
  add('SameSite', sameSiteNames[cookie.sameSite ?? 'none']);
  if (cookie.httpOnly?.value) parts.push('HttpOnly');
  if (cookie.secure?.value) parts.push('Secure');
  return parts.join('; ');
}
