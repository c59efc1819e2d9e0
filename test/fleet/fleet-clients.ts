import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { fleetSecrets } from '../../fleet/servers.ts';

export interface ConnectedClient {
  readonly client: Client;
  readonly transport: StreamableHTTPClientTransport;
}

/** Connects the SDK's own client to a server of the fleet, with these headers on every request. */
export async function connectClient(url: string, headers: Record<string, string> = {}): Promise<ConnectedClient> {
  const client = new Client({ name: 'fleet-test', version: '1.0.0' });
  const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
  await client.connect(transport as Transport);
  return { client, transport };
}

/** Asks the ado server's token endpoint; the defaults are what it accepts. */
export function requestToken(
  tokenUrl: string,
  form: Record<string, string> = {},
  headers: Record<string, string> = {},
) {
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

/** A header with a fresh token of the ado server. */
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

/** Posts a JSON-RPC message, or raw text, as a legacy client does. */
export function postMcp(url: string, message: object | string, headers: Record<string, string> = {}) {
  return fetch(url, {
    method: 'POST',
    headers: { accept: 'application/json, text/event-stream', 'content-type': 'application/json', ...headers },
    body: typeof message === 'string' ? message : JSON.stringify(message),
  });
}
