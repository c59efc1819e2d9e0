import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpCookie, HttpData, TypedData } from '../worker/typed-data.ts';

const sameSiteNames = { lax: 'Lax', strict: 'Strict', explicitNone: 'None', none: undefined } as const;

/** A request as a function receives it. Repeated query parameters are joined by commas, as the Functions host does. */
export function httpInput(
  request: IncomingMessage,
  origin: string,
  params: Readonly<Record<string, string>>,
  body: Buffer,
): TypedData {
  const url = new URL(request.url ?? '/', request.headers.host ? `http://${request.headers.host}` : origin);
  const query: Record<string, string> = {};
  for (const name of new Set(url.searchParams.keys())) {
    query[name] = url.searchParams.getAll(name).join(',');
  }
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

/** Sends what an HTTP function returned. A function that returned nothing answers 204. */
export function sendHttpOutput(response: ServerResponse, output: TypedData | null | undefined): void {
  const http = output?.http;
  if (http === undefined) {
    response.writeHead(204).end();
    return;
  }
  for (const [name, value] of Object.entries(http.headers ?? {})) {
    response.setHeader(name, value);
  }
  if (http.cookies !== undefined && http.cookies.length > 0) {
    response.setHeader('set-cookie', http.cookies.map(cookieText));
  }
  response.statusCode = Number(http.statusCode ?? 200);
  const { bytes, string } = http.body ?? {};
  response.end(bytes ?? string ?? '');
}

function cookieText(cookie: HttpCookie): string {
  const parts = [`${cookie.name}=${encodeURIComponent(cookie.value)}`];
  const add = (name: string, value: string | number | undefined) => {
    if (value !== undefined) {
      parts.push(`${name}=${value}`);
    }
  };
  add('Max-Age', cookie.maxAge?.value);
  add('Domain', cookie.domain?.value);
  add('Path', cookie.path?.value);
  add('Expires', cookie.expires && new Date(cookie.expires.value.seconds * 1_000).toUTCString());
  add('SameSite', sameSiteNames[cookie.sameSite ?? 'none']);
  if (cookie.httpOnly?.value) {
    parts.push('HttpOnly');
  }
  if (cookie.secure?.value) {
    parts.push('Secure');
  }
  return parts.join('; ');
}
