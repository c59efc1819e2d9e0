export type LogLevel = 'trace' | 'debug' | 'information' | 'warning' | 'error' | 'critical' | 'none';

/**
 * One line of the host's log. `category` follows the Functions host: `Host.*` for the host's own lines,
 * `Function.NAME` for the result of a function, `Function.NAME.User` for what its code logged.
 */
export type LogLine = {
  readonly level: LogLevel;
  readonly category: string;
  readonly message: string;
  readonly functionName?: string;
};

export type Log = (line: LogLine) => void;

/** The message of a thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The stack of a thrown error, which starts with its message; the text of any other value. */
export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? String(error)) : String(error);
}
