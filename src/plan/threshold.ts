import { z } from 'zod';
import { durationSchema } from './primitives.ts';

/** The metrics of thresholds with their aggregates and tags; k6's names where k6 has one. */
const METRICS = {
  mcp_request_duration: { aggregates: ['p', 'avg', 'min', 'med', 'max'], tags: ['target', 'operation', 'kind'] },
  mcp_requests: { aggregates: ['count', 'rate'], tags: ['target', 'operation', 'kind'] },
  mcp_failures: { aggregates: ['count', 'rate'], tags: ['target', 'operation', 'kind', 'outcome'] },
  useful_rate: { aggregates: ['rate'], tags: ['target', 'operation', 'kind'] },
  iteration_duration: { aggregates: ['p', 'avg', 'min', 'med', 'max'], tags: ['scenario'] },
  iterations: { aggregates: ['count', 'rate'], tags: ['scenario'] },
  dropped_iterations: { aggregates: ['count', 'rate'], tags: ['scenario'] },
} as const;

/** Values of the tag `kind`: the plan's steps, the requests that the protocol adds to them, or both. */
const KINDS: readonly string[] = ['step', 'protocol', 'all'];

type MetricName = keyof typeof METRICS;
export type Aggregate =
  | { readonly kind: 'p'; readonly percent: number }
  | { readonly kind: Exclude<AggregateKind, 'p'> };
type TagName = 'target' | 'operation' | 'kind' | 'outcome' | 'scenario';
export type Tags = Readonly<Partial<Record<TagName, string>>>;
type AggregateKind = (typeof METRICS)[MetricName]['aggregates'][number];

/**
 * A condition that a run must meet. Durations are in milliseconds. Rates of `mcp_requests` and `iterations` are per second.
 * All other rates are shares: of requests, and for `dropped_iterations` of all planned iterations.
 */
export type Threshold = {
  readonly metric: MetricName;
  /** Only samples with these tags count. */
  readonly tags: Tags;
  readonly aggregate: Aggregate;
  readonly operator: '<' | '<=' | '>' | '>=' | '==' | '!=';
  readonly limit: number;
};

/** The named codes of failures: each layer with its details. */
const DETAILS = {
  NET: ['REFUSED', 'DNS', 'TLS', 'CONNECT_TMO', 'RESET_PRE', 'RESET_MID', 'HTTP_PARSE', 'FORBIDDEN', 'OTHER'],
  TMO: ['HEADERS', 'IDLE', 'TOTAL', 'UNTERMINATED', 'GRACEFUL_STOP'],
  HTTP: ['3XX'],
  AUTH: ['401', '403', 'SCOPE', 'REJECTED', 'TOKEN'],
  SESS: ['EXPIRED', 'LOST', 'MISSING', 'REFUSED', 'AMBIGUOUS'],
  PROTO: [
    'CT_MISSING',
    'CT_HTML',
    'CT_OTHER',
    '202',
    'EMPTY',
    'JSON',
    'SHAPE',
    'ID_MISMATCH',
    'NO_REPLY',
    'VERSION',
    'RESULT_TYPE',
  ],
  RPC: ['INPUT_REQUIRED', 'OTHER'],
  SSE: ['BAD_DATA'],
  TOOL: ['ERROR', 'QUOTA', 'SOFT_ERROR', 'SCHEMA', 'ASSERT', 'CAPTURE'],
} as const;

const CODES: ReadonlySet<string> = new Set(
  Object.entries(DETAILS).flatMap(([layer, details]) => details.map((detail) => `${layer}_${detail}`)),
);

const METRIC = /^([a-z_]+)(?:\{(.*)\})?$/;
const EXPRESSION = /^\s*(?:p\((\d+(?:\.\d+)?)\)|([a-z]+))\s*(<=|>=|==|!=|<|>)\s*(-?\d+(?:\.\d+)?)\s*$/;

/** A condition with its defaults; `over` is `run`, `stage` or a number of milliseconds. */
export type Condition = {
  readonly threshold: string;
  readonly abortOnFail: boolean;
  readonly delayAbortEval: number;
  readonly over: 'run' | 'stage' | number;
};
type LongForm = { readonly threshold: string } & { readonly [Key in keyof Condition]?: Condition[Key] | undefined };

/** One condition; the long form is k6's, plus our own `over`. */
const conditionSchema = z
  .union(
    [
      z.string().transform((threshold) => ({ threshold })),
      z
        .strictObject({
          threshold: z.string(),
          /** Ends the run when the condition fails; it is evaluated every few seconds over all lanes. */
          abortOnFail: z.boolean().optional(),
          /** Does not end the run earlier than this after the start of the run or stage. */
          delayAbortEval: durationSchema().optional(),
          /**
           * Where the condition must hold: over the whole run, over every sliding window of this length, or over every
           * stage of the plan's one scenario with stages; the report then says up to which stage it held.
           */
          over: z
            .union(
              [z.literal(['run', 'stage']), durationSchema(1000)],
              'expected "run", "stage" or a duration of at least 1 s',
            )
            .optional(),
        })
        .refine(({ abortOnFail, delayAbortEval }) => delayAbortEval === undefined || abortOnFail === true, {
          message: 'expected abortOnFail: true with it, because only aborting can be delayed',
          path: ['delayAbortEval'],
        }),
    ],
    'expected a condition such as "p(95)<500", or {threshold, abortOnFail, delayAbortEval, over}',
  )
  .transform((condition): Condition => {
    const long: LongForm = condition;
    const { threshold, abortOnFail = false, delayAbortEval = 0, over = 'run' } = long;
    return { threshold, abortOnFail, delayAbortEval, over };
  });

