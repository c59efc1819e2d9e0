type RouteMatch<T> = {
  readonly target: T;
  readonly params: Readonly<Record<string, string>>;
};

/** How general a segment is. Routes are compared from the left; the route with the lower rank is tried first. */
type Rank = 0 | 1 | 2 | 3 | 4;

type Route<T> = {
  readonly pattern: RegExp;
  readonly params: readonly string[];
  readonly ranks: readonly Rank[];
  readonly methods: readonly string[];
  readonly target: T;
};

const constraints: Readonly<Record<string, string>> = {
  int: '-?\\d+',
  long: '-?\\d+',
  bool: '(?:true|false)',
  alpha: '[a-z]+',
  guid: '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}',
};

/**
 * Finds the function for a request by ASP.NET route templates, with the syntax that function apps use: `{name}`,
 * `{name?}`, `{name:int}`, `{*rest}` and segments that mix text and parameters (`report.{format}`).
 */
export class RouteTable<T> {
  readonly #routes: Route<T>[] = [];

  /**
   * @param methods in upper case; an empty list allows any method
   * @throws Error when the template is not supported
   */
  add(template: string, methods: readonly string[], target: T): void {
    this.#routes.push({ ...compile(template), methods, target });
    this.#routes.sort((a, b) => compareRanks(a.ranks, b.ranks));
  }

  /** The most specific route for a path without its query, or undefined. A route with other methods does not match. */
  match(method: string, pathname: string): RouteMatch<T> | undefined {
    for (const route of this.#routes) {
      const found = route.methods.length === 0 || route.methods.includes(method) ? route.pattern.exec(pathname) : null;
      if (found === null) continue;
      const given = route.params.map((name, i) => [name, found[i + 1]] as const);
      const params = given.flatMap(([name, value]) => (value === undefined ? [] : [[name, decode(value)]]));
      return { target: route.target, params: Object.fromEntries(params) };
    }
    return undefined;
  }
}

function compile(template: string): Pick<Route<never>, 'pattern' | 'params' | 'ranks'> {
  const params: string[] = [];
  const ranks: Rank[] = [];
  let source = '^';
  for (const segment of template.split('/').filter((part) => part !== '')) {
    const parts = segment.split(/(\{[^{}]*\})/).filter((part) => part !== '');
    const [only] = parts;
    const parameter = parts.length === 1 && only?.startsWith('{') ? parseParameter(template, only) : undefined;
    if (parameter?.isCatchAll) {
      params.push(parameter.name);
      ranks.push(4);
      source += '(?:/(.*))?';
    } else if (parameter !== undefined) {
      params.push(parameter.name);
      ranks.push(parameter.isConstrained ? 2 : 3);
      source += parameter.isOptional ? `(?:/(${parameter.pattern}))?` : `/(${parameter.pattern})`;
    } else {
      ranks.push(parts.length === 1 ? 0 : 1);
      source += `/${parts.map((part) => mixedPart(template, part, params)).join('')}`;
    }
  }
  return { pattern: new RegExp(`${source}/?$`, 'i'), params, ranks };
}

function mixedPart(template: string, part: string, params: string[]): string {
  if (!part.startsWith('{')) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const parameter = parseParameter(template, part);
  if (parameter.isCatchAll || parameter.isOptional) {
    throw new Error(
      `Route "${template}": ${part} cannot share its segment with text. Use a plain {${parameter.name}}.`,
    );
  }
  params.push(parameter.name);
  return `(${parameter.pattern})`;
}

function parseParameter(template: string, text: string) {
  const match = /^\{(\*{0,2})([\w-]+)((?::\w+)*)(\?)?\}$/.exec(text);
  if (match === null) {
    throw new Error(`Route "${template}": ${text} is not supported. Use {name}, {name?}, {name:int} or {*rest}.`);
  }
  const [, stars = '', name = '', constraint = '', optional] = match;
  const kind = constraint.split(':').filter((word) => word !== '');
  const known = kind.map((word) => constraints[word]);
  if (kind.length > 1 || known.includes(undefined)) {
    throw new Error(`Route "${template}": ${text} has a constraint that the local host does not support.`);
  }
  return {
    name,
    isCatchAll: stars !== '',
    isOptional: optional !== undefined,
    isConstrained: kind.length > 0,
    pattern: known[0] ?? '[^/]+',
  };
}

function compareRanks(a: readonly Rank[], b: readonly Rank[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    // A shorter route is more specific than one that continues with an optional segment.
    const difference = (a[i] ?? -1) - (b[i] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Decodes escapes, except that of a slash, which ASP.NET leaves in a path. */
function decode(value: string): string {
  try {
    return value
      .split(/(%2f)/i)
      .map((part, index) => (index % 2 === 1 ? part : decodeURIComponent(part)))
      .join('');
  } catch {
    return value;
  }
}
