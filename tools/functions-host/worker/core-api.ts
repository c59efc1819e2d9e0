import Module from 'node:module';
import type { LogLevel } from '../log.ts';
import type { TypedData } from './typed-data.ts';
import type { RegisteredFunction } from './worker-protocol.ts';

export type HookName = 'preInvocation' | 'postInvocation' | 'appStart' | 'appTerminate' | 'log';
export type HookContext = Record<string, unknown>;
export type FunctionCallback = (...args: unknown[]) => unknown;
export type LogSink = (level: LogLevel, category: 'user' | 'system', message: string, functionName?: string) => void;

/** The part of @azure/functions that turns an invocation into a call of the handler and back. */
export interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], callback: FunctionCallback): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<{ returnValue?: TypedData | null }>;
}

export interface ProgrammingModel {
  getInvocationModel(coreContext: unknown): InvocationModel;
  getCapabilities?(capabilities: Record<string, string>): Promise<Record<string, string>>;
}

/** What an app registered while it was loaded. */
export interface AppRegistry {
  model: ProgrammingModel | undefined;
  readonly functions: Map<string, { readonly metadata: RegisteredFunction; readonly callback: FunctionCallback }>;
  readonly hooks: Map<HookName, Set<(context: HookContext) => unknown>>;
}

const hookNames: readonly HookName[] = ['preInvocation', 'postInvocation', 'appStart', 'appTerminate', 'log'];

/**
 * Makes `require('@azure/functions-core')` answer with this host's core API, the way the Node worker of Azure does,
 * and returns what the app registers through it. Must run before @azure/functions is first used: it caches the answer.
 */
export function installCoreApi(log: LogSink): AppRegistry {
  const registry: AppRegistry = {
    model: undefined,
    functions: new Map(),
    hooks: new Map(hookNames.map((name) => [name, new Set()])),
  };
  const coreApi = {
    version: '3.9.1',
    hostVersion: '4.1037.0',
    setProgrammingModel: (model: ProgrammingModel) => {
      registry.model = model;
    },
    getProgrammingModel: () => registry.model,
    registerFunction: (metadata: RegisteredFunction, callback: FunctionCallback) => {
      if (registry.functions.has(metadata.name)) {
        throw new Error(`A function named "${metadata.name}" is registered twice. Give one of them another name.`);
      }
      registry.functions.set(metadata.name, { metadata, callback });
      return new Disposable(() => registry.functions.delete(metadata.name));
    },
    registerHook: (name: HookName, callback: (context: HookContext) => unknown) => {
      const callbacks = registry.hooks.get(name);
      if (callbacks === undefined) {
        throw new RangeError(`There is no hook named "${name}". Hooks are ${hookNames.join(', ')}.`);
      }
      callbacks.add(callback);
      return new Disposable(() => callbacks.delete(callback));
    },
    log: (level: LogLevel, category: 'user' | 'system', message: string) => log(level, category, message),
    Disposable,
  };
  const requireBefore = Module.prototype.require;
  Module.prototype.require = function (this: NodeJS.Module, id: string) {
    return id === '@azure/functions-core' ? coreApi : requireBefore.call(this, id);
  } as typeof requireBefore;
  return registry;
}

class Disposable {
  readonly #dispose: () => unknown;

  constructor(dispose: () => unknown) {
    this.#dispose = dispose;
  }

  dispose(): void {
    this.#dispose();
  }
}
