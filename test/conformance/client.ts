import { SCENARIO_PLANS } from './scenario-plans.ts';

// The client that the conformance suite starts, one process for each scenario. The last argument is the server's URL.
// Its output is kept with the results.

/** Shorter than the suite's limit, so that a client that hangs can still report its progress. */
const LIFE_MS = 45_000;

const { MCP_CONFORMANCE_SCENARIO: name = '', MCP_CONFORMANCE_PROTOCOL_VERSION: revision = '' } = process.env;
const samples: string[] = [];
const plan = SCENARIO_PLANS[name];
setTimeout(end, LIFE_MS, `timed out after ${LIFE_MS} ms`).unref();
process.once('SIGTERM', () => end('was stopped'));
end(plan === undefined ? 'does not take part' : await play());

async function play(): Promise<string> {
  try {
    // A client that does not take part need not load these modules.
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
