import type { LogLevel } from '../log.ts';
import type { AppRegistry, HookContext, HookName, LogSink } from './core-api.ts';
import type { TypedData } from './typed-data.ts';
import type { Invocation } from './worker-protocol.ts';

/** Values that an app's hooks share with each other for as long as the app runs. */
const appHookData: Record<string, unknown> = {};

export async function runHooks(registry: AppRegistry, name: HookName, context: HookContext): Promise<void> {
  for (const hook of registry.hooks.get(name) ?? []) {
    await hook(context);
  }
}

export function appHookContext(functionAppDirectory: string): HookContext {
  return { hookData: {}, appHookData, functionAppDirectory };
}

/**
 * Runs one invocation through the programming model of @azure/functions, hooks included, in the order of the Node
 * worker. Throws what the handler threw.
 */
export async function invokeFunction(
  registry: AppRegistry,
  invocation: Invocation,
  log: LogSink,
): Promise<TypedData | null | undefined> {
  const registered = registry.functions.get(invocation.functionName);
  if (registered === undefined || registry.model === undefined) {
    throw new Error(`The app has no function named "${invocation.functionName}".`);
  }
  const coreContext = {
    invocationId: invocation.invocationId,
    request: invocation,
    metadata: registered.metadata,
    state: undefined as string | undefined,
    log: (level: LogLevel, category: 'user' | 'system', message: string) => {
      const line: HookContext = { hookData, appHookData, level, category, message, invocationContext };
      for (const hook of registry.hooks.get('log') ?? []) {
        hook(line);
      }
      log(line.level as LogLevel, category, line.message as string, invocation.functionName);
    },
  };
  const hookData = {};
  let invocationContext: unknown;
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
  if (after.error !== null) {
    throw after.error;
  }
  return (await model.getResponse(context, after.result)).returnValue;
}
