import type { RunStore } from '../../src/store/run-store.ts';
import { ledgerContract } from './attempts-contract.ts';
import { blocksContract } from './blocks-contract.ts';
import { documentsContract } from './documents-contract.ts';
import { progressContract } from './progress-contract.ts';
import { runsContract } from './runs-contract.ts';

/** What every run store must do, whatever it keeps its data in; `open` gives an empty one. */
export function runStoreContract(title: string, open: () => Promise<RunStore>): void {
  for (const contract of [runsContract, documentsContract, ledgerContract, blocksContract, progressContract]) {
    contract(title, open);
  }
}
