/**
 * The process that runs the app's functions, as Azure's language worker does. It talks to the host over the IPC channel
 * that it was started with, and exits when the channel closes, so that no worker outlives a killed host.
 */
import { pathToFileURL } from 'node:url';
import { installCoreApi, invokeFunction, type LogSink, runAppHooks } from './programming-model.ts';
import type { FromWorker, Invocation, ThrownError, ToWorker } from './worker-protocol.ts';

const log: LogSink = (level, category, message, functionName) =>
  send({ kind: 'log', level, category, message, ...(functionName === undefined ? {} : { functionName }) });
const registry = installCoreApi(log);
let root = '';

process.on('disconnect', () => process.exit(0));
// Ctrl-C in a terminal reaches every process of the group. The parent decides when the worker ends.
process.on('SIGINT', () => undefined);
process.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'load':
      root = message.appRoot;
      load(message.entry).catch((error: unknown) => {
        // Throw it again as an uncaught error: only then does Node print the file and line of a syntax error.
        send({ kind: 'loadFailed', error: thrown(error) }, () =>
          setImmediate(() => {
            throw error;
          }),
        );
      });
      break;
    case 'invoke':
      void invoke(message.invocation);
      break;
    case 'terminate':
      runAppHooks(registry, 'appTerminate', root)
        .catch((error: unknown) => log('error', 'system', `An appTerminate hook failed: ${thrown(error).stack}`))
        .finally(() => send({ kind: 'terminated' }));
      break;
  }
});

async function load(entry: string): Promise<void> {
  await import(pathToFileURL(entry).href);
  await runAppHooks(registry, 'appStart', root);
  const capabilities = (await registry.model?.getCapabilities?.({})) ?? {};
  if (capabilities.HttpUri !== undefined) {
    throw new Error('The local host does not stream HTTP: remove enableHttpStream from app.setup().');
  }
  const functions = [...registry.functions.values()].map(({ metadata }) => metadata);
  // A JSON copy: the options may contain functions or class instances, which the channel cannot send.
  send({ kind: 'loaded', functions: JSON.parse(JSON.stringify(functions)) });
}

async function invoke(invocation: Invocation): Promise<void> {
  const { invocationId } = invocation;
  try {
    send({ kind: 'returned', invocationId, value: await invokeFunction(registry, invocation, log) });
  } catch (error) {
    send({ kind: 'threw', invocationId, error: thrown(error) });
  }
}

function thrown(error: unknown): ThrownError {
  if (error instanceof Error) return { message: error.message, stack: error.stack ?? String(error) };
  return { message: String(error), stack: '' };
}

function send(message: FromWorker, sent?: () => void): void {
  process.send?.(message, undefined, undefined, () => sent?.());
}
