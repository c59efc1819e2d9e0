import type { IncomingMessage, ServerResponse } from 'node:http';

/** What serves `/mcp` of one server, behind authentication, counting and the parsing of the body. */
export interface McpEndpoint {
  /** Answers one request. `body` is the parsed JSON of a POST, undefined otherwise. */
  handle(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void>;
  /** Ends everything that is open. */
  close(): Promise<void>;
}
