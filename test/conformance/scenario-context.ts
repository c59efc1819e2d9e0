import { z } from 'zod';

const toolCall = z.object({ name: z.string(), arguments: z.record(z.string(), z.json()) });

/** Credentials for scenarios that provide none, because their server must never see any. */
const MADE_UP = 'made-up';

/** What a scenario tells its client besides the server's URL. Each scenario sets only the fields that it needs. */
const scenarioContext = z.looseObject({
  toolCalls: z.array(toolCall).default([]),
  client_id: z.string().default(MADE_UP),
  client_secret: z.string().default(MADE_UP),
  signing_algorithm: z.literal('ES256').default('ES256'),
  idp_client_id: z.string().default(''),
  idp_token_endpoint: z.string().default(''),
});

export type ScenarioContext = z.output<typeof scenarioContext>;

/** @param text value of MCP_CONFORMANCE_CONTEXT; undefined for scenarios that need none */
export function readScenarioContext(text: string | undefined): ScenarioContext {
  return scenarioContext.parse(JSON.parse(text ?? '{}'));
}

/** The strings of a context as secrets: the field `client_secret` is the secret `client-secret`. */
export function secretsIn(context: ScenarioContext): ReadonlyMap<string, string> {
  const texts = Object.entries(context).filter((field): field is [string, string] => typeof field[1] === 'string');
  return new Map(texts.map(([name, value]) => [name.replaceAll('_', '-'), value]));
}
