import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { SseDecoder } from '../../../src/mcp/http/sse-decoder.ts';

type Decoded = { readonly events: readonly (readonly [data: string, type: string])[]; readonly unterminated: boolean };

/** Decodes a stream in chunks that end at the given places. */
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

/** The standard's algorithm on the whole text, line by line; an unfinished last event is included. */
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

it('decodes as the standard says, wherever the chunks end', () => {
  fc.assert(
    fc.property(stream, fc.array(fc.nat()), (text, cuts) => {
      assert.deepEqual(decode(Buffer.from(text), cuts), reference(text));
    }),
    { numRuns: 2000 },
  );
});

it('decodes a stream that arrives byte by byte', () => {
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

it('drops an event without data and its type', () => {
  const { events } = decode(Buffer.from('event: ping\n\ndata: 1\n\n'));
  assert.deepEqual(events, [['1', 'message']]);
});

it('searches no byte twice for the same line end, wherever the chunks end', () => {
  fc.assert(
    fc.property(stream, fc.array(fc.nat()), (text, cuts) => {
      const whole = Buffer.from(text.repeat(3));
      const decoder = new SseDecoder(() => {});
      const ends = [...cuts.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b), whole.length];
      let from = 0;
      for (const end of ends) {
        decoder.push(watched(Buffer.from(whole.subarray(from, end))));
        from = end;
      }
    }),
  );
});

it('holds a line that spans chunks in less than twice its size, and copies no byte more than twice on average', (test) => {
  const decoder = new SseDecoder(() => {});
  const copy = test.mock.method(Buffer.prototype, 'copy');
  const length = 6 + 1000 * 64;
  decoder.push(Buffer.from('data: '));
  for (let chunk = 0; chunk < 1000; chunk++) decoder.push(Buffer.alloc(64, 'x'));
  assert.ok(decoder.heldBytes >= length && decoder.heldBytes < 2 * length, `${decoder.heldBytes}`);
  let copied = 0;
  for (const call of copy.mock.calls) copied += Number(call.result);
  assert.ok(copied <= 3 * length, `${copied}`);
  decoder.push(Buffer.from('\n\n'));
  assert.ok(decoder.heldBytes <= 128 * 1024);
});

it('counts what an event of many lines takes in memory, and forgets it with the event', () => {
  const decoder = new SseDecoder(() => {});
  decoder.push(Buffer.from('data:\n'.repeat(1000)));
  assert.ok(decoder.heldBytes >= 32_000);
  decoder.push(Buffer.from('\n'));
  assert.equal(decoder.heldBytes, 0);
});

it('takes no id that is too long to be sent back, and no delay of more than an hour', () => {
  const decoder = new SseDecoder(() => {});
  decoder.push(Buffer.from(`id: 1\ndata: a\n\nid: ${'1'.repeat(5000)}\nretry: ${'9'.repeat(400)}\ndata: b\n\n`));
  assert.equal(decoder.lastEventId, undefined);
  assert.equal(decoder.retryMs, 3_600_000);
});

it('knows where and when to resume the stream: the id of the last complete event, and the retry time', () => {
  const decoder = new SseDecoder(() => {});
  const after = (text: string) => {
    decoder.push(Buffer.from(text));
    return [decoder.lastEventId, decoder.retryMs];
  };
  assert.deepEqual(after('data: 1\n\n'), [undefined, undefined]);
  assert.deepEqual(after('id: first\nretry: 250\ndata:\n'), [undefined, 250]);
  assert.deepEqual(after('\n'), ['first', 250]);
  assert.deepEqual(after('id: second\n\ndata: 2\n\n'), ['second', 250], 'an event without data has an id too');
  assert.deepEqual(after('id: th\0ird\n\nretry: soon\n\n'), ['second', 250]);
  assert.deepEqual(after('id: cut off\ndata: 3'), ['second', 250]);
  decoder.end();
  assert.equal(decoder.lastEventId, 'second');
});

it('forgets the id when the server resets it', () => {
  const decoder = new SseDecoder(() => {});
  decoder.push(Buffer.from('id: 1\n\nid\n\n'));
  assert.equal(decoder.lastEventId, undefined);
});

/** A chunk that throws when the same place is searched twice for the same byte. */
function watched(chunk: Buffer): Buffer {
  const searched = new Map<unknown, number>();
  chunk.indexOf = (value: string | number | Uint8Array, from?: unknown) => {
    const at = Number(from ?? 0);
    assert.ok(at >= (searched.get(value) ?? 0), `searched again at ${at} for ${value}`);
    const found = Buffer.prototype.indexOf.call(chunk, value as number, at);
    searched.set(value, found === -1 ? chunk.length : found + 1);
    return found;
  };
  return chunk;
}
