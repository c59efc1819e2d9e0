import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server';
import fc from 'fast-check';
import { addParams, type Call } from '../../../src/mcp/operations/call.ts';
import { callTool } from '../../../src/mcp/operations/call-tool.ts';
import {
  encodeHeaderValue,
  headersOfArguments,
  readMirroredArguments,
} from '../../../src/mcp/operations/mirrored-arguments.ts';
import { getPrompt } from '../../../src/mcp/operations/prompts-and-resources.ts';
import { type LoopbackServer, listenOnLoopback } from '../../support/loopback-server.ts';

const header = (name: unknown, type: unknown = 'string') => ({ type, 'x-mcp-header': name });
const schemaOf = (properties: object) => ({ type: 'object', properties });

/** The headers of a call with these arguments. The schema must be valid. */
function headersOf(schema: object, args: unknown): readonly string[] {
  const read = readMirroredArguments(schema);
  assert.ok('mirrored' in read, JSON.stringify(read));
  return headersOfArguments(read.mirrored, callTool('look')(JSON.stringify(args)).params);
}

describe('an argument that a tool wants in a header', () => {
  it('is mirrored under the name in the annotation, in lower case', () => {
    const schema = schemaOf({
      region: header('Region'),
      n: header('X!-1', 'integer'),
      v: header('v', 'boolean'),
      q: {},
    });
    assert.deepEqual(headersOf(schema, { region: 'eu', n: 42, v: false, q: 'x' }), [
      'mcp-param-region',
      'eu',
      'mcp-param-x!-1',
      '42',
      'mcp-param-v',
      'false',
    ]);
  });

  it('can be anywhere that `properties` lead to', () => {
    const schema = schemaOf({ where: schemaOf({ region: header('Region') }), properties: header('P') });
    assert.deepEqual(headersOf(schema, { where: { region: 'eu' }, properties: 'p' }), [
      'mcp-param-region',
      'eu',
      'mcp-param-p',
      'p',
    ]);
    for (const args of [{}, { where: null }, { where: 'eu' }, { where: ['eu'] }])
      assert.deepEqual(headersOf(schema, args), []);
  });

  it('gets no header when it is null, absent or not a plain value', () => {
    const schema = schemaOf({ constructor: header('c'), a: header('a'), b: header('b', 'integer') });
    assert.deepEqual(headersOf(schema, {}), []);
    assert.deepEqual(headersOf(schema, { a: null, b: null }), []);
    assert.deepEqual(headersOf(schema, { a: { x: 1 }, b: [1] }), []);
    assert.deepEqual(headersOfArguments([{ header: 'mcp-param-a', path: ['a'] }], '{"name":"look"}'), []);
  });

  it('is mirrored as a number only when every implementation formats it alike', () => {
    const schema = schemaOf({ n: header('n', 'integer') });
    const texts: [number, string | undefined][] = [
      [0, '0'],
      [-0, '0'],
      [-7, '-7'],
      [1.5, '1.5'],
      [Number.MAX_SAFE_INTEGER, '9007199254740991'],
      [Number.MAX_SAFE_INTEGER + 1, undefined],
      [1e21, undefined],
    ];
    for (const [n, text] of texts) {
      assert.deepEqual(headersOf(schema, { n }), text === undefined ? [] : ['mcp-param-n', text], String(n));
    }
  });

  it('costs nothing when the tool annotates none', () => {
    assert.deepEqual(headersOfArguments([], 'not even JSON'), []);
    for (const schema of [undefined, null, true, {}, schemaOf({ a: true, b: 'x' })]) {
      assert.deepEqual(readMirroredArguments(schema), { mirrored: [] });
    }
  });
});

describe('a tool with a bad annotation', () => {
  const invalid: Record<string, [object, string]> = {
    'for a name that is empty': [schemaOf({ a: header('') }), 'x-mcp-header at a: expected an HTTP token, got ""'],
    'for a name with a space': [
      schemaOf({ a: header('My Region') }),
      'x-mcp-header at a: expected an HTTP token, got "My Region"',
    ],
    'for a name with a colon': [schemaOf({ a: header('a:b') }), 'x-mcp-header at a: expected an HTTP token, got "a:b"'],
    'for a name that is not ASCII': [
      schemaOf({ a: header('Région') }),
      'x-mcp-header at a: expected an HTTP token, got "Région"',
    ],
    'for a name with a control character': [
      schemaOf({ a: header('a\t1') }),
      'x-mcp-header at a: expected an HTTP token, got "a\\t1"',
    ],
    'for a name with a line break at its end': [
      schemaOf({ a: header('a\n') }),
      'x-mcp-header at a: expected an HTTP token, got "a\\n"',
    ],
    'for a name that is not a string': [
      schemaOf({ a: header(true) }),
      'x-mcp-header at a: expected an HTTP token, got true',
    ],
    'for a name that is used twice': [
      schemaOf({ a: header('MyField'), b: schemaOf({ c: header('myfield') }) }),
      'x-mcp-header at b.c: "myfield" is used twice',
    ],
  };
  for (const type of ['object', 'array', 'null', 'number', ['string', 'null'], undefined]) {
    const expected = `x-mcp-header at a: expected a string, an integer or a boolean, got ${JSON.stringify(type)}`;
    invalid[`for a header of type ${JSON.stringify(type)}`] = [
      schemaOf({ a: { type, 'x-mcp-header': 'A' } }),
      expected,
    ];
  }
  const inner = schemaOf({ b: header('B') });
  const elsewhere = {
    items: { a: { type: 'array', items: inner } },
    'a list of items': { a: { prefixItems: [{}, inner] } },
    anyOf: { a: { anyOf: [{ type: 'null' }, inner] } },
    if: { a: { if: inner } },
    $defs: { a: { $defs: { unused: inner } } },
    additionalProperties: { a: { additionalProperties: header('B') } },
    patternProperties: { a: { patternProperties: { '^b': header('B') } } },
  };
  for (const [place, properties] of Object.entries(elsewhere)) {
    invalid[`for an annotation under ${place}`] = [
      schemaOf(properties),
      'it must be reached through `properties` only',
    ];
  }
  invalid['for an annotation of all arguments'] = [
    { ...schemaOf({}), 'x-mcp-header': 'A' },
    'x-mcp-header at the top: it must be reached through `properties` only',
  ];
  for (const [reason, [schema, message]] of Object.entries(invalid)) {
    it(`must not be called ${reason}`, () => {
      const read = readMirroredArguments(schema);
      assert.ok('invalid' in read, JSON.stringify(read));
      assert.ok(read.invalid.endsWith(message), read.invalid);
    });
  }

  it('can be called when the annotation occurs only in example values', () => {
    const example = { type: 'object', default: inner, const: inner, enum: [inner], examples: [inner] };
    assert.deepEqual(readMirroredArguments(schemaOf({ a: example })), { mirrored: [] });
  });
});

