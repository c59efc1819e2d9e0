import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ReplyMemory } from '../../../src/mcp/http/reply-memory.ts';
import { chunkOf, eventOf, eventStream, httpReply, jsonReply, openStream } from '../../support/raw-http.ts';
import { ExchangeRig, good, heldReply, result, serve } from './exchange-rig.ts';

const LIMIT = 4096;
const answer = (text: string) => ({ ...result, result: { content: [{ type: 'text', text }] } });
const LONG = 'x'.repeat(LIMIT);

for (const [form, reply] of [
  ['JSON', jsonReply(answer(LONG))],
  ['one event', eventStream(eventOf(answer(LONG)))],
  ['an event of many short lines', eventStream('data:\n'.repeat(LIMIT))],
  ['many events without an answer', eventStream(...Array.from({ length: LIMIT }, () => eventOf({ method: 'note' })))],
  ['many comments', openStream(':\n'.repeat(LIMIT))],
  ['a page of HTML', httpReply(200, ['content-type: text/html'], LONG + LONG)],
] as const) {
  it(`cuts ${form} above maxReplyBytes, and goes on with other requests`, async (test) => {
    const server = await serve(test, reply, good);
    const rig = new ExchangeRig(server.origin, { maxReplyBytes: LIMIT });
    const exchange = await rig.send();
    assert.equal(exchange.outcome, 'REPLY_TOO_LARGE');
    assert.match(
      exchange.message,
      /^the reply has (an event of )?more than 4096 bytes, the limit of .* maxReplyBytes$/,
    );
    assert.equal((await rig.send()).outcome, 'OK');
    assert.equal(rig.memory.heldBytes, 0);
  });
}

it('names the status, not the size, of a failure with an endless body', async (test) => {
  const server = await serve(test, httpReply(500, ['content-type: text/html'], `oops ${LONG}${LONG}`));
  const rig = new ExchangeRig(server.origin, { maxReplyBytes: LIMIT });
  const exchange = await rig.send();
  assert.equal(exchange.outcome, 'HTTP_500');
  assert.match(exchange.message, /^oops x/);
});

it('takes a reply of just maxReplyBytes', async (test) => {
  const spare = JSON.stringify(answer('')).length;
  const server = await serve(test, jsonReply(answer('x'.repeat(LIMIT - spare))));
  assert.equal((await new ExchangeRig(server.origin, { maxReplyBytes: LIMIT }).send()).outcome, 'OK');
});

it('refuses a large reply whose values would take far more memory than their bytes', async (test) => {
  const body = JSON.stringify({ ...result, result: { content: Array.from({ length: 60_000 }, () => []) } });
  const server = await serve(test, httpReply(200, ['content-type: application/json'], body), good);
  const rig = new ExchangeRig(server.origin, { maxReplyBytes: body.length });
  const exchange = await rig.send();
  assert.equal(exchange.outcome, 'REPLY_TOO_LARGE');
  assert.match(exchange.message, /so many values/);
  assert.equal((await rig.send()).outcome, 'OK');
});

it('ends a reply for which the process has no memory left as CLIENT_LIMIT, and gives the memory back', async (test) => {
  const held = heldReply();
  const server = await serve(
    test,
    held.reply,
    jsonReply(answer('x'.repeat(3000))),
    jsonReply(answer('x'.repeat(3000))),
  );
  const memory = new ReplyMemory(5000);
  const rig = new ExchangeRig(server.origin, { maxConnections: 2 }, { memory });
  const first = rig.begin();
  const socket = await held.socket;
  socket.write(`HTTP/1.1 200 Any\r\ncontent-type: application/json\r\ncontent-length: 9000\r\n\r\n${'y'.repeat(3000)}`);
  while (memory.heldBytes === 0) await new Promise(setImmediate);
  const second = await rig.send();
  assert.equal(second.outcome, 'CLIENT_LIMIT');
  assert.match(
    second.message,
    /^the requests and replies under way hold \d+ MiB, the limit: raise SURGE_REPLY_MEMORY_MB/,
  );
  socket.destroy();
  await rig.finish(first);
  assert.equal(memory.heldBytes, 0);
  assert.equal((await rig.send()).outcome, 'OK');
});

it('holds little memory for a reply that arrives a byte at a time', async (test) => {
  const held = heldReply();
  const server = await serve(test, held.reply);
  const rig = new ExchangeRig(server.origin);
  const exchange = rig.begin();
  const socket = await held.socket;
  const body = JSON.stringify(result);
  socket.write('HTTP/1.1 200 Any\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n');
  socket.write([...body].map(chunkOf).join(''));
  while (exchange.sample.bytes < body.length) await new Promise(setImmediate);
  assert.ok(rig.memory.heldBytes <= 2 * body.length, `${rig.memory.heldBytes}`);
  socket.write('0\r\n\r\n');
  await rig.finish(exchange);
  assert.equal(exchange.outcome, 'OK');
});

it('reads a stream for messages from the server however many bytes it has, but no event above the limit', async (test) => {
  const held = heldReply();
  const server = await serve(test, held.reply);
  const rig = new ExchangeRig(server.origin, { maxReplyBytes: LIMIT });
  const stream = rig.begin({ method: 'GET', body: null, expects: 'stream' });
  const socket = await held.socket;
  socket.write(openStream(...Array.from({ length: 100 }, () => eventOf({ method: 'note', params: 'x'.repeat(1000) }))));
  await stream.settled;
  while (stream.sample.bytes < 100_000) await new Promise(setImmediate);
  assert.equal(stream.outcome, 'OK');
  assert.notEqual(stream.state, 'ended');
  socket.write(chunkOf(`data: ${LONG}`));
  await rig.finish(stream);
  assert.equal(stream.outcome, 'REPLY_TOO_LARGE');
});

it('does not call a stream bad whose event the time limit cut in its middle', async (test) => {
  const server = await serve(test, openStream('data: {"jsonrpc":"2.0","id":1,"res'));
  const rig = new ExchangeRig(server.origin, { timeouts: { total: '100ms' } });
  const { outcome, message } = await rig.send();
  assert.equal(outcome, 'TMO_TOTAL');
  assert.equal(message, 'no answer within 100 ms, in the middle of an event');
});
