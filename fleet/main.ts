import { readCommandLine, usage } from './command-line.ts';
import { startFleet } from './fleet.ts';
import { rehearse } from './rehearse.ts';
import { serverNames } from './server-name.ts';

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
