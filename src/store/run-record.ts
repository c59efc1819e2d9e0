import type { ReportTarget } from '../report/report.ts';
import type { Abort, Verdict } from '../verdict/verdict.ts';

/**
 * Where a run stands. `queued` → `preflight` → `running` → `concluding` → `done`; a run whose preflight finds a fault
 * ends as `refused`, one that breaks for a reason of our own as `failed`.
 */
export type RunState = 'queued' | 'preflight' | 'running' | 'concluding' | 'done' | 'refused' | 'failed';

/** When and in how many parts a run goes; fixed once by preflight. */
export type RunSchedule = {
  /** Epoch milliseconds of the planned start and of the end of the last window. */
  readonly startAtMs: number;
  readonly endAtMs: number;
  readonly lanes: number;
  readonly windows: number;
  readonly windowMs: number;
};

/** What is known of a run besides its plan, samples and report. */
export type RunRecord = {
  /** Sorts by time; only `[A-Za-z0-9_-]`. */
  readonly runId: string;
  readonly planName: string;
  readonly planHash: string;
  readonly trigger: 'http' | 'canary' | 'command';
  /** The earlier run that this one is compared with. */
  readonly baselineRunId?: string;
  readonly createdAt: string;
  readonly state: RunState;
  readonly stopRequested: boolean;
  /** Why the run stopped itself; absent when nobody or a person stopped it. */
  readonly abort?: Abort;
  readonly schedule?: RunSchedule;
  readonly targets?: readonly ReportTarget[];
  /** Why the run was refused or failed, one sentence each. */
  readonly problems?: readonly string[];
  readonly verdict?: Verdict;
  readonly endedAt?: string;
};

/** The parts of a record that change after its creation. */
export type RunChange = Partial<
  Pick<RunRecord, 'state' | 'stopRequested' | 'abort' | 'schedule' | 'targets' | 'problems' | 'verdict' | 'endedAt'>
>;
