import { packJson, unpackJson } from './packed-bytes.ts';
import type { RunStore } from './run-store.ts';
import { EMPTY_LEDGER, holderOf, withDuplicate, withLease, withMarker, withTakeOver } from './slice-attempts.ts';
import type { SliceLedger } from './slice-ledger.ts';
import { ledgerKey } from './table-keys.ts';
import type { TableRows } from './table-rows.ts';

type LedgerVerbs = 'takeLease' | 'takeOverLease' | 'recordDuplicate' | 'commitSlice' | 'readLedger';

/** A slice has a handful of writers at most; more lost races than this mean that something else is wrong. */
const MAX_ATTEMPTS = 50;

/**
 * A slice's ledger is one row. Every change reads it, applies a pure rule and writes it back only if nobody wrote in
 * between; otherwise it starts again. The rules give a repeated change the answer of the first, so that a write whose
 * answer was lost is recognised as our own.
 */
export function tableLedgers(rows: TableRows): Pick<RunStore, LedgerVerbs> {
  async function change(
    doing: string,
    runId: string,
    sliceId: string,
    rule: (ledger: SliceLedger) => SliceLedger | undefined,
  ): Promise<SliceLedger | undefined> {
    const key = ledgerKey(runId, sliceId);
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const row = await rows.get(doing, key);
      const ledger = row === undefined ? EMPTY_LEDGER : await unpackJson<SliceLedger>('ledger', row.values);
      const changed = rule(ledger ?? EMPTY_LEDGER);
      if (changed === undefined || changed === ledger) return changed;
      const values = await packJson('ledger', changed);
      const done =
        row === undefined ? await rows.create(doing, key, values) : await rows.replace(doing, key, values, row.etag);
      if (done) return changed;
    }
    throw new Error(`Could not ${doing}: other writers came first ${MAX_ATTEMPTS} times.`);
  }

  return {
    async takeLease(runId, sliceId, attempt, holder) {
      const doing = `take attempt ${attempt} at slice ${sliceId} of run ${runId}`;
      const ledger = await change(doing, runId, sliceId, (known) => withLease(known, attempt, holder));
      return ledger === undefined ? holder : (holderOf(ledger, attempt) ?? holder);
    },
    async takeOverLease(runId, sliceId, attempt, from, to) {
      const doing = `take over attempt ${attempt} at slice ${sliceId} of run ${runId}`;
      return (await change(doing, runId, sliceId, (known) => withTakeOver(known, attempt, from, to))) !== undefined;
    },
    async recordDuplicate(runId, sliceId, attempt, holder) {
      const doing = `record a duplicate of slice ${sliceId} of run ${runId}`;
      await change(doing, runId, sliceId, (known) => withDuplicate(known, attempt, holder));
    },
    async commitSlice(runId, marker) {
      const doing = `commit slice ${marker.sliceId} of run ${runId}`;
      await change(doing, runId, marker.sliceId, (known) => withMarker(known, marker));
    },
    async readLedger(runId, sliceId) {
      const row = await rows.get(`read the ledger of slice ${sliceId} of run ${runId}`, ledgerKey(runId, sliceId));
      return (row && (await unpackJson<SliceLedger>('ledger', row.values))) ?? EMPTY_LEDGER;
    },
  };
}
