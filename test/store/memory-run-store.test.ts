import { memoryRunStore } from '../../src/store/memory-run-store.ts';
import { runStoreContract } from './run-store-contract.ts';

runStoreContract('memory', async () => memoryRunStore());
