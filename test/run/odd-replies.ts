import fc from 'fast-check';
import { chunkOf, httpReply, LAST_CHUNK } from '../support/raw-http.ts';

/** What is sent for one request: its method and id are known only then. */
export type OddReply = (method: string, id: unknown, isModern: boolean) => string;

/** Stands in a text for a value that is nested more deeply than a stack. */
const DEEP = '@deep@';
const DEEP_LEVELS = 20_000;

const TOOL = {
  name: 'look',
  annotations: { readOnlyHint: true },
  inputSchema: { type: 'object', properties: { q: { type: 'string', 'x-mcp-header': 'Q' } } },
};
const OUTPUT = {
  outputSchema: { type: 'object', properties: { id: { type: 'string', pattern: '^a' } }, required: ['id'] },
};
const FORM = {
  method: 'elicitation/create',
  params: { requestedSchema: { properties: { a: { default: 'x' } }, required: ['a'] } },
};
const SEEN = { content: [{ type: 'text', text: 'aaa' }], structuredContent: { id: 'a1' } };
const TASK = { taskId: 't', status: 'completed', pollInterval: 1, pollIntervalMs: 1 };

/** A valid result of each method, in a server's own words. */
const RESULTS: Readonly<Record<string, readonly object[]>> = {
  initialize: [
    {
      protocolVersion: '2025-11-25',
      capabilities: { tools: {}, prompts: {}, resources: {} },
      serverInfo: { name: 's', version: '1' },
    },
  ],
  'server/discover': [
    {
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: {}, prompts: {} },
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 's' } },
    },
  ],
  'tools/list': [
    { tools: [TOOL] },
    { tools: [{ ...TOOL, ...OUTPUT }] },
    { tools: [{ ...TOOL, execution: { taskSupport: 'required' } }], nextCursor: 'c' },
  ],
  'tools/call': [
    SEEN,
    { task: TASK },
    { resultType: 'task', ...TASK },
    { resultType: 'input_required', inputRequests: { a: FORM }, requestState: 's' },
  ],
  'tasks/get': [
    { ...TASK, result: SEEN },
    { ...TASK, status: 'failed', error: { code: -1, message: 'no' } },
  ],
  'tasks/result': [SEEN],
  'prompts/list': [{ prompts: [{ name: 'brief', arguments: [{ name: 'x', required: true }] }] }],
  'resources/list': [{ resources: [{ uri: 'a:b' }] }],
  'resources/templates/list': [{ resourceTemplates: [{ uriTemplate: 'a:{b}' }] }],
};

const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 1e308, 0.5, 2 ** 53, '', 'x', '\ud800', '\u202e\u001b]0;x\u0007', DEEP),
  fc.constantFrom<unknown>(
    [],
    {},
    [[]],
    { toString: 1 },
    { valueOf: null, toString: null },
    { length: -1 },
    JSON.parse('{"then":1,"__proto__":{"a":1},"constructor":1}'),
  ),
  fc.constantFrom<unknown>(
    'x'.repeat(70_000),
    Array(2000).fill([]),
    { $ref: '#' },
    { anyOf: [{ $ref: '#' }, { $ref: '#' }] },
  ),
  fc.constantFrom<unknown>(
    { pattern: '^(a+)+$' },
    { pattern: '(' },
    { type: ['string', {}] },
    { required: [{}, 1] },
    { enum: [DEEP] },
  ),
  fc.json({ maxDepth: 3 }).map((text) => JSON.parse(text)),
);

/** A value with some of its parts replaced, removed or added; `picks` says which. */
function changed(value: unknown, changes: readonly (readonly [pick: number, odd: unknown])[]): unknown {
  let whole = structuredClone(value);
  for (const [pick, odd] of changes) {
    const part = structuredClone(odd);
    const places = placesIn(whole);
    const place = places[pick % (places.length + 1)];
    if (place === undefined) whole = part;
    else if (pick % 7 === 0) delete (place.object as Record<string, unknown>)[place.key];
    else
      Object.defineProperty(place.object, pick % 5 === 0 ? `${place.key}x` : place.key, {
        value: part,
        enumerable: true,
        configurable: true,
        writable: true,
      });
  }
  return whole;
}

function placesIn(value: unknown): { readonly object: object; readonly key: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => [{ object: value, key }, ...placesIn(part)]);
}

