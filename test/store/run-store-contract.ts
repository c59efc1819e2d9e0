import type { RunStore } from '../../src/store/run-store.ts';
import { attemptsContract } from './attempts-contract.ts';
import { blocksContract } from './blocks-contract.ts';
import { documentsContract } from './documents-contract.ts';
import { progressContract } from './progress-contract.ts';
import { removalContract } from './removal-contract.ts';
import { runsContract } from './runs-contract.ts';

/** What every run store must do, whatever it stores its data in; `open` returns an empty store. */
export function runStoreContract(title: string, open: () => Promise<RunStore>): void {
  const contracts = [
    runsContract,
    documentsContract,
    attemptsContract,
    blocksContract,
    progressContract,
    removalContract,
  ];
  for (const contract of contracts) contract(title, open);
}
