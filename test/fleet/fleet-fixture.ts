import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { TestContext } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { type Fleet, startFleet } from '../../fleet/fleet.ts';
import type { FleetOptions } from '../../fleet/fleet-options.ts';
import { type ReferenceServerOptions, startReferenceServer } from '../../fleet/reference-server.ts';
import { fleetSecrets } from '../../fleet/servers.ts';
import { listenDuring } from '../support/loopback-server.ts';

type Owner = Pick<TestContext, 'after'>;

/** Starts a fleet that is stopped when the test ends. */
export async function fleetFor(t: Owner, options: FleetOptions): Promise<Fleet> {
  const fleet = await startFleet(options);
  t.after(() => fleet.stop());
  return fleet;
}

/** Starts one server without latency or authentication that is stopped when the test ends. Returns its MCP address. */
export async function serverFor(
  t: Owner,
  options: Pick<ReferenceServerOptions, 'endpoint' | 'stats' | 'toolNames'>,
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const unlimited = { name: 'test', port: 0, admission: () => null, latencyMs: () => 0 };
  const server = await startReferenceServer({ ...unlimited, ...options });
  let stopping: Promise<unknown> | undefined;
  const stop = async () => {
    stopping ??= server.stop().then(() => options.endpoint.close());
    await stopping;
  };
  t.after(stop);
  return { url: `${server.origin}/mcp`, stop };
}

/** Takes a free port until the test ends. */
export async function occupyPort(t: Owner): Promise<number> {
  return (await listenDuring(t, createServer())).port;
}

export type ConnectedClient = {
  readonly client: Client;
  readonly transport: StreamableHTTPClientTransport;
};

/** Connects the SDK's own client to a server of the fleet. It sends these headers with every request. */
export async function connectClient(url: string, headers: Record<string, string> = {}): Promise<ConnectedClient> {
  const client = new Client({ name: 'fleet-test', version: '1.0.0' });
  const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
  await client.connect(transport as Transport);
  return { client, transport };
}

/** Requests a token from the ado server. The default form is the one that it accepts. */
export function requestToken(
  tokenUrl: string,
  form: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(tokenUrl, {
    method: 'POST',
    headers,
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: fleetSecrets.adoClientId,
      client_secret: fleetSecrets.adoClientSecret,
      ...form,
    }),
  });
}

/** A header with a new token from the ado server. */
export async function fetchToken(tokenUrl: string): Promise<{ authorization: string }> {
  const { access_token } = (await (await requestToken(tokenUrl)).json()) as { access_token: string };
  return { authorization: `Bearer ${access_token}` };
}

/** The body of an initialize request. */
export const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1.0.0' } },
} as const;

/** The body of a tools/call request. */
export function callTool(name: string, args: Record<string, unknown> = {}) {
  return { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name, arguments: args } } as const;
}

/** Posts a JSON-RPC message, or raw text, with the headers of a legacy client. */
export function postMcp(
  url: string,
  message: object | string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { accept: 'application/json, text/event-stream', 'content-type': 'application/json', ...headers },
    body: typeof message === 'string' ? message : JSON.stringify(message),
  });
}

/** Opens a session on a stateful server. Returns the header that continues it. */
export async function openSession(url: string): Promise<{ 'mcp-session-id': string }> {
  const answer = await postMcp(url, initialize);
  await answer.text();
  return { 'mcp-session-id': answer.headers.get('mcp-session-id') ?? assert.fail('the answer has no session id') };
}
