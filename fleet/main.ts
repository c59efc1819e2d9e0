import { type Fleet, startFleet } from './fleet.ts';
import { readCommandLine, usage } from './fleet-options.ts';
import { fleetSecrets, serverNames } from './servers.ts';

// A parent that is gone cannot stop its fleet any more. Registered first, because it may be gone before the fleet runs.
process.once('disconnect', () => process.exit());

// Started by startFleetProcess the parent hears of success and failure over IPC; in a terminal people read them.
try {
  const options = readCommandLine(process.argv.slice(2));
  if (options === null) console.log(usage);
  else {
    await rehearse();
    const fleet = await startFleet(options);
    const stop = () => void fleet.stop().then(() => process.exit(0));
    process.once('SIGINT', stop).once('SIGTERM', stop);
    if (process.send) process.send({ type: 'ready', servers: fleet.servers });
    else {
      console.log('Reference MCP fleet. Everything is made up, and loopback results measure the harness.\n');
      for (const name of serverNames) console.log(`  ${name.padEnd(9)} ${fleet.servers[name].url}`);
      console.log(`\n  tokens for ado: POST ${fleet.servers.ado.tokenUrl}`);
      console.log('  counts of each server: GET /stats beside /mcp. Stop with Ctrl+C.');
    }
  }
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  if (process.send) process.send({ type: 'failed', message }, () => process.disconnect());
  else console.error(message);
  process.exitCode = 1;
}

/** Enough for the engine to have compiled what a session runs through. */
const SESSIONS = 15;

/**
 * Runs short sessions through a fleet without latency, which is thrown away. A server's first requests are slow because
 * its code is new to the engine, and requests that wait meanwhile wait where the server cannot see it; hosted servers
 * have long been warm when somebody measures them.
 */
export async function rehearse(): Promise<void> {
  const fleet = await startFleet({ latencyScale: 0 });
  try {
    const headers = await credentials(fleet);
    for (let session = 0; session < SESSIONS; session++) {
      await Promise.all(serverNames.map((name) => runSession(fleet.servers[name].url, headers[name])));
    }
  } finally {
    await fleet.stop();
  }
}

async function credentials({ servers }: Fleet): Promise<Record<keyof Fleet['servers'], Record<string, string>>> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: fleetSecrets.adoClientId,
    client_secret: fleetSecrets.adoClientSecret,
  });
  const answer = await fetch(servers.ado.tokenUrl as string, { method: 'POST', body: form });
  const { access_token } = (await answer.json()) as { access_token: string };
  return {
    learn: {},
    github: { authorization: `Bearer ${fleetSecrets.githubToken}` },
    context7: {},
    ado: { authorization: `Bearer ${access_token}` },
  };
}

async function runSession(url: string, credential: Record<string, string>): Promise<void> {
  const accept = 'application/json, text/event-stream';
  let headers: Record<string, string> = { 'content-type': 'application/json', accept, ...credential };
  const post = async (message: object) => {
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ jsonrpc: '2.0', ...message }) });
    await answer.text();
    return answer;
  };
  const clientInfo = { name: 'rehearsal', version: '1' };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
  const session = (await post({ id: 1, method: 'initialize', params })).headers.get('mcp-session-id');
  headers = {
    ...headers,
    'mcp-protocol-version': '2025-11-25',
    ...(session === null ? {} : { 'mcp-session-id': session }),
  };
  await post({ method: 'notifications/initialized' });
  await post({ id: 2, method: 'tools/list', params: {} });
  await post({ id: 3, method: 'tools/call', params: { name: 'nothing', arguments: {} } });
  if (session !== null) await (await fetch(url, { method: 'DELETE', headers })).text();
}
