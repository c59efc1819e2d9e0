import { z } from 'zod';
import { excerpt } from '../../plan/bounded-text.ts';
import { isRecord } from '../../plan/primitives.ts';
import { compileOutputSchema, type Unchecked } from './json-schema.ts';
import { type MirroredArgument, readMirroredArguments } from './mirrored-arguments.ts';

/** A tool as tools/list describes it, as far as a load client needs it. */
export type Tool = {
  readonly name: string;
  /** The tool declares that it changes nothing (`readOnlyHint: true`). */
  readonly readOnly: boolean;
  /** Whether calls may, must or must not run as tasks (MCP 2025-11-25). */
  readonly taskSupport: 'required' | 'optional' | 'forbidden';
  /**
   * Says how a structured result does not match the tool's outputSchema. Undefined when the tool has no schema, or none
   * that can be checked.
   */
  readonly outputProblem: ((structured: unknown) => string | Unchecked | undefined) | undefined;
  /** The JSON Schema of the arguments, as the server sent it; undefined when the description cannot be read. */
  readonly inputSchema: unknown;
  /** The arguments that calls in the stateless era repeat in headers. */
  readonly mirrored: readonly MirroredArgument[];
  /** Why clients of the stateless era must not call this tool: an annotation of its inputSchema breaks the rules. */
  readonly invalid: string | undefined;
  /** What in the tool's description could not be used, e.g. an outputSchema that refers to another document. */
  readonly note: string | undefined;
};

/** More tools than the targets of one process list, unless their descriptions change with every list. */
export const MAX_KEPT = 20_000;

/** The descriptions that are kept have at most so many characters together, and each of them fewer than a page. */
const MAX_KEPT_CHARACTERS = 32_000_000;
const MAX_CHARACTERS = 1_000_000;

/**
 * The tools that this process has read, by the relevant parts of their descriptions. Thousands of sessions list the
 * same tools; each is read once.
 */
const kept = new Map<string, Tool>();
let keptCharacters = 0;

/**
 * Reads the items of a tools/list page that was judged before. Accepts every tool, whatever its schemas: `invalid` and
 * `note` say what is wrong with them. A schema is read when somebody asks for what it says, because a plan calls few of
 * the tools that a server lists, and compiling a schema takes longer than a request.
 */
export function readTools(items: readonly unknown[]): readonly Tool[] {
  return items.map((item) => {
    const described = toolSchema.parse(item);
    const text = jsonOf(described);
    if (text === undefined) return unreadable(described);
    const before = kept.get(text);
    if (before !== undefined) return before;
    const tool = readTool(described);
    keptCharacters += text.length;
    while (kept.size >= MAX_KEPT || (keptCharacters > MAX_KEPT_CHARACTERS && kept.size > 0)) dropOldest();
    kept.set(text, tool);
    return tool;
  });
}

function dropOldest(): void {
  const oldest = kept.keys().next().value as string;
  kept.delete(oldest);
  keptCharacters -= oldest.length;
}

/** A tool of which only the name is known, because the plan does not call it. */
export function namedTool(name: string): Tool {
  return {
    name: excerpt(name, MAX_NAME_CHARACTERS),
    readOnly: false,
    taskSupport: 'forbidden',
    outputProblem: undefined,
    inputSchema: undefined,
    mirrored: NO_ARGUMENTS,
    invalid: undefined,
    note: undefined,
  };
}

/** The longest name that a message quotes. */
const MAX_NAME_CHARACTERS = 256;
const NO_ARGUMENTS: Tool['mirrored'] = [];

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

function readTool({ name, annotations, execution, inputSchema, outputSchema }: Described): Tool {
  const headers = once(() => readMirroredArguments(inputSchema));
  const output = once(() => (isRecord(outputSchema) ? compileOutputSchema(outputSchema, name) : NO_SCHEMA));
  return {
    name,
    readOnly: annotations.readOnlyHint,
    taskSupport: execution.taskSupport,
    inputSchema,
    get outputProblem() {
      const compiled = output();
      if (compiled === undefined) return notCompiled;
      return 'problemOf' in compiled ? compiled.problemOf : undefined;
    },
    get mirrored() {
      const read = headers();
      return 'mirrored' in read ? read.mirrored : [];
    },
    get invalid() {
      const read = headers();
      return 'invalid' in read ? read.invalid : undefined;
    },
    get note() {
      const compiled = output();
      return compiled !== undefined && 'note' in compiled ? compiled.note : undefined;
    },
  };
}

/** In place of a compiled schema where a tool has none. */
const NO_SCHEMA: { readonly problemOf: undefined } = { problemOf: undefined };
const NOT_COMPILED: Unchecked = { unchecked: 'the schemas of tools change too often' };
const notCompiled = () => NOT_COMPILED;

/** Computes a value when it is first needed, and keeps it unless it is undefined. */
function once<Value>(compute: () => Value): () => Value {
  let computed: Value | undefined;
  return () => {
    computed ??= compute();
    return computed as Value;
  };
}

/** Undefined when the description is nested too deeply to be serialised, or too long. */
function jsonOf(described: Described): string | undefined {
  try {
    const text = JSON.stringify(described);
    return text.length > MAX_CHARACTERS ? undefined : text;
  } catch {
    return undefined;
  }
}

function unreadable({ name, annotations, execution }: Described): Tool {
  const problem = `its schemas are nested too deeply or have over ${MAX_CHARACTERS} characters`;
  const { readOnlyHint: readOnly } = annotations;
  const { taskSupport } = execution;
  const unread = { outputProblem: undefined, inputSchema: undefined, mirrored: [] };
  return { name, readOnly, taskSupport, ...unread, invalid: problem, note: problem };
}
