import { RestError } from '@azure/data-tables';

/**
 * A call to Table Storage that failed after the client's own retries. The message says what could not be done and what
 * the service answered. Neither the request nor the cause is kept: they hold signed URLs and authorization headers.
 */
export class StoreError extends Error {
  /** The HTTP status; undefined without an answer. */
  readonly statusCode: number | undefined;
  /** The service's error code (`ServerBusy`) or the system's (`ECONNREFUSED`). */
  readonly code: string | undefined;

  constructor(doing: string, problem: string, answer: { readonly statusCode?: number; readonly code?: string } = {}) {
    super(`Could not ${doing}: ${problem}`);
    this.name = 'StoreError';
    this.statusCode = answer.statusCode;
    this.code = answer.code;
  }
}

const ACCESS_HINT =
  "does the app's identity have the role Storage Table Data Contributor, or the connection string the right key?";
const SIZE_HINT = 'the row is too large for one entity.';

/** What to check first, by the service's error code, the system's, or the HTTP status. */
const HINTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'is the storage service, or Azurite on a laptop, running?',
  ENOTFOUND: "is the storage account's name right?",
  401: ACCESS_HINT,
  403: ACCESS_HINT,
  413: SIZE_HINT,
  EntityTooLarge: SIZE_HINT,
};

/** Turns whatever the client threw into a StoreError. */
export function storeErrorFrom(doing: string, error: unknown, timeoutMs: number): StoreError {
  if (error instanceof Error && error.name === 'AbortError') {
    return new StoreError(doing, `Table Storage did not answer within ${timeoutMs / 1000} s.`);
  }
  if (!(error instanceof RestError)) {
    // Without the query of a URL, which may hold a signature.
    const reason = String(error).replaceAll(/\?\S+/g, '?…').slice(0, 300);
    return new StoreError(doing, `the client failed with ${reason}`);
  }
  const { code = error.code, message } = serviceError(error);
  const { statusCode } = error;
  const problem =
    statusCode === undefined
      ? `Table Storage could not be reached (${code ?? 'no code'})`
      : `Table Storage answered ${[statusCode, code, message].filter(Boolean).join(' ')}`;
  const hint = HINTS[code ?? ''] ?? HINTS[statusCode ?? ''];
  return new StoreError(doing, hint === undefined ? problem : `${problem}: ${hint}`, {
    ...(statusCode === undefined ? {} : { statusCode }),
    ...(code === undefined ? {} : { code }),
  });
}

/** The error code of the service's answer, such as `EntityAlreadyExists`, and its message's first line in parentheses. */
export function serviceError(error: RestError): { readonly code?: string; readonly message?: string } {
  const { odataError } = (error.details ?? {}) as { odataError?: { code?: unknown; message?: { value?: unknown } } };
  const code = odataError?.code;
  const message = odataError?.message?.value;
  return {
    ...(typeof code === 'string' && code !== '' ? { code } : {}),
    ...(typeof message === 'string' ? { message: `(${message.split('\n')[0]?.slice(0, 200)})` } : {}),
  };
}
