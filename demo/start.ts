import { once } from 'node:events';
import { standardPorts } from '../fleet/servers.ts';
import { EXIT_CODE } from '../src/cli/command-context.ts';
import { secretSettings, startLocalStack } from './local-stack.ts';
import { interruption, print, serverLines } from './terminal.ts';

// Keeps the app and the fleet running, so that users can start runs themselves.
const port = Number(process.env.PORT ?? 7071);
const interrupted = interruption();

print('Starting the reference servers, and the app in a local Functions host ...');
try {
  const stack = await startLocalStack({
    port,
    fleetPorts: standardPorts,
    // Users must be able to run a plan while the canary checks the same servers.
    settings: { 'AzureWebJobs.canary-fleet.Disabled': 'false', SURGE_ALLOW_SHARED_TARGETS: 'true' },
    log: ({ level, message, functionName }) => {
      const from = functionName === undefined ? '' : `[${functionName}] `;
      print(`${new Date().toISOString().slice(11, 19)} ${level.padEnd(11)} ${from}${message}`);
    },
  });
  print(`
mcp-surge is ready. Its API: ${stack.host.url}/api
The reference servers, which the shipped plans load:
${serverLines(stack.servers)}

Start a run from another terminal, and list the runs:
  curl -i --data-binary @plans/demo.yaml ${stack.host.url}/api/runs
  curl ${stack.host.url}/api/runs

Or run a plan from the command line. The variables are the servers' secrets:
${Object.entries(secretSettings)
  .map(([name, value]) => `  export ${name}=${value}`)
  .join('\n')}
  npm run mcp-surge -- run plans/demo.yaml

Press Ctrl-C to stop.
`);
  if (!interrupted.aborted) await once(interrupted, 'abort');
  print('\nStopping the servers and the host.');
  await stack.stop();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = EXIT_CODE.error;
}
