/** How often the parent is looked for. */
const PARENT_INTERVAL_MS = 500;

/**
 * A signal that aborts when this command is asked to end: by Ctrl-C, by SIGTERM or SIGHUP, or by the death of its
 * parent, because the shell between npm and a script does not pass signals on.
 */
export function interrupted(): AbortSignal {
  const controller = new AbortController();
  const end = () => controller.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid !== parent) end();
  }, PARENT_INTERVAL_MS);
  watch.unref();
  return controller.signal;
}
