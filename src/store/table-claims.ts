import type { RunStore } from './run-store.ts';
import { claimKey } from './table-keys.ts';
import type { TableRows } from './table-rows.ts';

/** Idempotency keys: the first to create the row has claimed the key. */
export function tableClaims(rows: TableRows): Pick<RunStore, 'reserveKey'> {
  return {
    async reserveKey(key, claim) {
      const doing = `reserve an idempotency key for run ${claim.runId}`;
      const { runId, planHash } = claim;
      if (await rows.create(doing, claimKey(key), { runId, planHash })) return { runId, planHash };
      const first = await rows.get(doing, claimKey(key));
      if (first === undefined) throw new Error(`Could not ${doing}: its row was deleted at the same time; try again.`);
      return { runId: String(first.values.runId), planHash: String(first.values.planHash) };
    },
  };
}
