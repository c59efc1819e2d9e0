import { createServer, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Agent, type Dispatcher } from 'undici';
import type { Authorizer } from '../../../src/mcp/auth/authorizer.ts';
import { type AuthorizerOptions, openAuthorizer } from '../../../src/mcp/auth/open-authorizer.ts';
import { TokenSources } from '../../../src/mcp/auth/token-source.ts';
import { authSchema } from '../../../src/plan/auth-schema.ts';
import { systemClock } from '../../../src/traffic/clock.ts';
import { listenOnLoopback } from '../../support/loopback-server.ts';

export type Seen = {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly form: URLSearchParams;
};

export type Answer = {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly body?: string;
};

/** In place of an answer: the request is never answered. */
export const SILENT: Answer = {};

/** A server's answer to a request; undefined for 404. */
export type Site = (seen: Seen, origin: string) => Answer | undefined;

export type AuthRig = {
  /** The server's origin, without a trailing slash. */
  readonly origin: string;
  readonly seen: readonly Seen[];
  /** Requests so far, as `METHOD path`. */
  asked(): string[];
  readonly sources: TokenSources;
  /** Tokens that were added to the redactor of any authorizer. */
  readonly redacted: readonly string[];
  /** A dispatcher that sends requests for any host to this server; https requests too, without encryption. */
  readonly anyHost: Dispatcher;
  /** Makes an authorizer as a target's client does. The target is the server's `/mcp` by default. */
  open(auth: object, secrets?: Record<string, string>, changes?: Partial<AuthorizerOptions>): Promise<Authorizer>;
  close(): Promise<void>;
};

/** Starts a server on loopback: a target, its authorization server and an identity provider, as the site defines. */
export async function startAuthRig(site: Site): Promise<AuthRig> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    const one = { method, path: url, headers, form: new URLSearchParams(await text(request)) };
    seen.push(one);
    const answer = site(one, origin) ?? { status: 404 };
    if (answer === SILENT) return;
    const { status = 200, headers: more = {}, json, body } = answer;
    const type = json === undefined ? 'text/plain' : 'application/json';
    response.writeHead(status, { 'content-type': type, ...more }).end(body ?? (json && JSON.stringify(json)));
  });
  const { port, close } = await listenOnLoopback(server);
  const origin = `http://127.0.0.1:${port}`;
  const sources = new TokenSources();
  const redacted: string[] = [];
  const dispatcher = new Agent();
  const anyHost = new Agent({
    connect: (_options, done) => {
      const socket = connect(port, '127.0.0.1', () => done(null, socket));
      socket.on('error', (error) => done(error, null));
    },
  });
  return {
    origin,
    seen,
    asked: () => seen.map(({ method, path }) => `${method} ${path}`),
    sources,
    redacted,
    anyHost,
    open: (auth, secrets = {}, changes = {}) =>
      openAuthorizer(authSchema.parse(auth), {
        secrets: { get: async (name) => secrets[name] ?? Promise.reject(new Error(`there is no secret "${name}"`)) },
        redactor: { add: (token) => redacted.push(token) },
        now: systemClock.now,
        entraIdentity: undefined,
        problemOfSecret: () => undefined,
        targetUrl: `${origin}/mcp`,
        sources,
        dispatcher,
        problemOfAddress: () => undefined,
        ...changes,
      }),
    async close() {
      await Promise.all([dispatcher.destroy(), anyHost.destroy()]);
      await close();
    },
  };
}

/** A reply that issues a token. */
export function issued(token: string, more: object = {}): Answer {
  return { json: { access_token: token, token_type: 'Bearer', expires_in: 3600, ...more } };
}
