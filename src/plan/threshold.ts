import { isFailureCode } from './failure-code.ts';

/** What a threshold may look at, and which aggregates each metric has; k6's names where k6 has one. */
const METRICS = {
  mcp_request_duration: { aggregates: ['p', 'avg', 'min', 'med', 'max'], tags: ['target', 'operation'] },
  mcp_requests: { aggregates: ['count', 'rate'], tags: ['target', 'operation'] },
  mcp_failures: { aggregates: ['count', 'rate'], tags: ['target', 'operation', 'outcome'] },
  useful_rate: { aggregates: ['rate'], tags: ['target', 'operation'] },
  iteration_duration: { aggregates: ['p', 'avg', 'min', 'med', 'max'], tags: ['scenario'] },
  iterations: { aggregates: ['count', 'rate'], tags: ['scenario'] },
  dropped_iterations: { aggregates: ['count', 'rate'], tags: ['scenario'] },
} as const;

export type MetricName = keyof typeof METRICS;
export type Aggregate =
  | { readonly kind: 'p'; readonly percent: number }
  | { readonly kind: Exclude<AggregateKind, 'p'> };
export type TagName = 'target' | 'operation' | 'outcome' | 'scenario';
export type Tags = Readonly<Partial<Record<TagName, string>>>;
type AggregateKind = (typeof METRICS)[MetricName]['aggregates'][number];

/**
 * A condition that the run must meet. Durations are milliseconds; rates of `mcp_requests` and `iterations` are per second,
 * all others shares: of requests, and of `dropped_iterations` in all iterations that were to be.
 */
export type Threshold = {
  readonly metric: MetricName;
  /** Only samples with these tags count. */
  readonly tags: Tags;
  readonly aggregate: Aggregate;
  readonly operator: '<' | '<=' | '>' | '>=' | '==' | '!=';
  readonly limit: number;
};

const METRIC = /^([a-z_]+)(?:\{(.*)\})?$/;
const EXPRESSION = /^\s*(?:p\((\d+(?:\.\d+)?)\)|([a-z]+))\s*(<=|>=|==|!=|<|>)\s*(-?\d+(?:\.\d+)?)\s*$/;

/**
 * Parses one condition in k6's grammar, e.g. `mcp_request_duration{operation:tools/call:search}` with `p(95)<500`.
 */
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
 * Parses what a threshold looks at. A tag's value is all that follows its first colon up to the next comma, or stands in
 * double quotes: `{operation:"tools/call:a,b"}`.
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
    tags[tag as TagName] = value;
  }
  return { name, tags };
}

function isMetric(name: string): name is MetricName {
  return Object.hasOwn(METRICS, name);
}

/** At the commas that are not within quotes. */
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
