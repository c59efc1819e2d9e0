import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpFunction, RunFunction } from '../function-runner.ts';
import type { HttpCookie, HttpData, ReturnedValue, TypedData } from '../worker/worker-protocol.ts';
import { type HostRoutesOptions, hostRoutes } from './host-routes.ts';
import { readBody } from './http-listener.ts';
import { RouteTable } from './route-table.ts';

type HttpFunctionsOptions = HostRoutesOptions & {
  readonly functions: readonly HttpFunction[];
  /** Without leading and trailing slashes. */
  readonly routePrefix: string;
  /** Origin in the URL of a request that has no Host header. */
  readonly origin: string;
  readonly run: RunFunction;
};

const BEYOND_ASCII = /\P{ASCII}/u;

/**
 * Handles the app's HTTP routes, and those of the host itself. An unknown route answers 404, a header with a byte that is
 * not ASCII 400, a body above the limit 413, and a failed function 500 with an empty body.
 */
export function httpFunctions(
  options: HttpFunctionsOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const routes = new RouteTable<HttpFunction>();
  for (const definition of options.functions) {
    routes.add(`${options.routePrefix}/${definition.route}`, definition.methods, definition);
  }

  const ofHost = hostRoutes(options);

  return async (request, response) => {
    const [pathname = '/'] = (request.url ?? '/').split('?', 1);
    if (request.rawHeaders.some((text) => BEYOND_ASCII.test(text))) {
      response.writeHead(400, { connection: 'close' }).end();
      return;
    }
    const found = routes.match(request.method ?? 'GET', pathname);
    if (found === undefined) {
      if (ofHost(pathname, request, response)) return;
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
  const body = bytes ?? string ?? '';
  // Like the Functions host, it sends a body in chunks, unless the function states its length.
  if (body.length > 0) response.write(body);
  response.end();
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
