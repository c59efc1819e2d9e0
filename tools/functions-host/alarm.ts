/** What setTimeout can wait; longer times are waited in pieces. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

/** Calls `ring` once at `atMs` (Unix milliseconds) or just after, never before. Returns what cancels it. */
export function setAlarm(atMs: number, ring: () => void): () => void {
  let handle: NodeJS.Timeout;
  const wait = (): void => {
    const leftMs = Math.min(Math.max(atMs - Date.now(), 0), LONGEST_WAIT_MS);
    handle = setTimeout(() => (Date.now() < atMs ? wait() : ring()), leftMs);
  };
  wait();
  return () => clearTimeout(handle);
}
