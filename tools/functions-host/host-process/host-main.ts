/**
 * The program of a host in a process of its own. It takes its options and questions over the IPC channel that it was
 * started with, and exits when the channel closes, so that it does not outlive a killed parent.
 */
import type { FunctionsHost } from '../functions-host.ts';
import { messageOf } from '../log.ts';
import { superviseFunctionsHost } from '../supervised-host.ts';
import { signalIfRunning } from '../worker/worker-process.ts';
import type { FromHost, Questions, SentOptions, ToHost } from './host-protocol.ts';

let host: FunctionsHost | undefined;

process.on('disconnect', () => {
  // A worker that is frozen does not see that the host ends.
  for (const pid of host?.workerPids() ?? []) signalIfRunning(pid, 'SIGKILL');
  process.exit(0);
});
// Ctrl-C in a terminal reaches every process of the group. The parent decides when this one ends.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => void stopAndExit());
process.on('message', (message: ToHost) => {
  if (message.kind === 'start') void start(message.options);
  else void answer(message);
});

async function start(options: SentOptions): Promise<void> {
  try {
    host = await superviseFunctionsHost({ ...options, log: (line) => send({ kind: 'log', line }) });
    send({ kind: 'started', port: host.port });
    await host.ended;
    process.exit(0);
  } catch (error) {
    send({ kind: 'failed', message: messageOf(error) });
  }
}

async function stopAndExit(): Promise<void> {
  await host?.stop();
  process.exit(0);
}

function questionsTo({ durable, workerPids, freezeWorker, thawWorker }: FunctionsHost): Questions {
  const { status, history, instances } = durable;
  return { workerPids, freezeWorker, thawWorker, rpcBaseUrl: () => durable.rpcBaseUrl, status, history, instances };
}

async function answer({ number, question, args }: Extract<ToHost, { kind: 'ask' }>): Promise<void> {
  try {
    if (host === undefined) throw new Error('The host has not started.');
    const ask = questionsTo(host)[question] as (...given: readonly unknown[]) => unknown;
    send({ kind: 'answer', number, value: await ask(...args) });
  } catch (error) {
    send({ kind: 'answer', number, error: messageOf(error) });
  }
}

function send(message: FromHost): void {
  process.send?.(message, undefined, undefined, () => undefined);
}