describe('a header value', () => {
  it('can be decoded to the original string, and is safe to send', () => {
    const decode = (value: string): string => {
      const wrapped = value.startsWith('=?base64?') && value.endsWith('?=');
      return wrapped ? Buffer.from(value.slice(9, -2), 'base64').toString('utf8') : value;
    };
    const odd = fc.constantFrom(
      '',
      ' ',
      'a ',
      ' a',
      'a\tb',
      'a\r\nb',
      '=?base64?',
      '=?base64?=',
      '=?base64?YQ==?=',
      'ü',
      '世界',
    );
    const wellFormed = fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(fc.oneof(odd, wellFormed, fc.string()), (text) => {
        const value = encodeHeaderValue(text);
        assert.match(value, /^[!-~]([ -~]*[!-~])?$/);
        assert.equal(decode(value), text);
      }),
      { numRuns: 500 },
    );
    for (const plain of ['a', 'us west 1', 'file:///a%20b?c=d', '~!']) assert.equal(encodeHeaderValue(plain), plain);
  });
});

describe('a server of the stateless era', () => {
  const schema = schemaOf({
    region: header('Region'),
    count: header('Count', 'integer'),
    where: schemaOf({ deep: header('Deep', 'boolean') }),
  });
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'strict', version: '1.0.0' });
    const inputSchema = fromJsonSchema(schema as Parameters<typeof fromJsonSchema>[0]);
    server.registerTool('weigh', { inputSchema }, () => ({ content: [] }));
    server.registerPrompt('briefing für alle', {}, () => ({ messages: [] }));
    return server;
  });
  const handle = toNodeHandler(handler);
  // The adapter's type and node's disagree about `undefined` under exactOptionalPropertyTypes.
  let server: LoopbackServer;
  before(async () => {
    server = await listenOnLoopback(
      createServer((request, response) => handle(request as NodeIncomingMessageLike, response)),
    );
  });
  after(async () => {
    await handler.close();
    await server.close();
  });

  /** The status of a call with these headers, and the code of its error. */
  async function send(
    { method, name = '', params }: Call,
    headers: readonly string[],
  ): Promise<[status: number, code: number | undefined]> {
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const mirrored = headers.flatMap((key, at) => (at % 2 === 0 ? [[key, headers[at + 1] as string]] : []));
    const reply = await fetch(`http://127.0.0.1:${server.port}/`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': method,
        'mcp-name': encodeHeaderValue(name),
        ...Object.fromEntries(mirrored),
      },
      body: `{"jsonrpc":"2.0","id":1,"method":"${method}","params":${addParams(params, `"_meta":${JSON.stringify(meta)}`)}}`,
    });
    const { error } = (await reply.json()) as { error?: { code: number } };
    return [reply.status, error?.code];
  }

  it('accepts arguments that are mirrored, whatever the values, and refuses others', async () => {
    const weigh = (args: unknown) => callTool('weigh')(JSON.stringify(args));
    const region = ['', ' padded ', 'us west 1', 'Hello, 世界', 'a\r\nb', '\tx', '=?base64?YQ==?=', '=?base64?='];
    for (const args of [...region.map((text) => ({ region: text })), { count: -3, where: { deep: false } }, {}]) {
      const said = await send(weigh(args), headersOf(schema, args));
      assert.deepEqual(said, [200, undefined], JSON.stringify(args));
    }
    assert.deepEqual(await send(weigh({ region: 'eu' }), []), [400, -32020]);
    assert.deepEqual(await send(weigh({ region: 'eu' }), ['mcp-param-region', 'us']), [400, -32020]);
  });

  it('accepts names with any characters', async () => {
    assert.deepEqual(await send(getPrompt('briefing für alle')('{}'), []), [200, undefined]);
  });
});
