import type { DanglingReference } from './dangling-reference.ts';
import { nearestOf } from './nearest.ts';
import { operationsOf } from './step-operations.ts';
import { parseMetric, type Tags } from './threshold.ts';
import { list, tree } from './tree.ts';

/** What people leave out. */
const METHODS = ['tools/call', 'resources/read', 'prompts/get', 'completion/complete'];

type Operations = { readonly names: readonly string[]; readonly set: ReadonlySet<string> };

/** What thresholds may name. */
type Known = {
  readonly targets: readonly string[];
  readonly scenarios: readonly string[];
  /** Operations of the steps aimed at a target, or of all. */
  readonly operations: (target: string | undefined) => Operations;
  /** Scenarios with stages. */
  readonly staged: number;
};

/** Checks what the thresholds of a plan, as it was written, name: targets, operations, scenarios and stages. */
export function thresholdReferences(plan: unknown): DanglingReference[] {
  const known = knownOf(plan);
  return Object.entries(tree(tree(plan).thresholds)).flatMap(([metric, conditions]) => {
    const path = ['thresholds', metric];
    const parsed = parseMetric(metric);
    const problem = 'tags' in parsed ? tagProblem(parsed.tags, known) : undefined;
    return [...(problem === undefined ? [] : [{ path, message: problem }]), ...stageProblems(conditions, known, path)];
  });
}

function knownOf(plan: unknown): Known {
  const { targets, scenarios } = tree(plan);
  const all = Object.values(tree(scenarios)).map(tree);
  const operations = new Map<string | undefined, Operations>();
  const findOperations = (target: string | undefined): Operations => {
    const aimed = all.filter((scenario) => target === undefined || scenario.target === target);
    const names = operationsOf(aimed.flatMap(({ steps }) => list(steps)));
    return { names, set: new Set(names) };
  };
  return {
    targets: Object.keys(tree(targets)),
    scenarios: Object.keys(tree(scenarios)),
    operations: (target) => {
      const found = operations.get(target) ?? findOperations(target);
      operations.set(target, found);
      return found;
    },
    staged: all.filter(({ stages }) => stages !== undefined).length,
  };
}

function tagProblem({ target, scenario, operation }: Tags, known: Known): string | undefined {
  if (target !== undefined && !known.targets.includes(target)) {
    return `expected one of the plan's targets (${known.targets.join(', ')}), got "${target}"`;
  }
  if (scenario !== undefined && !known.scenarios.includes(scenario)) {
    return `expected one of the plan's scenarios (${known.scenarios.join(', ')}), got "${scenario}"`;
  }
  if (operation === undefined) return undefined;
  const { names, set } = known.operations(target);
  if (set.has(operation)) return undefined;
  const withMethod = METHODS.map((method) => `${method}:${operation}`).find((name) => set.has(name));
  const meant = withMethod ?? nearestOf(operation, names);
  const who = target === undefined ? 'no step of the plan' : `no step aimed at ${target}`;
  const wayOut = meant === undefined ? 'operations are written as in tools/call:name' : `did you mean "${meant}"?`;
  return `${who} makes "${operation}": ${wayOut}`;
}

function stageProblems(conditions: unknown, { staged }: Known, path: readonly PropertyKey[]): DanglingReference[] {
  if (staged === 1) return [];
  return list(conditions).flatMap((condition, index) => {
    if (tree(condition).over !== 'stage') return [];
    const message = `expected exactly one scenario with stages for over: stage, got ${staged}`;
    return [{ path: [...path, index, 'over'], message }];
  });
}
