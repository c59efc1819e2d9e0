import type { ResultJudge } from '../exchange/judgement.ts';

/** One request of the protocol, serialised as far as it can be before a session of either era sends it. */
export type Call = {
  /** What its samples are counted under, e.g. `tools/call:search_code`. */
  readonly operation: string;
  readonly method: string;
  /** The tool's or prompt's name or the resource's URI, which the stateless era repeats in a header. */
  readonly name: string | undefined;
  /** JSON text of the params, an object without `_meta`. */
  readonly params: string;
  /** Judges the result, up to the checks of the plan. */
  readonly judge: ResultJudge;
  /** Asks the server for progress notifications. */
  readonly progress: boolean;
};
