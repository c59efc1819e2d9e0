/** How long to leave a server alone before its stream is taken up again, where it has not said; as the official clients. */
const DEFAULT_RETRY_MS = 1000;
/** A server that says 0 is left alone at least this long. */
const MIN_RETRY_MS = 20;

/** @param asked milliseconds, as the server's `retry` field last said */
export function retryMs(asked: number | undefined): number {
  return Math.max(MIN_RETRY_MS, asked ?? DEFAULT_RETRY_MS);
}
