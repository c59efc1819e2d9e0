import Module from 'node:module';
import type { LogLevel } from '../log.ts';
import type { Invocation, RegisteredFunction, ReturnedValue, TypedData } from './worker-protocol.ts';

/** What an app registered while it was loaded. */
type AppRegistry = {
  model: ProgrammingModel | undefined;
  readonly functions: Map<string, { readonly metadata: RegisteredFunction; readonly callback: FunctionCallback }>;
  readonly hooks: Map<HookName, Set<(context: HookContext) => unknown>>;
};

export type LogSink = (level: LogLevel, category: 'user' | 'system', message: string, functionName?: string) => void;

/** The port to @azure/functions, which registers an object of this type with the core API. */
type ProgrammingModel = {
  getInvocationModel(coreContext: unknown): InvocationModel;
  getCapabilities?(capabilities: Record<string, string>): Promise<Record<string, string>>;
};

/** Turns an invocation into a call of the handler, and its result into a value of the protocol. */
type InvocationModel = {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], callback: FunctionCallback): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<{ returnValue?: TypedData | null }>;
};

type HookName = 'preInvocation' | 'postInvocation' | 'appStart' | 'appTerminate' | 'log';
type HookContext = Record<string, unknown>;
type FunctionCallback = (...args: unknown[]) => unknown;

const hookNames: readonly HookName[] = ['preInvocation', 'postInvocation', 'appStart', 'appTerminate', 'log'];
/** Values that an app's hooks share as long as the app runs. */
const appHookData: Record<string, unknown> = {};

/**
 * Makes `require('@azure/functions-core')` return this host's core API, as the Node worker of Azure does. Returns what
 * the app registers through it. Must run before @azure/functions is first used, because that caches the API.
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
  const originalRequire = Module.prototype.require;
  Module.prototype.require = function (this: NodeJS.Module, id: string) {
    return id === '@azure/functions-core' ? coreApi : originalRequire.call(this, id);
  } as typeof originalRequire;
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

/** Runs the app's `appStart` or `appTerminate` hooks, one after the other. */
export async function runAppHooks(
  registry: AppRegistry,
  name: 'appStart' | 'appTerminate',
  functionAppDirectory: string,
): Promise<void> {
  await runHooks(registry, name, { hookData: {}, appHookData, functionAppDirectory });
}

async function runHooks(registry: AppRegistry, name: HookName, context: HookContext): Promise<void> {
  for (const hook of registry.hooks.get(name) ?? []) await hook(context);
}

/**
 * Runs one invocation through the programming model of @azure/functions, with its hooks, in the order of the Node
 * worker. Throws what the handler threw.
 */
export async function invokeFunction(
  registry: AppRegistry,
  invocation: Invocation,
  log: LogSink,
): Promise<ReturnedValue> {
  const registered = registry.functions.get(invocation.functionName);
  if (registered === undefined || registry.model === undefined) {
    throw new Error(`The app has no function named "${invocation.functionName}".`);
  }
  const hookData = {};
  let invocationContext: unknown;
  const coreContext = {
    invocationId: invocation.invocationId,
    request: invocation,
    metadata: registered.metadata,
    state: undefined as string | undefined,
    log: (level: LogLevel, category: 'user' | 'system', message: string) => {
      const line: HookContext = { hookData, appHookData, level, category, message, invocationContext };
      for (const hook of registry.hooks.get('log') ?? []) hook(line);
      log(line.level as LogLevel, category, line.message as string, invocation.functionName);
    },
  };
  const model = registry.model.getInvocationModel(coreContext);
  const { context, inputs } = await model.getArguments();
  invocationContext = context;

  coreContext.state = 'preInvocationHooks';
  const before = { hookData, appHookData, functionCallback: registered.callback, inputs, invocationContext };
  await runHooks(registry, 'preInvocation', before);

  coreContext.state = 'invocation';
  const after: HookContext & { result: unknown; error: unknown } = {
    hookData,
    appHookData,
    inputs: before.inputs,
    invocationContext,
    result: null,
    error: null,
  };
  try {
    after.result = await model.invokeFunction(context, before.inputs, before.functionCallback);
  } catch (error) {
    after.error = error ?? new Error('The handler threw nothing (null or undefined).');
  }
  coreContext.state = 'postInvocationHooks';
  await runHooks(registry, 'postInvocation', after);
  if (after.error !== null) throw after.error;
  return (await model.getResponse(context, after.result)).returnValue;
}
