/** Thrown when a run is to be changed that was never stored. */
export class UnknownRunError extends Error {
  constructor(runId: string) {
    super(`Run ${runId} is not in the store: check the id, and that the run was created in this storage account.`);
    this.name = 'UnknownRunError';
  }
}