function jsonWithDeep(value: unknown): string {
  const deep = `${'{"a":['.repeat(DEEP_LEVELS)}1${']}'.repeat(DEEP_LEVELS)}`;
  return JSON.stringify(value).replaceAll(`"${DEEP}"`, () => deep);
}

const changes = fc.array(fc.tuple(fc.nat(10_000), odd), { maxLength: 3 });

/** A message in answer to a request, more or less. */
const message: fc.Arbitrary<OddReply> = fc
  .record({ pick: fc.nat(10), changes, error: fc.integer({ min: 0, max: 6 }), whole: changes, isWholeOdd: fc.nat(8) })
  .map(({ pick, changes: parts, error, whole, isWholeOdd }) => (method, id) => {
    const results = RESULTS[method] ?? [{}];
    const result = changed(results[pick % results.length], parts);
    const answer = error === 0 ? { error: { code: -32_000 - pick, message: result } } : { result };
    const full = { jsonrpc: '2.0', id, ...answer };
    return jsonWithDeep(isWholeOdd === 0 ? changed(full, whole) : full);
  });

const headerLine = fc.constantFrom(
  ...[
    'x: y',
    'mcp-session-id: s',
    'mcp-session-id: t',
    'mcp-session-id: \u00ff',
    'retry-after: soon',
    'retry-after: 99999999999999999999',
  ],
  ...[
    'content-encoding: gzip',
    'www-authenticate: Bearer error="insufficient_scope',
    'location: ://',
    'content-type: text/html',
    `x: ${'y'.repeat(9000)}`,
  ],
);
const line = fc.oneof(
  fc.constantFrom(
    '',
    ':',
    ':c',
    'data',
    'data:',
    'event: ping',
    'event: message',
    'id: 1',
    'id: \0',
    'retry: 0',
    'retry: x',
    'nonsense',
    '\ufeffdata: {}',
  ),
  odd.map((value) => `data: ${jsonWithDeep(value)}`),
);

/** A stream of events in which the message may be. */
function streamOf(body: OddReply, before: readonly string[], after: readonly string[], newline: string): OddReply {
  return (method, id, isModern) => {
    const asked = `data: {"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":"ping"}`;
    return [...before, '', asked, '', `data: ${body(method, id, isModern)}`, '', ...after, ''].join(newline);
  };
}

const reply: fc.Arbitrary<OddReply> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(message, fc.array(headerLine, { maxLength: 1 })).map(
      ([body, headers]): OddReply =>
        (method, id, isModern) =>
          httpReply(200, ['content-type: application/json', ...headers], body(method, id, isModern)),
    ),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        message,
        fc.array(line, { maxLength: 4 }),
        fc.array(line, { maxLength: 3 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.nat(200),
        fc.boolean(),
      )
      .map(
        ([body, before, after, newline, cut, ends]): OddReply =>
          (method, id, isModern) => {
            const text = streamOf(body, before, after, newline)(method, id, isModern);
            const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
            const parts = [text.slice(0, cut), text.slice(cut)].filter((part) => part !== '').map(chunkOf);
            return head + parts.join('') + (ends ? LAST_CHUNK : '');
          },
      ),
  },
  fc
    .tuple(
      fc.constantFrom(100, 202, 204, 301, 400, 401, 403, 404, 429, 500, 503, 599),
      message,
      fc.array(headerLine, { maxLength: 3 }),
    )
    .map(
      ([status, body, headers]): OddReply =>
        (method, id, isModern) =>
          httpReply(status, headers, body(method, id, isModern)),
    ),
  fc.string({ maxLength: 60 }).map(
    (garbage): OddReply =>
      () =>
        `HTTP/1.1 200 OK\r\n${garbage}\r\n\r\n`,
  ),
  fc.string({ unit: 'binary', maxLength: 60 }).map(
    (garbage): OddReply =>
      () =>
        httpReply(200, ['content-type: application/json'], garbage),
  ),
);

/** What is sent for the requests of one session, in order; most of them are answered well enough to go on. */
export const oddReplies: fc.Arbitrary<readonly (OddReply | undefined)[]> = fc.array(
  fc.option(reply, { nil: undefined, freq: 3 }),
  { minLength: 1, maxLength: 8 },
);

/** A valid reply. */
export const goodReply: OddReply = (method, id) =>
  httpReply(
    200,
    ['content-type: application/json', 'mcp-session-id: s'],
    JSON.stringify({ jsonrpc: '2.0', id, result: RESULTS[method]?.[0] ?? {} }),
  );
