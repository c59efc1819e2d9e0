/** A tool argument that is repeated in a header (`x-mcp-header`, MCP 2026-07-28). */
export type MirroredArgument = {
  /** Name of the header in lower case, e.g. `mcp-param-region`. */
  readonly header: string;
  /** Keys from the arguments down to the value. */
  readonly path: readonly string[];
};

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
  readonly outputProblem: ((structured: unknown) => string | undefined) | undefined;
  /** The arguments that calls in the stateless era repeat in headers. */
  readonly mirrored: readonly MirroredArgument[];
  /** Why clients of the stateless era must not call this tool: an annotation of its inputSchema breaks the rules. */
  readonly invalid: string | undefined;
  /** What in the tool's description could not be used, e.g. an outputSchema that refers to another document. */
  readonly note: string | undefined;
};
