import type { LogLevel } from '../log.ts';
import type { TypedData } from './typed-data.ts';

/** A binding as @azure/functions registers it; the members beyond these depend on `type`. */
export interface RegisteredBinding {
  readonly type: string;
  readonly direction: 'in' | 'out';
  readonly [option: string]: unknown;
}

export interface RegisteredFunction {
  readonly name: string;
  readonly bindings: Readonly<Record<string, RegisteredBinding>>;
}

export interface Invocation {
  readonly invocationId: string;
  readonly functionName: string;
  readonly inputData: readonly { readonly name: string; readonly data: TypedData }[];
  readonly triggerMetadata: Readonly<Record<string, TypedData>>;
}

export interface ThrownError {
  readonly message: string;
  readonly stack: string;
}

export type ToWorker =
  | { readonly kind: 'load'; readonly appRoot: string; readonly entry: string }
  | { readonly kind: 'invoke'; readonly invocation: Invocation }
  | { readonly kind: 'terminate' };

export type FromWorker =
  | { readonly kind: 'loaded'; readonly functions: readonly RegisteredFunction[] }
  | { readonly kind: 'loadFailed'; readonly error: ThrownError }
  | { readonly kind: 'returned'; readonly invocationId: string; readonly value: TypedData | null | undefined }
  | { readonly kind: 'threw'; readonly invocationId: string; readonly error: ThrownError }
  | { readonly kind: 'terminated' }
  | {
      readonly kind: 'log';
      readonly level: LogLevel;
      readonly category: 'user' | 'system';
      readonly message: string;
      readonly functionName?: string;
    };
