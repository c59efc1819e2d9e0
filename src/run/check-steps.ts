import type { Tool } from '../mcp/operations/tool.ts';
import { MODERN_REVISION } from '../mcp/session/handshakes.ts';
import type { Opened } from '../mcp/session/session.ts';
import type { Plan } from '../plan/plan-schema.ts';
import { nearestOf, type Problem, problemText } from '../plan/problem.ts';
import type { ListName, Step } from '../plan/step-schema.ts';
import type { Target } from '../plan/target-schema.ts';
import { checkArguments } from './check-arguments.ts';
import { checkCompletion, checkPrompt, checkResource } from './check-lists.ts';
import { type Finding, findingProblem, type Path, SEND_ANYWAY } from './findings.ts';
import { NO_LISTS, type TargetLists } from './target-lists.ts';

/** What preflight found in a plan; without problems the run goes on. Warnings are a sentence each. */
export type Findings = { readonly problems: readonly Problem[]; readonly warnings: readonly string[] };

/** What the checks of a step's action need to know. */
type Scope = {
  readonly plan: Plan;
  readonly targetName: string;
  readonly opened: Opened;
  readonly lists: TargetLists;
  /** Path of the step. */
  readonly path: Path;
};

/**
 * Compares the steps that are aimed at a target with what the target offers: its capabilities, its tools with their
 * inputSchemas, and the lists that were read. Finds everything that is wrong with every step; each problem names the
 * place in the plan and how to fix it.
 */
export function checkSteps(plan: Plan, targetName: string, opened: Opened, lists: TargetLists = NO_LISTS): Findings {
  const findings = Object.entries(plan.scenarios).flatMap(([name, { target, steps }]): readonly Finding[] => {
    if (target !== targetName) return [];
    if (steps.length === 0) return sessionFindings(['scenarios', name, 'steps'], targetName, opened);
    return steps.flatMap((step, index) => {
      return checkStep(step, { plan, targetName, opened, lists, path: ['scenarios', name, 'steps', index] });
    });
  });
  // Several steps may have the same problem, because scenarios share a list or a prompt.
  const distinct = (severity: Finding['severity']) => {
    const problems = findings.filter((each) => each.severity === severity).map(findingProblem);
    return new Map(problems.map((problem) => [problemText(problem), problem]));
  };
  return { problems: [...distinct('problem').values()], warnings: [...distinct('warning').keys()] };
}

/** MCP 2026-07-28 has no sessions: a scenario that only opens, holds and closes them would measure nothing. */
function sessionFindings(path: Path, targetName: string, { facts }: Opened): readonly Finding[] {
  if (facts.protocolVersion !== MODERN_REVISION) return [];
  const message =
    `${targetName} speaks ${MODERN_REVISION}, which has no sessions to open, close or hold. ` +
    `Add a step, or name an older revision in targets.${targetName}.protocol if the server supports one`;
  return [{ severity: 'problem', path, message }];
}

function checkStep(step: Step, scope: Scope): readonly Finding[] {
  const { targetName, opened, lists, path } = scope;
  const { tool, ping, prompt, resource, complete } = step;
  if (tool !== undefined) return checkTool(tool, step, scope);
  if (ping !== undefined) return checkPing(scope);
  const [key, capability] = capabilityOf(step);
  // Some servers have tools without the capability.
  const isOffered = opened.capabilities.includes(capability) || (capability === 'tools' && opened.tools.length > 0);
  if (!isOffered) {
    const offered = opened.capabilities.join(', ') || 'nothing';
    const message = `${targetName} does not offer ${capability}; it offers ${offered}. Remove the step`;
    return [{ severity: 'problem', path: [...path, key], message }];
  }
  const place = { path, target: targetName };
  if (prompt !== undefined) return withSwitch(checkPrompt(prompt, step, lists, place), step, scope);
  if (resource !== undefined) return checkResource(resource, lists, place);
  return complete === undefined ? [] : checkCompletion(complete, lists, place);
}

function checkPing({ targetName, opened, path }: Scope): readonly Finding[] {
  const { protocolVersion } = opened.facts;
  if (protocolVersion !== MODERN_REVISION) return [];
  const message = `${targetName} speaks ${protocolVersion}, which has no ping. Remove the step`;
  return [{ severity: 'problem', path: [...path, 'ping'], message }];
}

