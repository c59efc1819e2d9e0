import type { Json } from '../plan/feed.ts';
import type { Capture } from '../plan/step-schema.ts';
import { compilePointer } from './compile-pointer.ts';
import { jsonIn } from './json-form.ts';

/** Finds a value in a result or its text; undefined when it is not there. */
export type CompiledCapture = {
  readonly name: string;
  readonly find: (result: unknown, text: string) => Json | undefined;
  /** What was looked for, for the message when it is not there. */
  readonly sought: string;
};

/**
 * Makes a capture ready.
 * @param asJson a later step reads the value as JSON: a text that holds none is as good as not there
 */
export function compileCapture(name: string, capture: Capture, asJson: boolean): CompiledCapture {
  const find = 'pointer' in capture ? findByPointer(capture.pointer) : findByPattern(capture.matches);
  const sought = 'pointer' in capture ? `at ${capture.pointer || 'the top'}` : `by /${capture.matches}/u`;
  if (!asJson) return { name, find, sought };
  const findJson: CompiledCapture['find'] = (result, text) => {
    const found = find(result, text);
    return found === undefined || jsonIn(found) === undefined ? undefined : found;
  };
  return { name, find: findJson, sought: `as JSON ${sought}` };
}

function findByPointer(pointer: string): CompiledCapture['find'] {
  const find = compilePointer(pointer);
  return (result) => find(result);
}

/** The first group, or the whole match where the pattern has none. */
function findByPattern(source: string): CompiledCapture['find'] {
  const pattern = new RegExp(source, 'u');
  return (_, text) => {
    const match = pattern.exec(text);
    return match === null || match.length === 1 ? match?.[0] : match[1];
  };
}
