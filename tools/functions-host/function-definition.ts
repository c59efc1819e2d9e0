import { z } from 'zod';
import type { RegisteredBinding, RegisteredFunction } from './worker/worker-protocol.ts';

interface Base {
  readonly name: string;
  /** Name of the trigger's binding, under which its input travels. */
  readonly triggerName: string;
  /** Names of the durable client bindings beside the trigger. */
  readonly durableClients: readonly string[];
}

export type HttpFunction = Base & {
  readonly type: 'http';
  readonly route: string;
  readonly methods: readonly string[];
};
export type TimerFunction = Base & {
  readonly type: 'timer';
  readonly schedule: string;
  readonly runOnStartup: boolean;
};
export type OrchestratorFunction = Base & { readonly type: 'orchestrator' };
export type ActivityFunction = Base & { readonly type: 'activity' };
export type OtherFunction = Base & { readonly type: 'other'; readonly triggerType: string };
export type FunctionDefinition = HttpFunction | TimerFunction | OrchestratorFunction | ActivityFunction | OtherFunction;

const httpTrigger = z.looseObject({ route: z.string().optional(), methods: z.array(z.string()).optional() });
const timerTrigger = z.looseObject({ schedule: z.string(), runOnStartup: z.boolean().optional() });

/**
 * Reads what an app registered.
 * @throws Error for a durable entity, which this host does not run.
 */
export function functionDefinition(registered: RegisteredFunction): FunctionDefinition {
  const bindings = Object.entries(registered.bindings);
  const trigger = bindings.find(([, binding]) => binding.type.toLowerCase().endsWith('trigger'));
  if (trigger === undefined) {
    throw new Error(`Function "${registered.name}" has no trigger.`);
  }
  const [triggerName, binding] = trigger;
  const durableClients = bindings.filter(([, other]) => isDurableClient(other)).map(([name]) => name);
  return { ...typed(registered.name, binding), name: registered.name, triggerName, durableClients };
}

function isDurableClient(binding: RegisteredBinding): boolean {
  return binding.direction === 'in' && /^(durable|orchestration)Client$/i.test(binding.type);
}

type Typed<T> = T extends Base ? Omit<T, keyof Base> : never;

function typed(name: string, binding: RegisteredBinding): Typed<FunctionDefinition> {
  switch (binding.type) {
    case 'httpTrigger': {
      const { route = name, methods = [] } = httpTrigger.parse(binding);
      return { type: 'http', route, methods: methods.map((method) => method.toUpperCase()) };
    }
    case 'timerTrigger': {
      const { schedule, runOnStartup = false } = timerTrigger.parse(binding);
      return { type: 'timer', schedule, runOnStartup };
    }
    case 'orchestrationTrigger':
      return { type: 'orchestrator' };
    case 'activityTrigger':
      return { type: 'activity' };
    case 'entityTrigger':
      throw new Error(`Function "${name}" is a durable entity. The local host runs orchestrators and activities only.`);
    default:
      return { type: 'other', triggerType: binding.type };
  }
}