/** Conditions by metric, in k6's grammar. */
export const thresholdsSchema = z
  .record(z.string(), z.array(conditionSchema).min(1, 'expected at least one condition'))
  .superRefine((thresholds, context) => {
    for (const [metric, conditions] of Object.entries(thresholds)) {
      conditions.forEach(({ threshold }, index) => {
        const parsed = parseThreshold(metric, threshold);
        if ('problem' in parsed) {
          context.addIssue({ code: 'custom', message: parsed.problem, path: [metric, index], input: threshold });
        }
      });
    }
  });

/** Whether a metric is about requests, which are steps of the plan or of the protocol, and not about iterations. */
export function isAboutRequests(metric: MetricName): boolean {
  return (METRICS[metric].tags as readonly TagName[]).includes('kind');
}

/** Parses a condition in k6's grammar, e.g. `mcp_request_duration{operation:tools/call:search}` with `p(95)<500`. */
export function parseThreshold(metric: string, expression: string): Threshold | { readonly problem: string } {
  const parsed = parseMetric(metric);
  if ('problem' in parsed) return parsed;
  const { name, tags } = parsed;
  const known = METRICS[name];
  const [, percent, word, operator, limit] = EXPRESSION.exec(expression) ?? [];
  const kind = percent === undefined ? word : 'p';
  if (kind === undefined || !(known.aggregates as readonly string[]).includes(kind) || Number(percent ?? 0) > 100) {
    const examples = known.aggregates.map((aggregate) => (aggregate === 'p' ? 'p(95)' : aggregate)).join(', ');
    return {
      problem: `expected a condition on ${examples} such as "${examples.split(',')[0]}<500", got "${expression}"`,
    };
  }
  const aggregate =
    kind === 'p' ? { kind: 'p' as const, percent: Number(percent) } : { kind: kind as Exclude<AggregateKind, 'p'> };
  return {
    metric: name,
    tags,
    aggregate,
    operator: operator as Threshold['operator'],
    limit: Number(limit),
  };
}

/**
 * Parses a metric with its tags. A tag's value runs from its first colon to the next comma; values with commas need double
 * quotes: `{operation:"tools/call:a,b"}`.
 */
export function parseMetric(
  metric: string,
): { readonly name: MetricName; readonly tags: Tags } | { readonly problem: string } {
  const [, name, tagText] = METRIC.exec(metric) ?? [];
  if (name === undefined || !isMetric(name)) {
    return { problem: `expected a metric, one of ${Object.keys(METRICS).join(', ')}, got "${metric}"` };
  }
  const known: readonly string[] = METRICS[name].tags;
  const tags: Partial<Record<TagName, string>> = {};
  for (const part of tagText === undefined ? [] : splitTags(tagText)) {
    const colon = part.indexOf(':');
    const tag = part.slice(0, Math.max(0, colon)).trim();
    const value = unquoted(part.slice(colon + 1).trim());
    if (value === '' || !known.includes(tag)) {
      const expected = `expected tags such as {${known[0]}:value} of ${known.join(', ')}`;
      return { problem: `${expected} for ${name}, got "{${tagText}}"` };
    }
    if (Object.hasOwn(tags, tag)) return { problem: `expected each tag once, got "{${tagText}}"` };
    if (tag === 'outcome' && !isFailureCode(value)) {
      return { problem: `expected the code of a failure such as TOOL_ERROR or HTTP_429, got "${value}"` };
    }
    if (tag === 'kind' && !KINDS.includes(value)) {
      return { problem: `expected a kind, one of ${KINDS.join(', ')}, got "${value}"` };
    }
    tags[tag as TagName] = value;
  }
  return { name, tags };
}

function isMetric(name: string): name is MetricName {
  return Object.hasOwn(METRICS, name);
}

/** Splits at the commas outside quotes. */
function splitTags(text: string): string[] {
  const parts = [''];
  let quoted = false;
  for (const character of text) {
    if (character === '"') quoted = !quoted;
    if (character === ',' && !quoted) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}

function unquoted(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

/**
 * True for the code of an outcome that counts as a failure. A threshold on any other code would see no samples and always
 * hold. The outcomes are defined in sample/outcome.ts, which this room cannot import; a test keeps the two in step.
 */
export function isFailureCode(code: string): boolean {
  return CODES.has(code) || /^HTTP_[1-5]\d\d$/.test(code) || /^RPC_-?\d+$/.test(code);
}
