/** `invalid`: the generator could not do what the plan asked, so the figures prove nothing either way. */
export type VerdictStatus = 'pass' | 'fail' | 'invalid' | 'stopped';

/** The judgement of a run, with a sentence for each thing that decided it. */
export type Verdict = {
  readonly status: VerdictStatus;
  readonly reasons: readonly string[];
};

/** One threshold of the plan and how it came out. */
export type ThresholdResult = {
  /** The metric as the plan names it, tags included, e.g. `mcp_request_duration{target:learn}`. */
  readonly metric: string;
  /** The condition as the plan writes it, e.g. `p(95)<500`. */
  readonly expression: string;
  readonly ok: boolean;
  /** The value that was compared; null when there were no samples, which is a failure. */
  readonly observed: number | null;
};

/** One rule about the generator itself; a broken one makes the verdict `invalid`. */
export type HonestyResult = {
  readonly rule: string;
  readonly ok: boolean;
  /** What was seen and what is allowed, for a person. */
  readonly detail: string;
};
