import { z } from 'zod';
import { REVISIONS } from '../../plan/target-schema.ts';
import { type Judgement, type ResultJudge, USEFUL } from '../exchange/judgement.ts';

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
