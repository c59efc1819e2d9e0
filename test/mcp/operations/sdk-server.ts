import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { completable } from '@modelcontextprotocol/sdk/server/completable.js';
import { McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { LATEST_PROTOCOL_VERSION } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import type { Call } from '../../../src/mcp/operations/call.ts';

/** A server of the official SDK in this process, connected without HTTP. */
export type SdkServer = {
  /** Sends a call as a session does. @returns the result @throws the message of a JSON-RPC error */
  ask(call: Call): Promise<unknown>;
  close(): Promise<void>;
};

const languages = ['python', 'pytorch', 'rust'];

/** A server with one of everything: a structured tool, a resource, a resource template, a prompt with completions. */
export async function startSdkServer(): Promise<SdkServer> {
  const server = new McpServer({ name: 'everything', version: '1.0.0' });
  server.registerTool(
    'weigh',
    { inputSchema: { text: z.string() }, outputSchema: { grams: z.number() }, annotations: { readOnlyHint: true } },
    ({ text }) => ({
      content: [{ type: 'text', text: `${text.length} g` }],
      structuredContent: { grams: text.length },
    }),
  );
  server.registerResource('notes', 'file:///notes.txt', {}, ({ href }) => ({
    contents: [
      { uri: href, text: 'first' },
      { uri: href, blob: 'AAAA' },
    ],
  }));
  server.registerResource('repo', new ResourceTemplate('repo://{owner}', { list: undefined }), {}, ({ href }) => ({
    contents: [{ uri: href, text: href }],
  }));
  server.registerPrompt(
    'brief',
    {
      argsSchema: {
        language: completable(z.string(), (start, context) =>
          languages.filter((name) => name.startsWith(start)).map((name) => name + (context?.arguments?.mood ?? '')),
        ),
      },
    },
    ({ language }) => ({
      messages: [
        { role: 'user', content: { type: 'text', text: `Write ${language}.` } },
        { role: 'assistant', content: { type: 'text', text: 'Yes.' } },
      ],
    }),
  );
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  // The SDK's own types disagree about `undefined` under exactOptionalPropertyTypes.
  await server.connect(theirs as Transport);
  await ours.start();
  let id = 0;
  const request = (method: string, params: unknown): Promise<unknown> => {
    const answered = new Promise((resolve, reject) => {
      ours.onmessage = (message) => {
        if ('result' in message) resolve(message.result);
        else if ('error' in message) reject(new Error(message.error.message));
      };
    });
    void ours.send({ jsonrpc: '2.0', id: ++id, method, params: params as Record<string, unknown> });
    return answered;
  };
  const clientInfo = { name: 'test', version: '1' };
  await request('initialize', { protocolVersion: LATEST_PROTOCOL_VERSION, capabilities: {}, clientInfo });
  return { ask: ({ method, params }) => request(method, JSON.parse(params)), close: () => server.close() };
}
