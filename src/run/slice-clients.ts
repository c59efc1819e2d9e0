import type { Plan } from '../plan/plan-schema.ts';
import type { Share } from '../plan/slices.ts';
import type { Target } from '../plan/target-schema.ts';
import type { Recorder } from '../sample/recorder.ts';
import type { RunContext } from './run-context.ts';
import { openTargetClient, type TargetClient, type TargetClientOptions } from './target-client.ts';

/** The clients of the targets that some shares of a slice aim at, by target name. */
export type SliceClients = ReadonlyMap<string, TargetClient>;

/**
 * Makes the clients, their tokens at hand; each of their exchanges becomes a sample.
 * @param found what preflight found the targets to be
 * @throws when a secret is missing
 */
export async function openSliceClients(
  context: RunContext,
  plan: Plan,
  shares: readonly Share[],
  recorder: Recorder,
  found: readonly (NonNullable<TargetClientOptions['found']> & { readonly name: string })[],
): Promise<SliceClients> {
  const names = [...new Set(shares.map(({ scenario }) => scenario.target))];
  const clients = await Promise.all(
    names.map((name) => {
      const known = found.find((target) => target.name === name);
      return openTargetClient(context, {
        name,
        target: plan.targets[name] as Target,
        purpose: 'load',
        onExchange: (exchange) => recorder.add(exchange),
        operation: (operation) => recorder.operation(name, operation),
        ...(known === undefined ? {} : { found: known }),
      });
    }),
  );
  // Ahead of the load: no request is to wait for a token.
  await Promise.all(clients.map(({ authorizer }) => authorizer.prepare()));
  return new Map(clients.map((client) => [client.name, client]));
}

/** Access tokens that must be redacted from messages now. */
export function issuedTokens(clients: SliceClients): readonly string[] {
  return [...clients.values()].flatMap(({ authorizer }) => authorizer.secretValues);
}

/** Ends the load on all targets; what begins after it, but for a session's goodbye, is aborted at once. */
export function abortClients(clients: SliceClients, reason: string): void {
  for (const client of clients.values()) client.endLoad(reason);
}

/** Waits for the samples of all requests under way and closes all connections. */
export async function closeClients(clients: SliceClients): Promise<void> {
  await Promise.all([...clients.values()].map(({ connection }) => connection.close()));
}
