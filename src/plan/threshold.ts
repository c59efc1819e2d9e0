import { isFailureCode } from './failure-code.ts';

/** What a threshold may look at, and which aggregates each metric has; k6's names where k6 has one. */
const METRICS = {
  mcp_request_duration: { aggregates: ['p', 'avg', 'min', 'med', 'max'], tags: ['target', 'operation'] },
  mcp_requests: { aggregates: ['count', 'rate'], tags: ['target', 'operation'] },
  mcp_failures: { aggregates: ['count', 'rate'], tags: ['target', 'operation', 'outcome'] },
  useful_rate: { aggregates: ['rate'], tags: ['target', 'operation'] },
  iteration_duration: { aggregates: ['p', 'avg', 'min', 'med', 'max'], tags: [] },
  iterations: { aggregates: ['count', 'rate'], tags: [] },
  dropped_iterations: { aggregates: ['count'], tags: [] },
} as const;

export type MetricName = keyof typeof METRICS;
export type Aggregate =
  | { readonly kind: 'p'; readonly percent: number }
  | { readonly kind: Exclude<AggregateKind, 'p'> };
export type TagName = 'target' | 'operation' | 'outcome';
type AggregateKind = (typeof METRICS)[MetricName]['aggregates'][number];

/** A condition that the whole run must meet. Durations are milliseconds, rates of `mcp_requests` and `iterations` per second. */
export type Threshold = {
  readonly metric: MetricName;
  /** Only samples with these tags count. */
  readonly tags: Readonly<Partial<Record<TagName, string>>>;
  readonly aggregate: Aggregate;
  readonly operator: '<' | '<=' | '>' | '>=' | '==' | '!=';
  readonly limit: number;
};

const METRIC = /^([a-z_]+)(?:\{(.*)\})?$/;
const EXPRESSION = /^\s*(?:p\((\d+(?:\.\d+)?)\)|([a-z]+))\s*(<=|>=|==|!=|<|>)\s*(-?\d+(?:\.\d+)?)\s*$/;

/**
 * Parses one condition in k6's grammar, e.g. `mcp_request_duration{operation:tools/call:search}` with `p(95)<500`.
 * A tag's value is all that follows its first colon.
 */
export function parseThreshold(metric: string, expression: string): Threshold | { readonly problem: string } {
  const [, name, tagText] = METRIC.exec(metric) ?? [];
  if (name === undefined || !Object.hasOwn(METRICS, name)) {
    return { problem: `expected a metric, one of ${Object.keys(METRICS).join(', ')}; got "${metric}"` };
  }
  const known = METRICS[name as MetricName];
  const tags: Partial<Record<TagName, string>> = {};
  for (const part of tagText === undefined ? [] : tagText.split(',')) {
    const colon = part.indexOf(':');
    const tag = part.slice(0, Math.max(0, colon)).trim();
    const value = part.slice(colon + 1).trim();
    if (value === '' || !(known.tags as readonly string[]).includes(tag)) {
      const expected =
        known.tags.length === 0 ? 'no tags' : `tags such as {${known.tags[0]}:value} of ${known.tags.join(', ')}`;
      return { problem: `expected ${expected} for ${name}, got "{${tagText}}"` };
    }
    if (tag === 'outcome' && !isFailureCode(value)) {
      return { problem: `expected the code of a failure such as TOOL_ERROR or HTTP_429, got "${value}"` };
    }
    tags[tag as TagName] = value;
  }
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
    metric: name as MetricName,
    tags,
    aggregate,
    operator: operator as Threshold['operator'],
    limit: Number(limit),
  };
}
