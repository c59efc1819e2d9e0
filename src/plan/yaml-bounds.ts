import { CST, Lexer } from 'yaml';

/** What makes a text too much to be parsed, and where. */
type OutOfBounds = { readonly message: string; readonly at: number };

/** Deeper than any tool's arguments, and shallow enough for every function that walks a plan recursively. */
export const MAX_DEPTH = 64;
/** Names, values, marks and line breaks; about what a plan of a million characters has. */
const MAX_TOKENS = 500_000;
/** Aliases and the anchors that they name. Finding an anchor takes longer the more of them there are. */
const MAX_ANCHORS = 2000;
/** `%YAML` and `%TAG` lines. */
const MAX_DIRECTIVES = 10;

/**
 * Finds out, before a text is parsed, whether parsing it would take long: whether it is nested too deeply, has too many
 * parts, or too many aliases. Reads the text once and stops at the first limit.
 */
export function outOfBounds(text: string): OutOfBounds | undefined {
  let [at, tokens, anchors, directives] = [0, 0, 0, 0];
  const nesting = new Nesting();
  let isPlain = false;
  for (const token of new Lexer().lex(text)) {
    tokens++;
    if (tokens > MAX_TOKENS) return { message: `expected a plan of at most ${MAX_TOKENS} names, values and marks`, at };
    const type: CST.TokenType | null = isPlain ? 'scalar' : CST.tokenType(token);
    // The text of a scalar without quotes follows a mark of its own.
    isPlain = !isPlain && type === 'scalar';
    if (type === 'alias' || type === 'anchor') anchors++;
    if (type === 'directive-line') directives++;
    if (anchors > MAX_ANCHORS) return { message: `expected at most ${MAX_ANCHORS} anchors and aliases`, at };
    if (directives > MAX_DIRECTIVES)
      return { message: `expected at most ${MAX_DIRECTIVES} lines that begin with %`, at };
    if (nesting.depthAfter(type, token) > MAX_DEPTH) {
      return { message: `expected a plan nested at most ${MAX_DEPTH} levels deep`, at };
    }
    if (!MARKS.has(token)) at += token.length;
  }
  return undefined;
}

/** Tokens that stand for no characters of the text. */
const MARKS: ReadonlySet<string> = new Set([CST.DOCUMENT, CST.FLOW_END, CST.SCALAR]);

/** How deep a text is nested, as far as its brackets, its indentation and the marks within a line show that. */
class Nesting {
  #brackets = 0;
  /** The indentations of the lines that the current one is nested in, ascending. */
  readonly #indents: number[] = [];
  /** `-`, `?` and `:` of the current line, each of which can begin a level. */
  #marks = 0;
  #isLineStart = true;

  depthAfter(type: CST.TokenType | null, token: string): number {
    switch (type) {
      case 'newline':
        this.#isLineStart = true;
        this.#marks = 0;
        return 0;
      case 'flow-map-start':
      case 'flow-seq-start':
        this.#brackets++;
        break;
      case 'flow-map-end':
      case 'flow-seq-end':
        this.#brackets = Math.max(0, this.#brackets - 1);
        break;
      case 'seq-item-ind':
      case 'explicit-key-ind':
      case 'map-value-ind':
        // Within brackets these begin no level.
        if (this.#brackets === 0) this.#marks++;
        break;
      case 'comment':
      case 'doc-mode':
        return 0;
    }
    if (this.#isLineStart && this.#brackets === 0) this.#indent(type === 'space' ? token.length : 0);
    this.#isLineStart = false;
    return this.#brackets + this.#indents.length + this.#marks;
  }

  #indent(columns: number): void {
    while ((this.#indents.at(-1) ?? -1) >= columns) this.#indents.pop();
    if (columns > 0) this.#indents.push(columns);
  }
}
