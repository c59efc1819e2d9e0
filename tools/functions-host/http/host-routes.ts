import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServedFunction } from '../enabled-functions.ts';

export type HostRoutesOptions = {
  readonly served: readonly ServedFunction[];
  readonly hubName: string;
  /** Runs a timer function now; returns false when there is none of that name. */
  readonly fireTimer: (name: string) => boolean;
};

const HOMEPAGE = `<!DOCTYPE html>
<html lang="en">
  <head><meta charset="utf-8"><title>Your app is running</title></head>
  <body><h1>Your Functions 4.0 app is running</h1></body>
</html>
`;
const FUNCTION = /^\/admin\/functions\/([^/]+)\/?$/;

/**
 * Answers requests to the host itself: its home page, its state, the list of functions, and `POST /admin/functions/NAME`,
 * which runs a timer function. Returns false for any other path. The real host checks a key; this one does not.
 */
export function hostRoutes(
  options: HostRoutesOptions,
): (pathname: string, request: IncomingMessage, response: ServerResponse) => boolean {
  const startedMs = Date.now();
  const json = (response: ServerResponse, body: unknown) =>
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
  const admin = (pathname: string, method: string, response: ServerResponse): void => {
    const name = FUNCTION.exec(pathname)?.[1];
    if (name !== undefined && method === 'POST') {
      response.writeHead(options.fireTimer(decodeURIComponent(name)) ? 202 : 404).end();
    } else if (pathname === '/admin/host/ping') {
      response.writeHead(200).end();
    } else if (pathname === '/admin/host/status' && method === 'GET') {
      const processUptime = Date.now() - startedMs;
      json(response, { id: options.hubName, state: 'Running', version: '4.1037.0.0', processUptime });
    } else if (pathname === '/admin/functions' && method === 'GET') {
      json(response, options.served);
    } else {
      response.writeHead(404).end();
    }
  };
  return (pathname, request, response) => {
    const isHomepage = pathname === '/';
    if (!isHomepage && !pathname.startsWith('/admin/')) return false;
    request.resume();
    if (isHomepage) response.writeHead(200, { 'content-type': 'text/html' }).end(HOMEPAGE);
    else admin(pathname, request.method ?? 'GET', response);
    return true;
  };
}
