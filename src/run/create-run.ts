import { createHash } from 'node:crypto';
import type { ComparedRun } from '../comparison/comparison.ts';
import type { ReadFile } from '../plan/feed.ts';
import { type ParsedPlan, parsePlan } from '../plan/parse-plan.ts';
import type { Plan } from '../plan/plan-schema.ts';
import { policyRefusals, type Refusal } from '../plan/policy.ts';
import type { PlanProblem, Problem } from '../plan/problem.ts';
import { hashOfKey, type RunRecord } from '../store/run-store.ts';
import { problemsOfNewRun, standstill } from './admission.ts';
import type { RunContext } from './run-context.ts';
import { newRunId, writeBaseline, writePlan } from './run-documents.ts';
import { loadOf } from './run-limits.ts';

type RunRequest = {
  /** The plan as YAML or JSON, decoded or not. */
  readonly text: string | Uint8Array;
  /** Reads the files that feeds name; left out if the plan has no files of its own. */
  readonly readFile?: ReadFile;
  readonly trigger: RunRecord['trigger'];
  /** Who starts the run, for its record. */
  readonly startedBy?: string;
  /** The same key with the same plan gives the same run, however often the request is sent. */
  readonly idempotencyKey?: string;
  /** The run that the new one is compared with. */
  readonly baseline?: ComparedRun;
  /** True to set the plan's `requireData`. The hash of the plan stays, because the load does. */
  readonly requireData?: boolean;
};

export type CreatedRun =
  | { readonly outcome: 'created' | 'repeated'; readonly record: RunRecord }
  | { readonly outcome: 'invalid'; readonly problems: readonly PlanProblem[] }
  | { readonly outcome: 'not-allowed'; readonly refusals: readonly Refusal[] }
  | { readonly outcome: 'key-taken'; readonly runId: string }
  /** The kill switch is on; the message says who turned it on and how to turn it off. */
  | { readonly outcome: 'standstill'; readonly message: string }
  /** Other runs leave no room for this one. */
  | { readonly outcome: 'no-room'; readonly problems: readonly Problem[] };

/**
 * Parses a plan, checks it against the operator's policy and limits, and stores it as a run that waits for its preflight.
 */
export async function createRun(context: RunContext, request: RunRequest): Promise<CreatedRun> {
  const parsed = await readPlanOf(context, request);
  if (!parsed.ok) return { outcome: 'invalid', problems: parsed.problems };
  const refusals = policyRefusals(parsed.plan, context.policy);
  if (refusals.length > 0) return { outcome: 'not-allowed', refusals };
  const nowMs = context.clock.now();
  const claim = { runId: newRunId(nowMs), planHash: hashPlan(parsed.plan) };
  const held =
    request.idempotencyKey === undefined ? claim : await context.store.reserveKey(request.idempotencyKey, claim);
  if (held.planHash !== claim.planHash) return { outcome: 'key-taken', runId: held.runId };
  const existing = held.runId === claim.runId ? undefined : await context.store.getRun(held.runId);
  if (existing !== undefined) {
    const same = existing.baselineRunId === request.baseline?.runId;
    return same ? { outcome: 'repeated', record: existing } : { outcome: 'key-taken', runId: held.runId };
  }
  const stopped = await standstill(context);
  if (stopped !== undefined) return { outcome: 'standstill', message: stopped.message };
  const problems = await problemsOfNewRun(context, parsed.plan, held.runId);
  if (problems.length > 0) return { outcome: 'no-room', problems };
  const record: RunRecord = {
    runId: held.runId,
    planName: parsed.plan.name,
    planHash: claim.planHash,
    trigger: request.trigger,
    ...(request.baseline === undefined ? {} : { baselineRunId: request.baseline.runId }),
    createdAt: new Date(nowMs).toISOString(),
    ...(request.startedBy === undefined ? {} : { startedBy: request.startedBy }),
    ...(request.idempotencyKey === undefined ? {} : { idempotencyKeyHash: hashOfKey(request.idempotencyKey) }),
    load: loadOf(parsed.plan),
    state: 'queued',
    stopRequested: false,
  };
  await writePlan(context.store, held.runId, request.requireData === true ? requiringData(parsed.plan) : parsed.plan);
  if (request.baseline !== undefined) await writeBaseline(context.store, held.runId, request.baseline);
  await context.store.createRun(record);
  return { outcome: 'created', record };
}

function readPlanOf({ parsePlan: parseApart }: RunContext, { text, readFile }: RunRequest): Promise<ParsedPlan> {
  if (parseApart !== undefined && readFile === undefined) return parseApart(text);
  return Promise.resolve(parsePlan(text, readFile));
}

function requiringData(plan: Plan): Plan {
  return { ...plan, comparison: { ...plan.comparison, requireData: true } };
}

/** A hash of what a plan means; comments, the order of lines and explicit defaults do not change it. */
function hashPlan(plan: Plan): string {
  return createHash('sha256').update(JSON.stringify(plan)).digest('hex').slice(0, 16);
}
