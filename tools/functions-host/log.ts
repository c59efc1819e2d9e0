export type LogLevel = 'trace' | 'debug' | 'information' | 'warning' | 'error' | 'critical' | 'none';

/**
 * One line of the host's log. `category` follows the Functions host: `Host.*` for the host's own lines,
 * `Function.NAME` for a function's fate, `Function.NAME.User` for what its code logged.
 */
export type LogLine = {
  readonly level: LogLevel;
  readonly category: string;
  readonly message: string;
  readonly functionName?: string;
};

export type Log = (line: LogLine) => void;
