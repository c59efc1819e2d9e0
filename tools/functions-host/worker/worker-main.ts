/**
 * The process that runs the app's functions, as Azure's language worker does. It talks to the host over the IPC channel
 * that it was started with, and ends with it: a host that was killed leaves no worker behind.
 */
import { pathToFileURL } from 'node:url';
import {
  type AppRegistry,
  appHookContext,
  installCoreApi,
  invokeFunction,
  type LogSink,
  runHooks,
} from './programming-model.ts';
import type { FromWorker, Invocation, ThrownError, ToWorker } from './worker-protocol.ts';

function send(message: FromWorker, sent?: () => void): void {
  process.send?.(message, undefined, undefined, () => sent?.());
}

function thrown(error: unknown): ThrownError {
  if (error instanceof Error) return { message: error.message, stack: error.stack ?? String(error) };
  return { message: String(error), stack: '' };
}

const log: LogSink = (level, category, message, functionName) =>
  send({ kind: 'log', level, category, message, ...(functionName === undefined ? {} : { functionName }) });

async function load(registry: AppRegistry, appRoot: string, entry: string): Promise<void> {
  await import(pathToFileURL(entry).href);
  await runHooks(registry, 'appStart', appHookContext(appRoot));
  const capabilities = (await registry.model?.getCapabilities?.({})) ?? {};
  if (capabilities.HttpUri !== undefined) {
    throw new Error('The local host does not stream HTTP: remove enableHttpStream from app.setup().');
  }
  const functions = [...registry.functions.values()].map(({ metadata }) => metadata);
  // A copy as JSON: an app may keep functions or class instances in its options, which the channel would refuse.
  send({ kind: 'loaded', functions: JSON.parse(JSON.stringify(functions)) });
}

async function invoke(registry: AppRegistry, invocation: Invocation): Promise<void> {
  const { invocationId } = invocation;
  try {
    send({ kind: 'returned', invocationId, value: await invokeFunction(registry, invocation, log) });
  } catch (error) {
    send({ kind: 'threw', invocationId, error: thrown(error) });
  }
}

const registry = installCoreApi(log);
let root = '';

process.on('disconnect', () => process.exit(0));
// Ctrl-C in a terminal reaches every process of its group; when to end is for the parent to say.
process.on('SIGINT', () => undefined);
process.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'load':
      root = message.appRoot;
      load(registry, message.appRoot, message.entry).catch((error: unknown) => {
        // Thrown once more as uncaught: only so does Node say at which file and line a syntax error stands.
        send({ kind: 'loadFailed', error: thrown(error) }, () =>
          setImmediate(() => {
            throw error;
          }),
        );
      });
      break;
    case 'invoke':
      void invoke(registry, message.invocation);
      break;
    case 'terminate':
      runHooks(registry, 'appTerminate', appHookContext(root))
        .catch((error: unknown) => log('error', 'system', `An appTerminate hook failed: ${thrown(error).stack}`))
        .finally(() => send({ kind: 'terminated' }));
      break;
  }
});
