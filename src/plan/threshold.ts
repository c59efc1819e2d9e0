import { z } from 'zod';
import {
  type ConditionGrammar,
  type ConditionParts,
  parseCondition,
  senselessCondition,
  unreadableCondition,
} from './condition-text.ts';
import { DEVIATION_RULES } from './deviation-rules.ts';
import { asArray, asRecord, durationSchema, isRecord } from './primitives.ts';
import { nearestOf } from './problem.ts';

const REQUEST_TAGS = ['target', 'operation', 'kind'] as const;
const DURATION = {
  aggregates: ['p', 'avg', 'min', 'med', 'max'],
  unit: 'ms',
  example: 'p(95)<500',
} as const;
/** A count, and how many a second. */
const NUMBER = { aggregates: ['count', 'rate'], unit: 'a second', example: 'count>100' } as const;
/** A count, and its share of all. */
const PART = { aggregates: ['count', 'rate'], unit: 'share', example: 'rate<0.01' } as const;

/** The metrics of thresholds with their aggregates and tags; k6's names where k6 has one. */
const METRICS = {
  mcp_request_duration: { ...DURATION, tags: REQUEST_TAGS },
  mcp_requests: { ...NUMBER, tags: REQUEST_TAGS },
  mcp_failures: { ...PART, tags: [...REQUEST_TAGS, 'outcome'] },
  useful_rate: { aggregates: ['rate'], unit: 'share', example: 'rate>0.99', tags: REQUEST_TAGS },
  checks: {
    aggregates: ['rate'],
    unit: 'share',
    example: 'rate>0.99',
    tags: ['check', 'scenario', 'target', 'operation'],
  },
  mcp_deviations: { aggregates: ['count'], unit: 'share', example: 'count==0', tags: ['target', 'operation', 'rule'] },
  iteration_duration: { ...DURATION, example: 'p(95)<5000', tags: ['scenario'] },
  iterations: { ...NUMBER, tags: ['scenario'] },
  dropped_iterations: { ...PART, tags: ['scenario'] },
} as const satisfies Record<string, ConditionGrammar & { readonly tags: readonly string[] }>;

/** k6's metrics that have another name here. */
const K6_METRICS: Readonly<Record<string, MetricName>> = {
  http_req_duration: 'mcp_request_duration',
  http_reqs: 'mcp_requests',
  http_req_failed: 'mcp_failures',
};

/** Values of the tag `kind`: the plan's steps, the requests that the protocol adds to them, or both. */
const KINDS: readonly string[] = ['step', 'protocol', 'all'];

type MetricName = keyof typeof METRICS;
export type Aggregate =
  | { readonly kind: 'p'; readonly percent: number }
  | { readonly kind: Exclude<AggregateKind, 'p'> };
type TagName = 'target' | 'operation' | 'kind' | 'outcome' | 'scenario' | 'check' | 'rule';
export type Tags = Readonly<Partial<Record<TagName, string>>>;
type AggregateKind = (typeof METRICS)[MetricName]['aggregates'][number];

/**
 * A condition that a run must meet. Durations are in milliseconds. Rates of `mcp_requests` and `iterations` are per second.
 * All other rates are shares: of requests, for `dropped_iterations` of all planned iterations, and for `checks` of all results
 * of checks.
 */
export type Threshold = {
  readonly metric: MetricName;
  /** Only samples with these tags count. */
  readonly tags: Tags;
  readonly aggregate: Aggregate;
  readonly operator: ConditionParts['operator'];
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
    'LIST_ENDLESS',
  ],
  REPLY: ['TOO_LARGE', 'UNREADABLE'],
  RPC: ['INPUT_REQUIRED', 'OTHER'],
  SSE: ['BAD_DATA'],
  TOOL: ['ERROR', 'QUOTA', 'SOFT_ERROR', 'SCHEMA', 'ASSERT', 'CAPTURE'],
} as const;

