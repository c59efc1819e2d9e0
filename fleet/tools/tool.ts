import type { z } from 'zod';
import { type LatencySource, pause } from '../latency.ts';
import { type Random, seededRandom } from '../seeded-random.ts';
import { type Prose, seededProse } from './prose.ts';

/** A tool of the reference fleet. Its answer depends only on its arguments and the fleet's seed. */
export type ReferenceTool = {
  readonly name: string;
  readonly description: string;
  readonly readOnly: boolean;
  readonly input: z.ZodObject;
  /** The measured tool of the same server whose latency this tool has. Default: the tool itself. */
  readonly latencyOf?: string;
  /** The text of the answer, a few KB at most. `args` have passed `input`. */
  readonly answer: (args: unknown, prose: Prose) => string;
};

type ToolDefinition<Input extends z.ZodObject> = Omit<ReferenceTool, 'readOnly' | 'input' | 'answer'> & {
  /** Default: true. */
  readonly readOnly?: boolean;
  readonly input: Input;
  readonly answer: (args: z.output<Input>, prose: Prose) => string;
};

/** Defines a tool. The type of its arguments follows from its input schema. */
export function defineTool<Input extends z.ZodObject>(definition: ToolDefinition<Input>): ReferenceTool {
  return {
    readOnly: true,
    ...definition,
    answer: (args, prose) => definition.answer(args as z.output<Input>, prose),
  };
}

/** A tool result in the form that both SDK generations accept. */
type ToolAnswer = {
  [key: string]: unknown;
  content: { type: 'text'; text: string }[];
  isError?: boolean;
};

/** Answers one call after the latency of its tool. Resolves early when `signal` fires. */
export type ToolRunner = (tool: ReferenceTool, args: unknown, signal: AbortSignal) => Promise<ToolAnswer>;

type ToolRunnerOptions = {
  readonly server: string;
  readonly seed: number;
  readonly latencyMs: LatencySource;
  /** By tool name: the share of calls, 0 to 1, that end in a rate-limit error inside an HTTP 200. */
  readonly failureRates: Readonly<Record<string, number>>;
};

/** Runs the tools of one server. The seed and the order of calls to a tool determine which of its calls fail. */
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
