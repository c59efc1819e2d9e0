import { boundedJson, excerpt } from '../../plan/bounded-text.ts';
import type { DeviationRule } from '../../plan/deviation-rules.ts';
import { asArray, asRecord, isRecord } from '../../plan/primitives.ts';
import type { Target } from '../../plan/target-schema.ts';
import type { FirstServer } from './first-server.ts';
import { OLDEST_REVISION, readInitialize } from './handshakes.ts';

/** Reports a deviation with its example. */
type Found = (rule: DeviationRule, example: string) => void;

/** The fields that each type of content needs (MCP, "Tool Result"). */
const CONTENT_FIELDS: Readonly<Record<string, readonly string[]>> = {
  text: ['text'],
  image: ['data', 'mimeType'],
  audio: ['data', 'mimeType'],
  resource_link: ['uri', 'name'],
  resource: [],
};

/** Finds deviations in a result, by the method that was called. Costs a few comparisons where there are none. */
export function findInResult(method: string, result: unknown, found: Found): void {
  if (method === 'tools/call') findInContent(asRecord(result).content, found);
  else if (method === 'tools/list') findInTools(asRecord(result).tools, found);
}

function findInContent(content: unknown, found: Found): void {
  for (const part of asArray(content)) {
    const { type } = asRecord(part);
    const fields = typeof type === 'string' && Object.hasOwn(CONTENT_FIELDS, type) ? CONTENT_FIELDS[type] : undefined;
    const isWhole = fields?.every((field) => typeof asRecord(part)[field] === 'string') === true;
    if (isWhole && (type !== 'resource' || isResource(asRecord(part).resource))) continue;
    found('content-misshapen', boundedJson(part, 200));
    return;
  }
}

function isResource(resource: unknown): boolean {
  const { uri, text, blob } = asRecord(resource);
  return typeof uri === 'string' && typeof (text ?? blob) === 'string';
}

function findInTools(tools: unknown, found: Found): void {
  for (const tool of asArray(tools)) {
    const { name, inputSchema } = asRecord(tool);
    if (!isRecord(inputSchema)) found('tool-schema-invalid', excerpt(String(name), 200));
  }
}

/** What is wrong with a session id: ids must be visible ASCII, and should not be guessable; empty if nothing is. */
function faultOfSessionId(id: string): string {
  if (!/^[\x21-\x7e]*$/.test(id)) return 'the id has a character that is not visible ASCII';
  return id !== '' && id.length < 16 ? `the id has ${id.length} characters` : '';
}

/** Finds deviations in a useful answer to initialize, also from the answers in other sessions. */
export function findInOpening(result: unknown, sessionId: string, first: FirstServer | undefined, found: Found): void {
  const { protocolVersion, capabilities, serverInfo } = readInitialize(result);
  if (protocolVersion === OLDEST_REVISION) found('revision-of-another-transport', protocolVersion);
  const fault = faultOfSessionId(sessionId);
  if (fault !== '') found('session-id-invalid', fault);
  const server = `${serverInfo?.name ?? ''} ${serverInfo?.version ?? ''}`;
  const difference = first?.differenceFrom(server, protocolVersion, Object.keys(capabilities).toSorted().join(' '));
  if (difference !== undefined) found('server-differs-between-replies', difference);
}

/** True for a request of the server for something that the client has not declared. */
export function isUndeclared(method: string, elicitation: Target['elicitation']): boolean {
  if (method === 'elicitation/create') return elicitation !== 'defaults';
  return method === 'sampling/createMessage' || method === 'roots/list';
}
