import type { z } from 'zod';
import type { Tool } from '../../src/mcp/operations/tool.ts';
import type { authSchema } from '../../src/plan/auth-schema.ts';
import type { stepSchema } from '../../src/plan/step-schema.ts';
import type { Revision, targetSchema } from '../../src/plan/target-schema.ts';
import type { ScenarioContext } from './scenario-context.ts';

type StepInput = z.input<typeof stepSchema>;

/** What a session that is open shows of its server. */
export type SeenServer = {
  readonly tools: readonly Tool[];
  /** Asks for the tools once more, for what is in their descriptions as the server sent them. */
  readonly describedTools: () => Promise<readonly Readonly<Record<string, unknown>>[]>;
};

/** How a plan has our client do what a scenario of the suite is about. */
export type ScenarioPlan = {
  /**
   * By the revision that is spoken, how many of the scenario's checks succeed when all of it is done. Fewer are no pass: a
   * client that sends nothing breaks no rule.
   */
  readonly successes: Readonly<Partial<Record<Revision, number>>>;
  /** Options of the target. */
  readonly target?: Pick<z.input<typeof targetSchema>, 'elicitation' | 'eventStream'>;
  /** The target's `auth`; for its secrets see `secretsIn`. */
  readonly auth?: (context: ScenarioContext) => z.input<typeof authSchema>;
  /**
   * What to call in the opened session, one after the other, as far as preflight lets a plan call it; nothing when opening
   * the session is all.
   */
  readonly steps?: (seen: SeenServer, context: ScenarioContext) => readonly StepInput[] | Promise<readonly StepInput[]>;
  /** What our client must say of a server that it must not trust with credentials; it opens no session then. */
  readonly refuses?: RegExp;
};
