import {
  type ActivityFunction,
  type FunctionDefinition,
  functionDefinition,
  type HttpFunction,
  type OrchestratorFunction,
  type TimerFunction,
} from './function-runner.ts';
import type { Log, LogLevel } from './log.ts';
import { resolveReferences, type Settings } from './settings.ts';
import { type TimerSchedule, timerSchedule } from './timers.ts';
import type { RegisteredFunction } from './worker/worker-protocol.ts';

/** A function that the host runs, for people to read. */
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
 * Sorts what an app registered by trigger, without the functions that are switched off: by the setting
 * `AzureWebJobs.NAME.Disabled`, by a schedule that refers to a setting that is not there, or by a trigger that only
 * Azure can fire. Each of these is logged.
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
  const say = (level: LogLevel, message: string) => log({ level, category: 'Host.Startup', message });
  const leaveOut = (name: string, why: string) => say('warning', `Function '${name}' is disabled: ${why}`);

  const add = (definition: FunctionDefinition): void => {
    const { name } = definition;
    switch (definition.type) {
      case 'http': {
        const route = `/${[routePrefix, definition.route].filter((part) => part !== '').join('/')}`;
        http.push(definition);
        served.push({ name, trigger: 'http', route, methods: definition.methods });
        break;
      }
      case 'timer': {
        const resolved = resolveReferences(definition.schedule, settings);
        const schedule = resolved.ok ? readSchedule(resolved.text) : undefined;
        if (!resolved.ok) {
          leaveOut(name, `its schedule refers to the setting ${resolved.missing}, which is not set.`);
        } else if (typeof schedule === 'string') {
          leaveOut(name, schedule);
        } else if (schedule !== undefined) {
          timers.push({ definition, schedule });
          served.push({ name, trigger: 'timer', schedule: resolved.text });
        }
        break;
      }
      case 'orchestrator':
        orchestrators.set(name, definition);
        served.push({ name, trigger: 'orchestrator' });
        break;
      case 'activity':
        activities.set(name, definition);
        served.push({ name, trigger: 'activity' });
        break;
      case 'other':
        leaveOut(name, `the local host does not fire a ${definition.triggerType}.`);
        break;
    }
  };

  for (const definition of registered.map(functionDefinition)) {
    const switchName = `AzureWebJobs.${definition.name}.Disabled`;
    const value = settings[switchName] ?? settings[switchName.replaceAll('.', '__')];
    if (value?.toLowerCase() === 'true' || value === '1') {
      leaveOut(definition.name, `the setting ${switchName} says so.`);
    } else {
      add(definition);
    }
  }
  say(
    'information',
    served.length === 0 ? 'The app registered no functions.' : ['Functions:', ...served.map(line)].join('\n'),
  );
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

/** A schedule, or what is wrong with its text. */
function readSchedule(text: string): TimerSchedule | string {
  try {
    return timerSchedule(text);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
