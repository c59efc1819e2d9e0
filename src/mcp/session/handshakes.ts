import { z } from 'zod';
import { REVISIONS, type Target } from '../../plan/target-schema.ts';
import { type Judgement, type ResultJudge, USEFUL } from '../http/json-rpc.ts';
import { clientCapabilities } from '../operations/answer-input.ts';
import { clientInfoOf } from './session.ts';

/** Revisions of the protocol's first era over Streamable HTTP, newest first. */
export const LEGACY_REVISIONS = REVISIONS.filter((revision) => revision !== '2026-07-28');

const initializeResult = z.object({
  protocolVersion: z.string(),
  capabilities: z.record(z.string(), z.unknown()).catch({}),
  serverInfo: z.object({ name: z.string().default(''), version: z.string().default('') }).optional(),
});

export type InitializeResult = z.output<typeof initializeResult>;

/**
 * Makes the judge of the answer to initialize: its shape, and that the version the server chose is one of those accepted.
 * @param pinned the only version that the plan accepts; undefined for any that this client speaks
 */
export function initializeJudge(pinned: string | undefined): ResultJudge {
  const accepted: readonly string[] = pinned === undefined ? LEGACY_REVISIONS : [pinned];
  return (result) => {
    const parsed = initializeResult.safeParse(result);
    if (!parsed.success) return { outcome: 'PROTO_SHAPE', message: z.prettifyError(parsed.error) };
    const { protocolVersion } = parsed.data;
    return accepted.includes(protocolVersion) ? USEFUL : refusal(protocolVersion, accepted, pinned);
  };
}

function refusal(chosen: string, accepted: readonly string[], pinned: string | undefined): Judgement {
  const spoken = pinned === undefined ? `this client speaks ${accepted.join(', ')}` : `the plan pins ${pinned}`;
  const old = chosen === '2024-11-05' ? ' (its transport, HTTP+SSE, is deprecated)' : '';
  return { outcome: 'PROTO_VERSION', message: `the server chose ${chosen}${old}; ${spoken}` };
}

/** Reads a result that was judged useful before. */
export const readInitialize = (result: unknown): InitializeResult => initializeResult.parse(result);

/** The revision that begins the protocol's stateless era. */
export const MODERN_REVISION = '2026-07-28';

const NAMESPACE = 'io.modelcontextprotocol';
/** SEP-2663: a server may answer tools/call with a task only to clients that say they poll it. */
const TASKS = { extensions: { [`${NAMESPACE}/tasks`]: {} } };

/** The members of `_meta` that every request carries, as JSON text without the braces. */
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

/** The specification has the server's name in `_meta`; drafts of it, and servers to this day, have it in the result. */
const discoverResult = z.object({
  supportedVersions: z.array(z.string()),
  capabilities: z.record(z.string(), z.unknown()).catch({}),
  serverInfo,
  _meta: z
    .object({ [`${NAMESPACE}/serverInfo`]: serverInfo })
    .optional()
    .catch(undefined),
});

/** What a server of the stateless era says of itself. */
export type Discovery = {
  readonly capabilities: readonly string[];
  /** Name and version; empty when the server keeps them to itself. */
  readonly server: string;
};

/** Reads the result of server/discover; undefined when it is none. */
export function readDiscovery(
  result: unknown,
): (Discovery & { readonly supportedVersions: readonly string[] }) | undefined {
  const parsed = discoverResult.safeParse(result);
  if (!parsed.success) return undefined;
  const { supportedVersions, capabilities, serverInfo, _meta } = parsed.data;
  const info = _meta?.[`${NAMESPACE}/serverInfo`] ?? serverInfo;
  const server = info === undefined ? '' : `${info.name} ${info.version}`.trim();
  return { supportedVersions, capabilities: Object.keys(capabilities), server };
}

const unsupportedVersion = z.object({ data: z.object({ supported: z.array(z.string()).min(1) }) });

/** The versions that an error -32022 names; undefined when it names none. */
export function supportedVersionsIn(error: unknown): readonly string[] | undefined {
  const parsed = unsupportedVersion.safeParse(error);
  return parsed.success ? parsed.data.data.supported : undefined;
}
