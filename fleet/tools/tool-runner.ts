import type { LatencySource } from '../latency-source.ts';
import { pause } from '../pause.ts';
import { type Random, seededRandom } from '../seeded-random.ts';
import type { ReferenceTool } from './demo-tool.ts';
import { seededProse } from './prose.ts';

/** A tool result as both SDK generations take it. */
export interface ToolAnswer {
  [key: string]: unknown;
  content: { type: 'text'; text: string }[];
  isError?: boolean;
}

/** Answers one call after the latency of its tool. Resolves early when `signal` fires. */
export type ToolRunner = (tool: ReferenceTool, args: unknown, signal: AbortSignal) => Promise<ToolAnswer>;

export interface ToolRunnerOptions {
  readonly server: string;
  readonly seed: number;
  readonly latencyMs: LatencySource;
  /** By tool name: the share of calls, 0 to 1, that end as a rate-limit error inside an HTTP 200. */
  readonly failureRates: Readonly<Record<string, number>>;
}

/** Which calls fail follows from the seed and the order of calls to that tool, not from chance. */
export function toolRunner({ server, seed, latencyMs, failureRates }: ToolRunnerOptions): ToolRunner {
  const failureDraws = new Map<string, Random>(
    Object.keys(failureRates).map((name) => [name, seededRandom(seed, server, name, 'failure')]),
  );
  return async (tool, args, signal) => {
    const draw = failureDraws.get(tool.name);
    const fails = draw !== undefined && draw() < failureRates[tool.name]!;
    await pause(latencyMs(`tools/call:${tool.name}`), signal);
    if (fails) {
      const text = `${tool.name}: the search API rate limit of this account is exceeded. Wait a minute and try again.`;
      return { content: [{ type: 'text', text }], isError: true };
    }
    const prose = seededProse(seed, server, tool.name, JSON.stringify(args));
    return { content: [{ type: 'text', text: tool.answer(args, prose) }] };
  };
}
