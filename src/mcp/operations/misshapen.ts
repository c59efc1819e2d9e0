import type { Judgement } from '../exchange/judgement.ts';

/** The judgement of a result that is not what its method's definition says. */
export function misshapen(method: string, expected: string): Judgement {
  return { outcome: 'PROTO_SHAPE', message: `${method}: expected ${expected}` };
}
