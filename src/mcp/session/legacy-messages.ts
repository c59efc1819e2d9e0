import { z } from 'zod';
import type { Judgement } from '../exchange/classify.ts';
import { USEFUL } from '../operations/tool-result.ts';

/** Revisions of the protocol's first era over Streamable HTTP that this client speaks, newest first. */
export const LEGACY_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26'] as const;

const initializeResult = z.object({
  protocolVersion: z.string(),
  serverInfo: z.object({ name: z.string().default(''), version: z.string().default('') }).optional(),
});

const toolsListResult = z.object({
  tools: z.array(
    z.object({ name: z.string(), annotations: z.object({ readOnlyHint: z.boolean().optional() }).optional() }),
  ),
  nextCursor: z.string().nullish(),
});

export type InitializeResult = z.output<typeof initializeResult>;
export type ToolsListResult = z.output<typeof toolsListResult>;

/** Judges the answer to initialize: its shape, and that we speak the version that the server chose. */
export function judgeInitialize(result: unknown): Judgement {
  const parsed = initializeResult.safeParse(result);
  if (!parsed.success) return { outcome: 'PROTO_SHAPE', message: z.prettifyError(parsed.error) };
  const { protocolVersion } = parsed.data;
  if ((LEGACY_VERSIONS as readonly string[]).includes(protocolVersion)) return USEFUL;
  const spoken = LEGACY_VERSIONS.join(', ');
  return { outcome: 'PROTO_VERSION', message: `the server chose ${protocolVersion}; this client speaks ${spoken}` };
}

export function judgeToolsList(result: unknown): Judgement {
  const parsed = toolsListResult.safeParse(result);
  return parsed.success ? USEFUL : { outcome: 'PROTO_SHAPE', message: z.prettifyError(parsed.error) };
}

/** Reads a result that was judged useful before. */
export const readInitialize = (result: unknown): InitializeResult => initializeResult.parse(result);
export const readToolsList = (result: unknown): ToolsListResult => toolsListResult.parse(result);