/** The server capability that each list belongs to (MCP, "Capability Negotiation"). */
const CAPABILITY_OF_LIST: Readonly<Record<ListName, string>> = {
  tools: 'tools',
  resources: 'resources',
  'resource-templates': 'resources',
  prompts: 'prompts',
};

function capabilityOf({ resource, prompt, list }: Step): [key: keyof Step, capability: string] {
  if (resource !== undefined) return ['resource', 'resources'];
  if (prompt !== undefined) return ['prompt', 'prompts'];
  return list === undefined ? ['complete', 'completions'] : ['list', CAPABILITY_OF_LIST[list]];
}

function checkTool(name: string, step: Step, scope: Scope): readonly Finding[] {
  const { plan, targetName, opened, path } = scope;
  const tool = opened.tools.find((candidate) => candidate.name === name);
  const problem = (message: string): Finding => ({ severity: 'problem', path: [...path, 'tool'], message });
  if (tool === undefined) {
    const names = opened.tools.map((candidate) => candidate.name);
    return [problem(`${targetName} has no tool "${name}"${toolsInstead(name, names)}`)];
  }
  const { allowWrites } = plan.targets[targetName] as Target;
  const findings: Finding[] = [];
  if (tool.invalid !== undefined && opened.facts.protocolVersion === MODERN_REVISION) {
    findings.push(
      problem(
        `clients of ${MODERN_REVISION} must not call "${name}", because ${targetName}'s description of it is invalid: ` +
          `${tool.invalid}. Ask the server's owner to fix it, or name an older revision in targets.${targetName}.protocol`,
      ),
    );
  } else if (!tool.readOnly && !allowWrites.includes(name)) {
    findings.push(problem(writeText(targetName, name)));
  }
  const found = checkArguments(tool, step.arguments ?? {}, plan.feeds, [...path, 'arguments']);
  return [...findings, ...withSwitch(found, step, scope)];
}

/**
 * Leaves out what was found in the arguments of a step that sends wrong ones on purpose. Otherwise the last problem with
 * them says how to send them anyway.
 */
function withSwitch(findings: readonly Finding[], { validateArguments }: Step, { path }: Scope): readonly Finding[] {
  const isAboutArguments = (each: Finding) => each.path[path.length] === 'arguments';
  if (validateArguments === false) return findings.filter((each) => !isAboutArguments(each));
  const last = findings.findLastIndex((each) => isAboutArguments(each) && each.severity === 'problem');
  return findings.map((each, index) => {
    if (index !== last) return each;
    return { ...each, message: `${findingProblem(each).message} ${SEND_ANYWAY}` };
  });
}

function writeText(targetName: string, toolName: string): string {
  return (
    `${targetName} does not mark "${toolName}" with readOnlyHint, so it may change something. ` +
    `To call it anyway, add it to targets.${targetName}.allowWrites`
  );
}

/** Names of the tools that the steps aimed at a target call. */
export function calledTools(plan: Plan, targetName: string): ReadonlySet<string> {
  const steps = Object.values(plan.scenarios).flatMap((each) => (each.target === targetName ? each.steps : []));
  return new Set(steps.flatMap(({ tool }) => tool ?? []));
}

/**
 * Why a target must get no calls, by the tools that it has listed: a step calls one that may change something, without
 * permission. Undefined if the plan may call its tools. Preflight finds this first, if there was one.
 */
export function refusalOfTools(plan: Plan, targetName: string, tools: readonly Tool[]): string | undefined {
  const { allowWrites } = plan.targets[targetName] as Target;
  const called = calledTools(plan, targetName);
  const refused = tools.find(({ name, readOnly }) => called.has(name) && !readOnly && !allowWrites.includes(name));
  return refused && writeText(targetName, refused.name);
}

/** A server can have thousands of tools. */
const MOST_NAMES = 30;

function toolsInstead(name: string, names: readonly string[]): string {
  if (names.length === 0) return '. It has no tools';
  const nearest = nearestOf(name, names);
  const left = names.length - MOST_NAMES;
  const more = left > 0 ? ` and ${left} more` : '';
  const meant = nearest === undefined ? '.' : `: did you mean "${nearest}"?`;
  return `${meant} Its tools: ${names.slice(0, MOST_NAMES).join(', ')}${more}`;
}
