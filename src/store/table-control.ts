import type { RunStore } from './run-store.ts';
import { killSwitchKey, targetKey } from './table-keys.ts';
import type { TableRows } from './table-rows.ts';

/** A target has very few runs at the same moment; losing this many races means that something else is wrong. */
const MAX_TRIES = 50;

type ControlMethods = 'holdTarget' | 'readKillSwitch' | 'writeKillSwitch';

/**
 * Rows that are about all runs together. The kill switch is one row, which exists while the switch is on. A target that a
 * run has loaded has one row with this run's id, which is changed only in the state in which it was read.
 */
export function tableControl(rows: TableRows): Pick<RunStore, ControlMethods> {
  return {
    async holdTarget(origin, runId, givesWay) {
      const doing = `give target ${origin} to run ${runId}`;
      const key = targetKey(origin);
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const row = await rows.get(doing, key);
        const holder = row === undefined ? undefined : String(row.values.runId);
        if (holder === runId) return holder;
        if (holder !== undefined && !(await givesWay(holder))) return holder;
        const values = { origin, runId };
        // If its response was lost, the next try reads what this one has written.
        if (row === undefined) await rows.create(doing, key, values);
        else await rows.replace(doing, key, values, row.etag);
      }
      throw new Error(`Could not ${doing}: other runs were faster ${MAX_TRIES} times.`);
    },

    async readKillSwitch() {
      const row = await rows.get('read the kill switch', killSwitchKey);
      return row === undefined ? undefined : { by: String(row.values.by), at: String(row.values.at) };
    },

    async writeKillSwitch(stop) {
      if (stop === undefined) await rows.remove('turn the kill switch off', killSwitchKey);
      else await rows.put('turn the kill switch on', killSwitchKey, { by: stop.by, at: stop.at });
    },
  };
}
