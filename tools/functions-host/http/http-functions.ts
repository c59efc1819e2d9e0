import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FunctionDefinition, HttpFunction } from '../function-definition.ts';
import type { RunFunction } from '../function-runner.ts';
import { readBody } from './http-body.ts';
import { httpInput, sendHttpOutput } from './http-exchange.ts';
import { RouteTable } from './route-table.ts';

export interface HttpFrontOptions {
  readonly functions: readonly FunctionDefinition[];
  readonly routePrefix: string;
  readonly origin: string;
  readonly run: RunFunction;
  /** Fires a timer function now, or answers that there is none of that name. */
  readonly fireTimer: (name: string) => boolean;
}

const ADMIN = /^\/admin\/functions\/([^/]+)\/?$/;

/** Answers the app's HTTP routes, and `POST /admin/functions/NAME`, which fires a timer by hand. */
export function httpFront(
  options: HttpFrontOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const routes = new RouteTable<HttpFunction>();
  for (const definition of options.functions) {
    if (definition.type === 'http') {
      routes.add(`${options.routePrefix}/${definition.route}`, definition.methods, definition);
    }
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
    const outcome = await options.run(found.target, httpInput(request, options.origin, found.params, body));
    if (outcome.ok) {
      sendHttpOutput(response, outcome.value);
    } else {
      response.writeHead(500).end();
    }
  };
}