const CODES: ReadonlySet<string> = new Set(
  Object.entries(DETAILS).flatMap(([layer, details]) => details.map((detail) => `${layer}_${detail}`)),
);

const METRIC = /^([a-z_]+)(?:\{(.*)\})?$/;

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
  .superRefine(
    (thresholds, context) => {
      for (const [metric, conditions] of Object.entries(asRecord(thresholds))) {
        for (const [index, condition] of asArray(conditions).entries()) {
          // One that is valid in itself; the others have problems of their own.
          const { threshold, abortOnFail, over } = asRecord(condition);
          const isWhole = abortOnFail !== true && (over === undefined || over === 'run');
          const problem = typeof threshold === 'string' ? thresholdProblem(metric, threshold, isWhole) : undefined;
          if (problem === undefined) continue;
          context.addIssue({ code: 'custom', message: problem, path: [metric, index], input: threshold });
        }
      }
    },
    { when: ({ value }) => isRecord(value) },
  );

/** Whether a metric is about requests, which are steps of the plan or of the protocol, and not about iterations. */
export function isAboutRequests(metric: MetricName): boolean {
  return (METRICS[metric].tags as readonly TagName[]).includes('kind');
}

/**
 * What is wrong with a condition in a plan: it cannot be read, or it can only hold or only fail.
 * @param isWhole whether it is about the whole run, and only judged at its end
 */
function thresholdProblem(metric: string, expression: string, isWhole: boolean): string | undefined {
  const threshold = parseThreshold(metric, expression);
  if ('problem' in threshold) return threshold.problem;
  if (threshold.metric === 'checks' && !isWhole) {
    return 'expected neither abortOnFail nor over: checks are counted for the whole run; use useful_rate, which includes them';
  }
  if (threshold.metric === 'mcp_deviations' && !isWhole) {
    return 'expected neither abortOnFail nor over: deviations are counted for the whole run';
  }
  const grammar: ConditionGrammar = METRICS[threshold.metric];
  const parts = parseCondition(expression, grammar);
  return parts && senselessCondition(expression, parts, grammar);
}

/**
 * Parses a condition in k6's grammar, e.g. `mcp_request_duration{operation:tools/call:search}` with `p(95)<500`. Conditions
 * of earlier plans that say nothing are read too; only new plans are refused for them.
 */
export function parseThreshold(metric: string, expression: string): Threshold | { readonly problem: string } {
  const parsed = parseMetric(metric);
  if ('problem' in parsed) return parsed;
  const { name, tags } = parsed;
  const parts = parseCondition(expression, METRICS[name]);
  if (parts === undefined) return { problem: unreadableCondition(expression, METRICS[name]) };
  const { aggregate: kind, percent, operator, limit } = parts;
  const aggregate =
    percent === undefined ? { kind: kind as Exclude<AggregateKind, 'p'> } : { kind: 'p' as const, percent };
  return { metric: name, tags, aggregate, operator, limit };
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
    return { problem: unknownMetric(metric, name ?? metric) };
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
    if (tag === 'rule' && !(DEVIATION_RULES as readonly string[]).includes(value)) {
      const meant = nearestOf(value, DEVIATION_RULES);
      const names = meant === undefined ? `one of ${DEVIATION_RULES.join(', ')}` : `did you mean "${meant}"?`;
      return { problem: `expected a rule that docs/protocol.md lists, got "${value}": ${names}` };
    }
    if (tag === 'kind' && !KINDS.includes(value)) {
      return { problem: `expected a kind, one of ${KINDS.join(', ')}, got "${value}"` };
    }
    tags[tag as TagName] = value;
  }
  return { name, tags };
}

function unknownMetric(metric: string, name: string): string {
  const names = Object.keys(METRICS);
  const meant = Object.hasOwn(K6_METRICS, name) ? K6_METRICS[name] : nearestOf(name, names);
  const suggestion = meant === undefined ? '' : `: did you mean "${meant}"?`;
  return `expected a metric, one of ${names.join(', ')}, got "${metric}"${suggestion}`;
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
