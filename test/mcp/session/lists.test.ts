import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Exchange } from '../../../src/mcp/http/exchange.ts';
import type { Call } from '../../../src/mcp/operations/call.ts';
import { listItems } from '../../../src/mcp/operations/list-items.ts';
import { listPages, listTools } from '../../../src/mcp/session/lists.ts';
import { ToolIndex } from '../../../src/mcp/session/session.ts';
import { CALLER } from '../../support/session-rig.ts';

const TOOLS = listItems('tools');
const tools = (count: number, name = 'tool') => Array.from({ length: count }, (_, at) => ({ name: `${name}-${at}` }));

/** A session whose server answers the n-th request, from 0, with a result of so many bytes. */
function sessionWith(resultOf: (page: number, call: Call) => unknown, bytes = 100) {
  let page = 0;
  const request = async (call: Call): Promise<Exchange> => {
    const result = resultOf(page++, call);
    return { ...call.judge(result), result, sample: { bytes } } as unknown as Exchange;
  };
  return { request, pages: () => page, stateless: true };
}

for (const [what, resultOf, message, bytes] of [
  ['a cursor that came just before', () => ({ tools: [], nextCursor: 'a' }), /the cursor "a" came before/],
  [
    'a long cycle of long cursors',
    (page: number) => ({ tools: [], nextCursor: String(page % 40).padEnd(500, 'x') }),
    /came before/,
  ],
  ['a new cursor each time', (page: number) => ({ tools: [], nextCursor: `${page}` }), /more than 1000 pages/],
  ['too many items on a page', () => ({ tools: tools(130_000) }), /more than 100000 items/],
  ['too many items', (page: number) => ({ tools: tools(40_000), nextCursor: `${page}` }), /more than 100000 items/],
  ['too many bytes', (page: number) => ({ tools: [], nextCursor: `${page}` }), /more than 67108864 bytes/, 8_000_000],
] as const) {
  it(`fails a list that has ${what}`, async () => {
    const { outcome, message: said } = await listPages(sessionWith(resultOf, bytes), TOOLS, CALLER, () => {});
    assert.equal(outcome, 'PROTO_LIST_ENDLESS');
    assert.match(said, message);
  });
}

it('fails a page whose cursor is too long to be sent back', async () => {
  const session = sessionWith(() => ({ tools: [], nextCursor: 'x'.repeat(8193) }));
  const { outcome, message } = await listPages(session, TOOLS, CALLER, () => {});
  assert.equal(outcome, 'PROTO_SHAPE');
  assert.equal(message, 'tools/list: expected a nextCursor of at most 8192 characters');
});

it('reads a list of 999 pages to its end, with the cursor of each page in the next request', async () => {
  const cursors: (string | undefined)[] = [];
  const session = sessionWith((page, { params }) => {
    cursors.push((JSON.parse(params) as { cursor?: string }).cursor);
    return { tools: tools(100, `page-${page}`), ...(page === 998 ? {} : { nextCursor: `${page}` }) };
  });
  let items = 0;
  const { outcome } = await listPages(session, TOOLS, CALLER, (page) => {
    items += page.length;
  });
  assert.equal(outcome, 'OK');
  assert.equal(items, 99_900);
  assert.deepEqual(cursors, [undefined, ...Array.from({ length: 998 }, (_, page) => `${page}`)]);
});

it('keeps of a list of tools what the plan calls, and the other names only where they are needed', async () => {
  const listed = [...tools(99_999), { name: 'look', inputSchema: { type: 'object' } }];
  const list = (index: ToolIndex) =>
    listTools(
      sessionWith(() => ({ tools: listed })),
      CALLER,
      index,
    );
  const called = new Set(['look', 'missing']);
  const forLoad = await list(new ToolIndex({ called }));
  assert.ok(!('failed' in forLoad));
  assert.deepEqual(
    forLoad.map(({ name, inputSchema }) => [name, inputSchema]),
    [['look', { type: 'object' }]],
  );
  const forPreflight = await list(new ToolIndex({ called, keepsNames: true }));
  assert.ok(!('failed' in forPreflight));
  assert.equal(forPreflight.length, 100_000);
  assert.deepEqual(forPreflight.at(-1)?.inputSchema, { type: 'object' });
});
