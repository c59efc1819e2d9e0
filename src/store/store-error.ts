import { RestError } from '@azure/data-tables';

/** What usually helps, by the service's error code or status. */
const WAYS_OUT: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'is the storage service, or Azurite on a laptop, running?',
  ENOTFOUND: "is the storage account's name right?",
  403: "does the app's identity have the role Storage Table Data Contributor, or the connection string the right key?",
  401: "does the app's identity have the role Storage Table Data Contributor, or the connection string the right key?",
  413: 'the row is too large for one entity.',
  EntityTooLarge: 'the row is too large for one entity.',
};

/**
 * A call to Table Storage that failed for good, after the client's own retries. It names what was being done and the
 * answer, and carries neither the request nor the cause: those hold URLs with signatures and authorization headers.
 */
export class StoreError extends Error {
  /** HTTP status, when there was an answer. */
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

/** Turns whatever the client threw into a StoreError. */
export function storeErrorOf(doing: string, error: unknown, timeoutMs: number): StoreError {
  if (error instanceof Error && error.name === 'AbortError') {
    return new StoreError(doing, `Table Storage gave no answer within ${timeoutMs / 1000} s.`);
  }
  if (!(error instanceof RestError)) {
    // Without the query of a URL, which may hold a signature.
    const reason = String(error).replaceAll(/\?\S+/g, '?…').slice(0, 300);
    return new StoreError(doing, `the client failed with ${reason}`);
  }
  const { code = error.code, message } = serviceAnswer(error);
  const { statusCode } = error;
  const problem =
    statusCode === undefined
      ? `Table Storage could not be reached (${code ?? 'no code'})`
      : `Table Storage answered ${[statusCode, code, message].filter(Boolean).join(' ')}`;
  const wayOut = WAYS_OUT[code ?? ''] ?? WAYS_OUT[statusCode ?? ''];
  return new StoreError(doing, wayOut === undefined ? problem : `${problem}: ${wayOut}`, {
    ...(statusCode === undefined ? {} : { statusCode }),
    ...(code === undefined ? {} : { code }),
  });
}

/** The code in the service's answer, e.g. `EntityAlreadyExists`, and the first line of its message, where given. */
export function serviceAnswer(error: RestError): { readonly code?: string; readonly message?: string } {
  const { odataError } = (error.details ?? {}) as { odataError?: { code?: unknown; message?: { value?: unknown } } };
  const code = odataError?.code;
  const message = odataError?.message?.value;
  return {
    ...(typeof code === 'string' && code !== '' ? { code } : {}),
    ...(typeof message === 'string' ? { message: `(${message.split('\n')[0]?.slice(0, 200)})` } : {}),
  };
}
