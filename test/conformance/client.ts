import { SCENARIO_PLANS } from './scenario-plans.ts';

// The client that the conformance suite starts, one process for each scenario, with the server's URL as last argument.
// What it prints is kept with the results.

/** Less than the suite gives it, so that a client that hangs still says where it was. */
const LIFE_MS = 45_000;

const { MCP_CONFORMANCE_SCENARIO: name = '', MCP_CONFORMANCE_PROTOCOL_VERSION: revision = '' } = process.env;
const samples: string[] = [];
const plan = SCENARIO_PLANS[name];
setTimeout(end, LIFE_MS, `gave up after ${LIFE_MS} ms`).unref();
process.once('SIGTERM', () => end('was told to end'));
end(plan === undefined ? 'takes no part' : await play());

async function play(): Promise<string> {
  try {
    // A client that takes no part need not load all this.
    const { playScenario } = await import('./play-scenario.ts');
    const { readScenarioContext } = await import('./scenario-context.ts');
    const context = readScenarioContext(process.env.MCP_CONFORMANCE_CONTEXT);
    const url = process.argv.at(-1) as string;
    await playScenario(plan as NonNullable<typeof plan>, { url, revision, context, log: (line) => samples.push(line) });
    return 'done';
  } catch (error) {
    return String(error);
  }
}

function end(ended: string): void {
  process.stdout.write(`${JSON.stringify({ revision, samples, ended }, undefined, 2)}\n`, () =>
    process.exit(ended === 'done' ? 0 : 1),
  );
}
