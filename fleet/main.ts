import { type Fleet, startFleet } from './fleet.ts';
import { readFlags, usage } from './fleet-options.ts';
import { fleetSecrets, serverNames } from './servers.ts';

/** Sessions of the warm-up. After this many, the engine has compiled the code that a session uses. */
const WARM_UP_SESSIONS = 15;

// Without its parent, nothing would stop this process. The handler comes first: the parent may die during the start.
process.once('disconnect', () => process.exit());

// A child of startFleetProcess reports success and failure over IPC. Otherwise the output is for a terminal.
try {
  const options = readFlags(process.argv.slice(2));
  if (options === null) console.log(usage);
  else {
    await warmUp();
    const fleet = await startFleet(options);
    const stop = () => void fleet.stop().then(() => process.exit(0));
    process.once('SIGINT', stop).once('SIGTERM', stop);
    if (process.send) process.send({ type: 'ready', servers: fleet.servers });
    else printAddresses(fleet);
  }
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  if (process.send) process.send({ type: 'failed', message }, () => process.disconnect());
  else console.error(message);
  process.exitCode = 1;
}

function printAddresses({ servers }: Fleet): void {
  console.log('Reference MCP servers, modelled on measurements of four hosted servers. Their content is made up.');
  console.log('Results on loopback describe the load generator and this computer, not the hosted servers.\n');
  for (const name of serverNames) console.log(`  ${name.padEnd(9)} ${servers[name].url}`);
  console.log(`\n  Tokens for ado: POST ${servers.ado.tokenUrl}`);
  console.log("  Each server's own counts: GET /stats on the same port");
  console.log('\nPress Ctrl-C to stop.');
}

/**
 * Runs short sessions against a second fleet without latency, and stops that fleet again. The first requests of a
 * process are slow, because its code is not compiled yet, and a server's own counts do not include the time that a
 * request waits for this. Hosted servers are warm when they are measured.
 */
async function warmUp(): Promise<void> {
  const fleet = await startFleet({ latencyScale: 0 });
  try {
    const headers = await fetchCredentials(fleet);
    for (let session = 0; session < WARM_UP_SESSIONS; session++) {
      await Promise.all(serverNames.map((name) => runSession(fleet.servers[name].url, headers[name])));
    }
  } finally {
    await fleet.stop();
  }
}

async function fetchCredentials({ servers }: Fleet): Promise<Record<keyof Fleet['servers'], Record<string, string>>> {
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

async function runSession(url: string, credentials: Record<string, string>): Promise<void> {
  const accept = 'application/json, text/event-stream';
  let headers: Record<string, string> = { 'content-type': 'application/json', accept, ...credentials };
  const post = async (message: object) => {
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ jsonrpc: '2.0', ...message }) });
    await answer.text();
    return answer;
  };
  const clientInfo = { name: 'warm-up', version: '1' };
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
