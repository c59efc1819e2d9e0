import type { z } from 'zod';
import type { Prose } from './prose.ts';

/** A tool of the reference fleet. Its answer depends on nothing but its arguments and the fleet's seed. */
export interface ReferenceTool {
  readonly name: string;
  readonly description: string;
  readonly readOnly: boolean;
  readonly input: z.ZodObject;
  /** The measured tool of the same server whose latency this one has; its own when absent. */
  readonly latencyOf?: string;
  /** The text of the answer, a few KB at most. `args` have passed `input`. */
  readonly answer: (args: unknown, prose: Prose) => string;
}

interface ToolDefinition<Input extends z.ZodObject> extends Omit<ReferenceTool, 'readOnly' | 'input' | 'answer'> {
  /** True unless told otherwise. */
  readonly readOnly?: boolean;
  readonly input: Input;
  readonly answer: (args: z.output<Input>, prose: Prose) => string;
}

/** Ties the type of a tool's arguments to its input schema. */
export function defineTool<Input extends z.ZodObject>(definition: ToolDefinition<Input>): ReferenceTool {
  return {
    readOnly: true,
    ...definition,
    answer: (args, prose) => definition.answer(args as z.output<Input>, prose),
  };
}
