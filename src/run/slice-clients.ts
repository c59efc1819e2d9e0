import type { Plan } from '../plan/plan-schema.ts';
import type { Share } from '../plan/slices.ts';
import type { Target } from '../plan/target-schema.ts';
import type { Recorder } from '../sample/recorder.ts';
import type { RunContext } from './run-context.ts';
import { openTargetClient, type TargetClient } from './target-client.ts';

/** The clients of the targets that some shares of a slice aim at, by target name. */
export type SliceClients = ReadonlyMap<string, TargetClient>;

/** Makes the clients; each of their exchanges becomes a sample. @throws when a secret is missing */
export async function openSliceClients(
  context: RunContext,
  plan: Plan,
  shares: readonly Share[],
  recorder: Recorder,
): Promise<SliceClients> {
  const names = [...new Set(shares.map(({ scenario }) => scenario.target))];
  const clients = await Promise.all(
    names.map((name) =>
      openTargetClient(context, {
        name,
        target: plan.targets[name] as Target,
        purpose: 'load',
        onExchange: (exchange) => recorder.add(exchange),
        operation: (operation) => recorder.operation(name, operation),
      }),
    ),
  );
  return new Map(clients.map((client) => [client.name, client]));
}

/** Access tokens that must be redacted from messages now. */
export function issuedTokens(clients: SliceClients): readonly string[] {
  return [...clients.values()].flatMap(({ authorizer }) => authorizer.secretValues);
}

export function abortClients(clients: SliceClients, reason: string): void {
  for (const { connection } of clients.values()) connection.abortAll(reason);
}

/** Waits for the samples of all requests under way and closes all connections. */
export async function closeClients(clients: SliceClients): Promise<void> {
  await Promise.all([...clients.values()].map(({ connection }) => connection.close()));
}
