import { z } from 'zod';
import { isRecord } from '../../plan/primitives.ts';
import { compileOutputSchema } from './json-schema.ts';
import { readMirroredArguments } from './mirrored-arguments.ts';
import type { Tool } from './tool.ts';

/**
 * The parts of a tool's description that matter here. An annotation or task support that does not match the
 * specification is read as its default: it does not decide whether calls succeed.
 */
const toolSchema = z.object({
  name: z.string(),
  annotations: z.object({ readOnlyHint: z.boolean() }).catch({ readOnlyHint: false }),
  execution: z
    .object({ taskSupport: z.enum(['required', 'optional', 'forbidden']) })
    .catch({ taskSupport: 'forbidden' }),
  inputSchema: z.unknown().optional(),
  outputSchema: z.unknown().optional(),
});

type Described = z.output<typeof toolSchema>;

/** More tools than the targets of one process list, unless their descriptions change with every list. */
const MAX_KEPT = 1000;

/**
 * The tools that this process has read, by the relevant parts of their descriptions. Thousands of sessions list the
 * same tools; each is read once.
 */
const kept = new Map<string, Tool>();

/**
 * Reads the items of a tools/list page that was judged before. Accepts every tool, whatever its schemas: `invalid` and
 * `note` say what is wrong with them.
 */
export function readTools(items: readonly unknown[]): readonly Tool[] {
  return items.map((item) => {
    const described = toolSchema.parse(item);
    const text = jsonOf(described);
    if (text === undefined) return unreadable(described);
    const before = kept.get(text);
    if (before !== undefined) return before;
    const tool = readTool(described);
    if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value as string);
    kept.set(text, tool);
    return tool;
  });
}

function readTool(described: Described): Tool {
  const { name, annotations, execution, inputSchema, outputSchema } = described;
  const headers = readMirroredArguments(inputSchema);
  const output = isRecord(outputSchema) ? compileOutputSchema(outputSchema) : undefined;
  return {
    name,
    readOnly: annotations.readOnlyHint,
    taskSupport: execution.taskSupport,
    outputProblem: output !== undefined && 'problemOf' in output ? output.problemOf : undefined,
    mirrored: 'mirrored' in headers ? headers.mirrored : [],
    invalid: 'invalid' in headers ? headers.invalid : undefined,
    note: output !== undefined && 'note' in output ? output.note : undefined,
  };
}

/** Undefined when the description is nested too deeply to be serialised. */
function jsonOf(described: Described): string | undefined {
  try {
    return JSON.stringify(described);
  } catch {
    return undefined;
  }
}

function unreadable({ name, annotations, execution }: Described): Tool {
  const problem = 'its schemas are nested too deeply to be read';
  const { readOnlyHint: readOnly } = annotations;
  const { taskSupport } = execution;
  return { name, readOnly, taskSupport, outputProblem: undefined, mirrored: [], invalid: problem, note: problem };
}
