import type { LogLevel } from '../log.ts';

/**
 * The messages between the host and a worker over the IPC channel, and the values that they carry. The values have the
 * shapes that @azure/functions takes and returns.
 */
export type ToWorker =
  | { readonly kind: 'load'; readonly appRoot: string; readonly entry: string }
  | { readonly kind: 'invoke'; readonly invocation: Invocation }
  | { readonly kind: 'terminate' };

export type FromWorker =
  | { readonly kind: 'loaded'; readonly functions: readonly RegisteredFunction[] }
  | { readonly kind: 'loadFailed'; readonly error: ThrownError }
  | { readonly kind: 'returned'; readonly invocationId: string; readonly value: ReturnedValue }
  | { readonly kind: 'threw'; readonly invocationId: string; readonly error: ThrownError }
  | { readonly kind: 'terminated' }
  | {
      readonly kind: 'log';
      readonly level: LogLevel;
      readonly category: 'user' | 'system';
      readonly message: string;
      readonly functionName?: string;
    };

export type Invocation = {
  readonly invocationId: string;
  readonly functionName: string;
  readonly inputData: readonly { readonly name: string; readonly data: TypedData }[];
  readonly triggerMetadata: Readonly<Record<string, TypedData>>;
};

export type InvocationOutcome =
  | { readonly ok: true; readonly value: ReturnedValue }
  | { readonly ok: false; readonly failure: InvocationFailure };

/** Why an invocation has no result. */
export type InvocationFailure =
  | { readonly kind: 'threw'; readonly error: ThrownError }
  | { readonly kind: 'workerExited'; readonly exitCode: number; readonly pid: number }
  /** It came in the moments after a worker's exit in which the host has no worker and does not wait for one either. */
  | { readonly kind: 'noWorker' }
  | { readonly kind: 'timedOut'; readonly functionName: string; readonly timeout: string };

export type ThrownError = {
  readonly message: string;
  readonly stack: string;
};

export type RegisteredFunction = {
  readonly name: string;
  readonly bindings: Readonly<Record<string, RegisteredBinding>>;
};

/** A binding as @azure/functions registers it; further members depend on `type`. */
export type RegisteredBinding = {
  readonly type: string;
  readonly direction: 'in' | 'out';
  readonly [option: string]: unknown;
};

/** What a function returned; undefined or null for nothing. */
export type ReturnedValue = TypedData | null | undefined;

/** A value of the worker protocol: exactly one of the members is set. */
export type TypedData = {
  readonly string?: string;
  readonly json?: string;
  readonly bytes?: Uint8Array;
  readonly int?: number;
  readonly double?: number;
  readonly http?: HttpData;
};

export type HttpData = {
  readonly method?: string;
  readonly url?: string;
  readonly statusCode?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly params?: Readonly<Record<string, string>>;
  readonly body?: TypedData | null;
  readonly cookies?: readonly HttpCookie[];
};

export type HttpCookie = {
  readonly name: string;
  readonly value: string;
  readonly domain?: { readonly value: string };
  readonly path?: { readonly value: string };
  readonly expires?: { readonly value: { readonly seconds: number } };
  readonly secure?: { readonly value: boolean };
  readonly httpOnly?: { readonly value: boolean };
  readonly sameSite?: 'none' | 'lax' | 'strict' | 'explicitNone';
  readonly maxAge?: { readonly value: number };
};

/** The message for a failure, worded as the Functions host words it. */
export function failureMessage(failure: InvocationFailure): string {
  switch (failure.kind) {
    case 'threw':
      return failure.error.message;
    case 'workerExited':
      return `node exited with code ${failure.exitCode} (0x${failure.exitCode.toString(16).toUpperCase()})`;
    case 'noWorker':
      return 'Did not find any initialized language workers';
    case 'timedOut':
      return `Timeout value of ${failure.timeout} was exceeded by function: Functions.${failure.functionName}`;
  }
}
