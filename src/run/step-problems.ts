import { MODERN_REVISION } from '../mcp/session/handshakes.ts';
import type { Opened } from '../mcp/session/session.ts';
import type { Plan } from '../plan/plan-schema.ts';
import type { ListName, Step } from '../plan/step-schema.ts';
import type { Target } from '../plan/target-schema.ts';

/** The server capability that each list belongs to (MCP, "Capability Negotiation"). */
const CAPABILITY_OF_LIST: Readonly<Record<ListName, string>> = {
  tools: 'tools',
  resources: 'resources',
  'resource-templates': 'resources',
  prompts: 'prompts',
};

/**
 * What the plan's steps ask of a target that it does not have or that the plan does not allow, one sentence each with the
 * way out; empty when all can run. Only tools are known by name; of the rest, whether the target offers its kind.
 */
export function stepProblems(plan: Plan, targetName: string, opened: Opened): string[] {
  return Object.entries(plan.scenarios).flatMap(([name, { target, steps }]) => {
    if (target !== targetName) return [];
    if (steps.length === 0) return sessionProblem(name, targetName, opened);
    return steps.flatMap((step, index) => {
      const found = problemOf(step, plan.targets[targetName] as Target, targetName, opened);
      return found === undefined ? [] : [`scenarios.${name}.steps[${index}].${found.key}: ${found.problem}`];
    });
  });
}

/** MCP 2026-07-28 has no sessions: a scenario that only opens and closes or holds them would measure nothing. */
function sessionProblem(scenario: string, targetName: string, { facts }: Opened): string[] {
  if (facts.protocolVersion !== MODERN_REVISION) return [];
  return [
    `scenarios.${scenario}.steps: ${targetName} speaks ${MODERN_REVISION}, which has no sessions to open, close or hold; ` +
      `add a step, or name an older revision in targets.${targetName}.protocol if the server speaks one too.`,
  ];
}

type Found = { readonly key: keyof Step; readonly problem: string };

function problemOf(step: Step, target: Target, targetName: string, opened: Opened): Found | undefined {
  if (step.tool !== undefined) {
    const problem = toolProblem(step.tool, target, targetName, opened);
    return problem === undefined ? undefined : { key: 'tool', problem };
  }
  const { protocolVersion } = opened.facts;
  if (step.ping !== undefined) {
    if (protocolVersion !== MODERN_REVISION) return undefined;
    return { key: 'ping', problem: `${targetName} speaks ${protocolVersion}, which has no ping; take the step out.` };
  }
  const [key, capability] = capabilityOf(step);
  if (opened.capabilities.includes(capability)) return undefined;
  const offered = opened.capabilities.join(', ') || 'nothing';
  return { key, problem: `${targetName} does not offer ${capability}; it offers ${offered}. Take the step out.` };
}

function capabilityOf({ resource, prompt, list }: Step): [key: keyof Step, capability: string] {
  if (resource !== undefined) return ['resource', 'resources'];
  if (prompt !== undefined) return ['prompt', 'prompts'];
  return list === undefined ? ['complete', 'completions'] : ['list', CAPABILITY_OF_LIST[list]];
}

function toolProblem(name: string, target: Target, targetName: string, opened: Opened): string | undefined {
  const tool = opened.tools.find((candidate) => candidate.name === name);
  if (tool === undefined) {
    const known = opened.tools.map((candidate) => candidate.name).join(', ');
    return `${targetName} has no tool "${name}"; it has ${known || 'none'}.`;
  }
  if (tool.invalid !== undefined && opened.facts.protocolVersion === MODERN_REVISION) {
    return (
      `clients of ${MODERN_REVISION} must not call "${name}", as ${targetName} describes it: ${tool.invalid}; ` +
      'its owner must mend that, or the plan name an older protocol.'
    );
  }
  if (tool.readOnly || target.allowWrites.includes(name)) return undefined;
  return (
    `"${name}" is not marked readOnlyHint by ${targetName}, so it may change something; ` +
    `add it to targets.${targetName}.allowWrites to call it all the same.`
  );
}
