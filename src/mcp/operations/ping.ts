import { USEFUL } from '../exchange/judgement.ts';
import type { Call } from './call.ts';
import { isRecord } from './is-record.ts';
import { misshapen } from './misshapen.ts';

/** Asks whether the other side is there; MCP until 2025-11-25. */
export const PING: Call = {
  operation: 'ping',
  method: 'ping',
  name: undefined,
  params: '{}',
  judge: (result) => (isRecord(result) ? USEFUL : misshapen('ping', 'an object')),
  progress: false,
};
