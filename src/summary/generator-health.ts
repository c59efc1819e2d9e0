/** What the load generator says about itself, over all slices of a run. */
export type GeneratorHealth = {
  readonly slices: {
    readonly planned: number;
    /** Ran to their end and wrote their commit marker. */
    readonly committed: number;
    /** Committed by a second attempt, after the first was lost: some load is missing. */
    readonly partial: number;
    /** Never committed; what they had stored before they vanished is counted. */
    readonly lost: number;
    /** Deliveries of a slice that was already being run; they sent nothing. */
    readonly duplicates: number;
  };
  /** The latest start of any slice after its planned instant. */
  readonly maxStartDelayMs: number;
  /** Delay of the event loop's timers while load was running, worst slice. */
  readonly eventLoopDelayMs: { readonly p99: number; readonly max: number };
  readonly cpu: { readonly seconds: number; readonly microsecondsPerRequest: number };
  /** `started` are those that sent at least one request, whatever became of it. */
  readonly vus: { readonly planned: number; readonly started: number };
  /** Requests that we ended ourselves when the run ended; they count nowhere else. */
  readonly abortedRequests: number;
  /** Token requests, apart from MCP latency. */
  readonly tokens: readonly TokenHealth[];
  /** Targets that a slice stopped loading before the end, by time: the first slice of each, seconds after the start. */
  readonly stoppedTargets: readonly { readonly target: string; readonly reason: string; readonly atSeconds: number }[];
  readonly store: { readonly errors: number; readonly blocks: number; readonly samples: number };
  /** How many processes ran slices. */
  readonly instances: number;
};

/** Token fetches for one target. */
export type TokenHealth = {
  readonly target: string;
  readonly fetched: number;
  readonly failed: number;
  /** The slowest fetch. */
  readonly maxMs: number;
};
