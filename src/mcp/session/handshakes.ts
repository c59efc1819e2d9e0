import { z } from 'zod';
import { excerpt } from '../../plan/bounded-text.ts';
import { REVISIONS, type Target } from '../../plan/target-schema.ts';
import { type Judgement, type ResultJudge, USEFUL } from '../http/json-rpc.ts';
import { clientCapabilities } from '../operations/answer-input.ts';
import { clientInfoOf } from './session.ts';

/**
 * The revision before Streamable HTTP. Some servers answer with it over Streamable HTTP nevertheless, and clients then
 * speak as in 2025-03-26, which has no header for the revision.
 */
export const OLDEST_REVISION = '2024-11-05';

/** Revisions of the protocol's first era over Streamable HTTP, newest first. */
export const LEGACY_REVISIONS = REVISIONS.filter((revision) => revision !== '2026-07-28');

const initializeResult = z.object({
  protocolVersion: z.string(),
  capabilities: z.record(z.string(), z.unknown()).catch({}),
  serverInfo: z.object({ name: z.string().default(''), version: z.string().default('') }).optional(),
});

/**
 * Makes the judge of the answer to initialize: checks its shape, and that the server chose an accepted version.
 * @param pinned the only version that the plan accepts; undefined for all that mcp-surge speaks
 */
export function initializeJudge(pinned: string | undefined): ResultJudge {
  const accepted: readonly string[] = pinned === undefined ? [...LEGACY_REVISIONS, OLDEST_REVISION] : [pinned];
  return (result) => {
    const parsed = initializeResult.safeParse(result);
    if (!parsed.success) return { outcome: 'PROTO_SHAPE', message: z.prettifyError(parsed.error) };
    const { protocolVersion } = parsed.data;
    return accepted.includes(protocolVersion) ? USEFUL : refusal(protocolVersion, pinned);
  };
}

function refusal(chosen: string, pinned: string | undefined): Judgement {
  const spoken = pinned === undefined ? `this client speaks ${LEGACY_REVISIONS.join(', ')}` : `the plan pins ${pinned}`;
  const old = chosen === OLDEST_REVISION ? ' (its transport, HTTP+SSE, is deprecated)' : '';
  return { outcome: 'PROTO_VERSION', message: `the server chose ${excerpt(chosen, 100)}${old}; ${spoken}` };
}

/** Reads a result that initializeJudge has found useful. */
export const readInitialize = (result: unknown): z.output<typeof initializeResult> => initializeResult.parse(result);

/** The first revision of the stateless era. */
export const MODERN_REVISION = '2026-07-28';

const NAMESPACE = 'io.modelcontextprotocol';
/** SEP-2663: a server may answer tools/call with a task only when the client declares that it polls tasks. */
const TASKS = { extensions: { [`${NAMESPACE}/tasks`]: {} } };

/** The members of `_meta` in every request, as JSON text without braces. */
export function requestMeta(userAgent: string, elicitation: Target['elicitation']): string {
  const meta = {
    [`${NAMESPACE}/protocolVersion`]: MODERN_REVISION,
    [`${NAMESPACE}/clientInfo`]: clientInfoOf(userAgent),
    [`${NAMESPACE}/clientCapabilities`]: { ...clientCapabilities(elicitation), ...TASKS },
  };
  return JSON.stringify(meta).slice(1, -1);
}

const serverInfo = z
  .object({ name: z.string(), version: z.string().catch('') })
  .optional()
  .catch(undefined);

/**
 * The specification puts the server's name in `_meta`. Its drafts, and some servers to this day, put it in the result.
 */
const discoverResult = z.object({
  supportedVersions: z.array(z.string()),
  capabilities: z.record(z.string(), z.unknown()).catch({}),
  serverInfo,
  _meta: z
    .object({ [`${NAMESPACE}/serverInfo`]: serverInfo })
    .optional()
    .catch(undefined),
});

/** What a server of the stateless era says about itself. */
export type Discovery = {
  readonly capabilities: readonly string[];
  /** Name and version; empty when the server does not say. */
  readonly server: string;
};

/** Reads the result of server/discover; undefined when the result is something else. */
export function readDiscovery(
  result: unknown,
): (Discovery & { readonly supportedVersions: readonly string[] }) | undefined {
  const parsed = discoverResult.safeParse(result);
  if (!parsed.success) return undefined;
  const { supportedVersions, capabilities, serverInfo, _meta } = parsed.data;
  const info = _meta?.[`${NAMESPACE}/serverInfo`] ?? serverInfo;
  const server = info === undefined ? '' : serverText(info.name, info.version);
  return {
    supportedVersions: supportedVersions.slice(0, MAX_NAMES).map((version) => excerpt(version, 100)),
    capabilities: namesOf(capabilities),
    server,
  };
}

/** What is kept of what a server says about itself; it is stored with every run. */
const MAX_NAMES = 100;
const MAX_SERVER_CHARACTERS = 200;

/** The names of a server's capabilities. */
export function namesOf(capabilities: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.keys(capabilities)
    .slice(0, MAX_NAMES)
    .map((name) => excerpt(name, 100));
}

/** A server's name and version, as one text. */
export function serverText(name: string, version: string): string {
  return excerpt(`${name} ${version}`.trim(), MAX_SERVER_CHARACTERS);
}

const unsupportedVersion = z.object({ data: z.object({ supported: z.array(z.string()).min(1) }) });

/** The versions that an error -32022 lists; undefined when it lists none. */
export function supportedVersionsIn(error: unknown): readonly string[] | undefined {
  const parsed = unsupportedVersion.safeParse(error);
  return parsed.success
    ? parsed.data.data.supported.slice(0, MAX_NAMES).map((version) => excerpt(version, 100))
    : undefined;
}
