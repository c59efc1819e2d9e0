import { once } from 'node:events';
import { standardPorts } from '../fleet/servers.ts';
import { EXIT_CODE } from '../src/cli/command-context.ts';
import { interrupted } from './interrupted.ts';
import { secretSettings, startLocalStack } from './local-stack.ts';

// Host and fleet stay up for people who want to post plans themselves.
const port = Number(process.env.PORT ?? 7071);
const ending = interrupted();

try {
  const stack = await startLocalStack({
    port,
    fleetPorts: standardPorts,
    settings: { 'AzureWebJobs.canary-fleet.Disabled': 'false' },
    log: ({ level, message, functionName }) => {
      const from = functionName === undefined ? '' : `[${functionName}] `;
      process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${level.padEnd(5)} ${from}${message}\n`);
    },
  });
  process.stdout.write(`
mcp-surge is up at ${stack.host.url}/api, aimed at the reference fleet:
${Object.entries(stack.servers)
  .map(([name, { url }]) => `  ${name.padEnd(9)} ${url}`)
  .join('\n')}

Try, in another terminal:
  curl -i --data-binary @plans/demo.yaml ${stack.host.url}/api/runs
  curl ${stack.host.url}/api/runs

or the command line, with the secrets of the fleet:
${Object.entries(secretSettings)
  .map(([name, value]) => `  export ${name}=${value}`)
  .join('\n')}
  npm run mcp-surge -- run plans/demo.yaml

Ctrl-C stops everything.
`);
  if (!ending.aborted) await once(ending, 'abort');
  process.stdout.write('Stopping everything.\n');
  await stack.stop();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = EXIT_CODE.error;
}
