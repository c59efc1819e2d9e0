import type { z } from 'zod';
import type { Tool } from '../../src/mcp/operations/tool.ts';
import type { authSchema } from '../../src/plan/auth-schema.ts';
import type { stepSchema } from '../../src/plan/step-schema.ts';
import type { Revision, targetSchema } from '../../src/plan/target-schema.ts';
import type { ScenarioContext } from './scenario-context.ts';

type StepInput = z.input<typeof stepSchema>;

/** What an open session knows about its server. */
export type SeenServer = {
  readonly tools: readonly Tool[];
  /** Lists the tools again. Returns their descriptions as the server sent them. */
  readonly describedTools: () => Promise<readonly Readonly<Record<string, unknown>>[]>;
};

/** A plan with which our client does what a scenario of the suite tests. */
export type ScenarioPlan = {
  /**
   * How many of the scenario's checks succeed when everything is done, by revision. Fewer do not pass: a client that
   * sends nothing breaks no rule.
   */
  readonly successes: Readonly<Partial<Record<Revision, number>>>;
  /** Options of the target. */
  readonly target?: Pick<z.input<typeof targetSchema>, 'elicitation' | 'eventStream'>;
  /** The target's `auth`; for its secrets see `secretsIn`. */
  readonly auth?: (context: ScenarioContext) => z.input<typeof authSchema>;
  /**
   * What to call in the opened session, in order, as far as preflight allows it. Undefined when opening the session is
   * enough.
   */
  readonly steps?: (seen: SeenServer, context: ScenarioContext) => readonly StepInput[] | Promise<readonly StepInput[]>;
  /**
   * The message with which our client must refuse a server that must not get its credentials. It opens no session then.
   */
  readonly refuses?: RegExp;
};

const everyTool = ({ tools }: SeenServer) => tools.map(({ name }) => ({ tool: name }));

const withSecret = ({ client_id }: ScenarioContext) =>
  ({ type: 'client-credentials', clientId: client_id, clientSecret: 'client-secret' }) as const;

/** The scenarios of the suite that our client must pass. */
export const SCENARIO_PLANS: Readonly<Record<string, ScenarioPlan>> = {
  initialize: { successes: { '2025-11-25': 1 } },
  tools_call: {
    successes: { '2025-11-25': 2, '2026-07-28': 2 },
    steps: () => [{ tool: 'add_numbers', arguments: { a: 2, b: 3 } }],
  },
  'elicitation-sep1034-client-defaults': {
    successes: { '2025-11-25': 5 },
    target: { eventStream: true, elicitation: 'defaults' },
    steps: everyTool,
  },
  'sse-retry': { successes: { '2025-11-25': 3 }, steps: everyTool },
  'request-metadata': { successes: { '2026-07-28': 6 }, target: { elicitation: 'defaults' } },
  'sep-2322-client-request-state': {
    successes: { '2026-07-28': 5 },
    target: { elicitation: 'defaults' },
    steps: everyTool,
  },
  'http-standard-headers': {
    successes: { '2026-07-28': 9 },
    steps: (seen) => [
      ...everyTool(seen),
      { list: 'resources' },
      { resource: 'file:///path/to/file%20name.txt' },
      { resource: 'https://example.com/resource?id=123' },
      { list: 'prompts' },
      { prompt: 'test_prompt' },
    ],
  },
  'http-custom-headers': {
    successes: { '2026-07-28': 18 },
    steps: (_, { toolCalls }) => toolCalls.map((call) => ({ tool: call.name, arguments: call.arguments })),
  },
  'http-invalid-tool-headers': { successes: { '2026-07-28': 12 }, steps: everyTool },
  'json-schema-ref-no-deref': { successes: { '2026-07-28': 1 } },
  'json-schema-2020-12-preservation': {
    successes: { '2025-11-25': 9, '2026-07-28': 9 },
    steps: async ({ describedTools }) => {
      const described = (await describedTools()).find(({ name }) => name === 'json_schema_2020_12_tool');
      const schema = (described?.inputSchema ?? null) as ScenarioContext['toolCalls'][number]['arguments'][string];
      return [{ tool: 'json_schema_echo', arguments: { schema } }];
    },
  },
  'auth/client-credentials-basic': {
    successes: { '2025-11-25': 8, '2026-07-28': 7 },
    auth: withSecret,
    steps: everyTool,
  },
  'auth/client-credentials-jwt': {
    successes: { '2025-11-25': 8, '2026-07-28': 7 },
    auth: ({ client_id, signing_algorithm }) => ({
      type: 'client-credentials',
      clientId: client_id,
      privateKey: 'private-key-pem',
      algorithm: signing_algorithm,
    }),
    steps: everyTool,
  },
  'auth/enterprise-managed-authorization': {
    successes: { '2025-11-25': 9, '2026-07-28': 8 },
    auth: ({ client_id, idp_client_id, idp_token_endpoint }) => ({
      type: 'enterprise-managed',
      clientId: client_id,
      clientSecret: 'client-secret',
      idToken: 'idp-id-token',
      identityProvider: { tokenUrl: idp_token_endpoint, clientId: idp_client_id },
    }),
    steps: everyTool,
  },
  'auth/wif-jwt-bearer': {
    successes: { '2025-11-25': 8, '2026-07-28': 7 },
    auth: ({ client_id }) => ({ type: 'jwt-bearer', clientId: client_id, assertion: 'valid-jwt' }),
    steps: everyTool,
  },
  'auth/resource-mismatch': {
    successes: { '2026-07-28': 2 },
    auth: withSecret,
    refuses: /is for the resource https:\/\/evil/,
  },
  'auth/metadata-issuer-mismatch': {
    successes: { '2026-07-28': 3 },
    auth: withSecret,
    refuses: /belongs to the issuer https:\/\/attacker/,
  },
};
