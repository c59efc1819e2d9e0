import { Composer, type CST, Document, type ErrorCode, LineCounter, Parser, YAMLParseError } from 'yaml';
import { asRecord } from './primitives.ts';
import { outOfBounds } from './yaml-bounds.ts';

type YamlDocument = {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
  /** Why the text was not parsed at all. */
  readonly refused?: { readonly message: string; readonly line: number; readonly column: number };
};

/** Far more than are shown to people. */
const MAX_ERRORS = 200;

const OPTIONS = { prettyErrors: false, uniqueKeys: false, logLevel: 'error' } as const;

/**
 * Parses YAML or JSON. Checks nothing but what bounds the time: a text with far too much of something becomes a document
 * without contents but with an error, and after many errors the rest is not read.
 */
export function readDocument(text: string): YamlDocument {
  const lines = new LineCounter();
  const tooMuch = outOfBounds(text);
  if (tooMuch !== undefined) {
    const { message, at } = tooMuch;
    const before = text.slice(0, at);
    const refused = { message, line: before.split('\n').length, column: at - before.lastIndexOf('\n') };
    return { document: withoutContents([new YAMLParseError([at, at], 'IMPOSSIBLE', message)]), lines, refused };
  }
  const composer = new Composer(OPTIONS);
  const found = limitErrors(composer);
  try {
    return { document: composedDocument(composer, new Parser(lines.addNewLine).parse(text), text.length), lines };
  } catch (error) {
    if (error !== TOO_MANY_ERRORS) throw error;
    return { document: withoutContents(found), lines };
  }
}

function composedDocument(composer: Composer, tokens: Iterable<CST.Token>, length: number): Document.Parsed {
  let first: Document.Parsed | undefined;
  for (const document of composer.compose(tokens, true, length)) {
    if (first !== undefined) {
      const [start, end] = document.range;
      first.errors.push(
        new YAMLParseError([start, end], 'MULTIPLE_DOCS', 'expected one document, not multiple documents'),
      );
      break;
    }
    first = document as Document.Parsed;
  }
  return first as Document.Parsed;
}

const TOO_MANY_ERRORS = new Error('too many errors');

/**
 * Makes a composer stop after many errors; on its own it collects one for every character of a broken text.
 * @returns the errors until then
 */
function limitErrors(composer: Composer): readonly YAMLParseError[] {
  // There is no option for this. The composer calls the function for every error and warning that it finds.
  const reporting = composer as unknown as { onError: (source: unknown, code: ErrorCode, ...rest: string[]) => void };
  const found: YAMLParseError[] = [];
  const { onError } = reporting;
  reporting.onError = (source, code, message = '', ...rest) => {
    onError(source, code, message, ...rest);
    found.push(new YAMLParseError(positionOf(source), code, message));
    if (found.length === MAX_ERRORS) throw TOO_MANY_ERRORS;
  };
  return found;
}

/** Where an error is, from what the composer says: an offset, a range or a token. */
function positionOf(source: unknown): [number, number] {
  const [start, end = start] = [source].flat();
  const offset = typeof start === 'number' ? start : Number(asRecord(start).offset ?? 0);
  return [offset, typeof end === 'number' ? end : offset];
}

function withoutContents(errors: readonly YAMLParseError[]): Document.Parsed {
  const document = new Document(null, OPTIONS) as unknown as Document.Parsed;
  document.errors = [...errors];
  return document;
}
