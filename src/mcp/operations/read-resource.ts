import { type Judgement, type ResultJudge, USEFUL } from '../exchange/judgement.ts';
import type { Call } from './call.ts';
import { isRecord } from './is-record.ts';
import { misshapen } from './misshapen.ts';

const RESOURCES_READ = 'resources/read';

/**
 * Makes requests for resources; the URI is JSON text. Their samples are counted under one label however many URIs they
 * read: operations are columns of every report, and a template has any number of URIs.
 */
export function readResource(label: string, judge: ResultJudge = judgeResource): (uriJson: string) => Call {
  const operation = `${RESOURCES_READ}:${label}`;
  return (uriJson) => ({
    operation,
    method: RESOURCES_READ,
    name: JSON.parse(uriJson),
    params: `{"uri":${uriJson}}`,
    judge,
    progress: false,
  });
}

/**
 * Judges the result of resources/read. A resource that has no contents at all is a warning, as with tools: the agent got
 * nothing, yet no rule was broken. One whose text is empty is a resource like any other.
 */
export function judgeResource(result: unknown): Judgement {
  if (!isRecord(result) || !Array.isArray(result.contents)) return misshapen(RESOURCES_READ, 'an array "contents"');
  for (const [index, part] of result.contents.entries()) {
    if (!isRecord(part) || typeof part.uri !== 'string') return misshapen(RESOURCES_READ, `contents[${index}].uri`);
    if (typeof part.text !== 'string' && typeof part.blob !== 'string') {
      return misshapen(RESOURCES_READ, `contents[${index}].text or .blob`);
    }
  }
  return result.contents.length > 0 ? USEFUL : { outcome: 'TOOL_EMPTY', message: 'The resource has no contents.' };
}

/** The texts of a resource's contents, one a line; of a result that was judged before. */
export function textOfResource(result: unknown): string {
  const { contents } = result as { contents: readonly { text?: unknown }[] };
  return contents.flatMap(({ text }) => (typeof text === 'string' ? text : [])).join('\n');
}
