import type { Outcome } from '../../sample/outcome.ts';
import type { Tool } from '../operations/tool.ts';

/** An outcome and what the target said with it. */
export type Judgement = { readonly outcome: Outcome; readonly message: string };

/** The judgement of an answer with which nothing is wrong. */
export const USEFUL: Judgement = { outcome: 'OK', message: '' };

/**
 * Looks at the result of a JSON-RPC response that succeeded; may find that it did not, after all. The tool is what the
 * session's tools/list said of the tool that was called, if one was.
 */
export type ResultJudge = (result: unknown, tool?: Tool) => Judgement;
