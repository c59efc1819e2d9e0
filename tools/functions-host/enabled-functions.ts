import {
  type ActivityFunction,
  type FunctionDefinition,
  functionDefinition,
  type HttpFunction,
  type OrchestratorFunction,
  type TimerFunction,
} from './function-runner.ts';
import { type Log, messageOf } from './log.ts';
import { resolveReferences, type Settings } from './settings.ts';
import { type TimerSchedule, timerSchedule } from './timers.ts';
import type { RegisteredFunction } from './worker/worker-protocol.ts';

/** A function that the host runs, as listed for the user. */
export type ServedFunction =
  | { readonly name: string; readonly trigger: 'http'; readonly route: string; readonly methods: readonly string[] }
  | { readonly name: string; readonly trigger: 'timer'; readonly schedule: string }
  | { readonly name: string; readonly trigger: 'orchestrator' | 'activity' };

export type EnabledFunctions = {
  readonly served: readonly ServedFunction[];
  readonly http: readonly HttpFunction[];
  readonly timers: readonly { readonly definition: TimerFunction; readonly schedule: TimerSchedule }[];
  readonly orchestrators: ReadonlyMap<string, OrchestratorFunction>;
  readonly activities: ReadonlyMap<string, ActivityFunction>;
};

/**
 * Groups the app's functions by trigger and leaves out the disabled ones. A function is disabled by the setting
 * `AzureWebJobs.NAME.Disabled`, by a schedule that cannot be read, or by a trigger that the host does not support. Each
 * is logged with the reason.
 * @throws Error for a function that the host cannot run at all, see functionDefinition
 */
export function enabledFunctions(
  registered: readonly RegisteredFunction[],
  settings: Settings,
  routePrefix: string,
  log: Log,
): EnabledFunctions {
  const served: ServedFunction[] = [];
  const http: HttpFunction[] = [];
  const timers: { definition: TimerFunction; schedule: TimerSchedule }[] = [];
  const orchestrators = new Map<string, OrchestratorFunction>();
  const activities = new Map<string, ActivityFunction>();
  const disable = (name: string, why: string) =>
    log({ level: 'warning', category: 'Host.Startup', message: `Function '${name}' is disabled: ${why}` });

  const addTimer = (definition: TimerFunction): void => {
    const { name } = definition;
    const resolved = resolveReferences(definition.schedule, settings);
    if (!resolved.ok) {
      disable(name, `its schedule refers to the setting ${resolved.missing}, which is not set.`);
      return;
    }
    try {
      timers.push({ definition, schedule: timerSchedule(resolved.text) });
      served.push({ name, trigger: 'timer', schedule: resolved.text });
    } catch (error) {
      disable(name, messageOf(error));
    }
  };
  const add = (definition: FunctionDefinition): void => {
    const { name } = definition;
    switch (definition.type) {
      case 'http': {
        const route = `/${[routePrefix, definition.route].filter((part) => part !== '').join('/')}`;
        http.push(definition);
        served.push({ name, trigger: 'http', route, methods: definition.methods });
        break;
      }
      case 'timer':
        addTimer(definition);
        break;
      case 'orchestrator':
        orchestrators.set(name, definition);
        served.push({ name, trigger: 'orchestrator' });
        break;
      case 'activity':
        activities.set(name, definition);
        served.push({ name, trigger: 'activity' });
        break;
      case 'other':
        disable(name, `the local host does not support a ${definition.triggerType}.`);
        break;
    }
  };

  for (const definition of registered.map(functionDefinition)) {
    const switchName = `AzureWebJobs.${definition.name}.Disabled`;
    const value = settings[switchName] ?? settings[switchName.replaceAll('.', '__')];
    const isDisabled = value?.toLowerCase() === 'true' || value === '1';
    if (isDisabled) disable(definition.name, `the setting ${switchName} is true.`);
    else add(definition);
  }
  const message =
    served.length === 0 ? 'The app registered no functions.' : ['Functions:', ...served.map(line)].join('\n');
  log({ level: 'information', category: 'Host.Startup', message });
  return { served, http, timers, orchestrators, activities };
}

function line(served: ServedFunction): string {
  switch (served.trigger) {
    case 'http':
      return `  ${served.name}: [${served.methods.join(',') || 'any method'}] ${served.route}`;
    case 'timer':
      return `  ${served.name}: timer ${served.schedule}`;
    default:
      return `  ${served.name}: ${served.trigger}`;
  }
}
