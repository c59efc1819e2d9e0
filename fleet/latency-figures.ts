import { type LatencyPercentilesMs, measuredLatencyMs } from './measured.ts';
import type { ServerName } from './server-name.ts';
import type { ReferenceTool } from './tools/demo-tool.ts';

/**
 * The figures for every operation of a server: those measured, and for what was not measured those of its nearest
 * relative. `server/discover` opens a conversation as initialize does; a tool names its own relative.
 *
 * @throws Error for a tool that has no figures and names no measured tool.
 */
export function latencyFigures(
  server: ServerName,
  tools: readonly ReferenceTool[],
): Readonly<Record<string, LatencyPercentilesMs>> {
  const measured = measuredLatencyMs[server];
  const figuresOf = (operation: string): LatencyPercentilesMs => {
    const figures = measured[operation];
    if (figures === undefined) throw new Error(`${server}: no latency was measured for ${operation}`);
    return figures;
  };
  return {
    ...measured,
    'server/discover': figuresOf('initialize'),
    ...Object.fromEntries(
      tools.map(({ name, latencyOf = name }) => [`tools/call:${name}`, figuresOf(`tools/call:${latencyOf}`)]),
    ),
  };
}
