import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SseDecoder } from '../../../src/mcp/exchange/sse-decoder.ts';

type Decoded = { readonly events: readonly (readonly [data: string, type: string])[]; readonly unterminated: boolean };

/** What the decoder makes of a stream that is cut at the given places. */
function decode(stream: Buffer, cuts: readonly number[] = []): Decoded {
  const events: [string, string][] = [];
  const decoder = new SseDecoder((data, type) => events.push([data, type]));
  const ends = [...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length];
  let from = 0;
  for (const end of ends) {
    decoder.push(stream.subarray(from, end));
    from = end;
  }
  return { events, unterminated: decoder.end() };
}

/** The standard's algorithm over the whole text, line by line; the tail is handed out too. */
function reference(text: string): Decoded {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/);
  const events: [string, string][] = [];
  let data: string[] = [];
  let type = '';
  const dispatch = () => {
    if (data.length > 0) events.push([data.join('\n'), type || 'message']);
    data = [];
    type = '';
  };
  const last = lines.pop();
  for (const line of last === '' ? lines : [...lines, last as string]) {
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) as unknown as [string, string, string?];
    if (line === '') dispatch();
    else if (field === 'data') data.push(value);
    else if (field === 'event') type = value;
  }
  const unterminated = data.join('\n') !== '';
  if (unterminated) dispatch();
  return { events, unterminated };
}

const line = fc.oneof(
  fc.constantFrom(
    '',
    '',
    'data',
    'data:',
    'data: ',
    'data:  two',
    'datax: no',
    'dat: no',
    ' data: no',
    ':data: comment',
  ),
  fc.constantFrom(
    'event: ping',
    'event: message',
    'event:',
    'event',
    'events: no',
    'id: 7',
    'retry: 100',
    '\ufeffdata: x',
  ),
  fc
    .string({ unit: fc.constantFrom('a', ':', ' ', 'é', '€', '😀', '\u2028', '\0', '{', '"') })
    .map((text) => `data: ${text}`),
);
const stream = fc
  .tuple(fc.boolean(), fc.array(fc.tuple(line, fc.constantFrom('\n', '\r', '\r\n'))), line)
  .map(([mark, lines, tail]) => (mark ? '\ufeff' : '') + lines.map((parts) => parts.join('')).join('') + tail);

describe('SseDecoder', () => {
  it('decodes as the standard says, wherever the chunks are cut', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat()), (text, cuts) => {
        assert.deepEqual(decode(Buffer.from(text), cuts), reference(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('decodes a stream that comes byte by byte', () => {
    const text = '\ufeffid: 1\r\ndata:\r\n\r\n: hi\rdata: {"é":\rdata: "😀"}\r\revent: ping\ndata: 1\n\ndata: end';
    const bytes = Buffer.from(text);
    const decoded = decode(bytes, [...bytes.keys()]);
    assert.deepEqual(decoded, {
      events: [
        ['', 'message'],
        ['{"é":\n"😀"}', 'message'],
        ['1', 'ping'],
        ['end', 'message'],
      ],
      unterminated: true,
    });
  });

  it('drops an event without data, and forgets its type', () => {
    const { events } = decode(Buffer.from('event: ping\n\ndata: 1\n\n'));
    assert.deepEqual(events, [['1', 'message']]);
  });

  it('reads a megabyte in small chunks in time that does not grow with the square', () => {
    const size = 2 ** 20;
    const chunks = Array.from({ length: size / 64 }, () => Buffer.alloc(64, 'x'));
    let got = '';
    const decoder = new SseDecoder((data) => {
      got = data;
    });
    decoder.push(Buffer.from('data: '));
    const startMs = performance.now();
    for (const chunk of chunks) decoder.push(chunk);
    decoder.push(Buffer.from('\n\n'));
    assert.equal(got.length, size);
    // Scanning what was there before at each chunk would touch 8 GiB.
    assert.ok(performance.now() - startMs < 1000);
  });
});
