import type { Tool } from '../operations/tool.ts';

/** A server's tools by name, as one session has listed them; sessions that listed the same share it. */
export class ToolIndex {
  #tools: readonly Tool[] = [];
  #byName: ReadonlyMap<string, Tool> = new Map();

  of(tools: readonly Tool[]): ReadonlyMap<string, Tool> {
    const same = tools.length === this.#tools.length && tools.every((tool, at) => tool === this.#tools[at]);
    if (!same) {
      this.#tools = tools;
      this.#byName = new Map(tools.map((tool) => [tool.name, tool]));
    }
    return this.#byName;
  }
}
