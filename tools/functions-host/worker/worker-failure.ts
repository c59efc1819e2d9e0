import type { ThrownError } from './worker-protocol.ts';

/** Why an invocation has no result. */
export type InvocationFailure =
  | { readonly kind: 'threw'; readonly error: ThrownError }
  | { readonly kind: 'workerExited'; readonly exitCode: number; readonly pid: number }
  | { readonly kind: 'timedOut'; readonly functionName: string; readonly timeout: string };

/** The sentence that the Functions host uses for a failure. */
export function failureMessage(failure: InvocationFailure): string {
  switch (failure.kind) {
    case 'threw':
      return failure.error.message;
    case 'workerExited':
      return `node exited with code ${failure.exitCode} (0x${failure.exitCode.toString(16).toUpperCase()})`;
    case 'timedOut':
      return `Timeout value of ${failure.timeout} was exceeded by function: Functions.${failure.functionName}`;
  }
}
