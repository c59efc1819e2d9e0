import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { after, before, beforeEach, it } from 'node:test';
import { TableClient } from '@azure/data-tables';
import { tableRunStore } from '../../src/store/open-run-store.ts';
import type { RunRecord, RunStore } from '../../src/store/run-store.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { TableRows } from '../../src/store/table-rows.ts';
import { type Azurite, startAzurite } from '../../tools/functions-host/azurite/azurite.ts';
import { type Fault, type FaultyProxy, startFaultyProxy } from './faulty-proxy.ts';
import { sampleBlock } from './sample-block.ts';

const RUN: RunRecord = {
  runId: 'run-1',
  planName: 'plan',
  planHash: 'hash',
  trigger: 'http',
  createdAt: '2026-01-01T00:00:00.000Z',
  state: 'queued',
  stopRequested: false,
};

let azurite: Azurite;
let proxy: FaultyProxy;
let client: TableClient;
let store: RunStore;
let tables = 0;

before(async () => {
  azurite = await startAzurite();
  proxy = await startFaultyProxy(azurite);
});
after(async () => {
  await proxy?.stop();
  await azurite?.stop();
});
beforeEach(() => {
  proxy.fault = () => 'pass';
  client = clientFor(proxy.connectionString, `faults${tables++}`);
  store = tableRunStore(client);
});

/** Makes the fault for the first requests that match. */
function faultFirst(times: number, fault: Fault, matches: (request: IncomingMessage) => boolean) {
  let left = times;
  proxy.fault = (request) => (matches(request) && left-- > 0 ? fault : 'pass');
}

const isWrite = ({ method }: IncomingMessage) => method !== 'GET';
const isRowWrite = (request: IncomingMessage) => isWrite(request) && !request.url?.endsWith('/Tables');

it('repeats every kind of write that gets two 503s in a row', async () => {
  const writes: (() => Promise<unknown>)[] = [
    () => store.createRun(RUN),
    () => store.updateRun(RUN.runId, { state: 'running' }),
    () => store.appendBlock(RUN.runId, 's', 'a', 0, sampleBlock(10, 1)),
    () => store.takeLease(RUN.runId, 's', 0, 'a'),
    () => store.takeOverLease(RUN.runId, 's', 0, 'a', 'b'),
  ];
  for (const write of writes) {
    faultFirst(2, 503, isWrite);
    await write();
  }
  assert.equal((await store.getRun(RUN.runId))?.state, 'running');
  assert.equal((await store.readAttempts(RUN.runId, 's')).leases[0]?.holder, 'b');
});

it('recognises its own writes if the responses are lost', async () => {
  // Drops the first response to each write of a call; the client then repeats a write that has taken place.
  const losing = async <Value>(write: () => Promise<Value>): Promise<Value> => {
    const lost = new Set<string>();
    proxy.fault = (request) => {
      const id = `${request.method} ${request.url}`;
      if (!isRowWrite(request) || lost.has(id)) return 'pass';
      lost.add(id);
      return 'lose';
    };
    return write();
  };
  assert.equal(await losing(() => store.createRun(RUN)), true);
  assert.equal(await store.createRun(RUN), false);
  assert.equal(await losing(() => store.takeLease(RUN.runId, 's', 0, 'a')), 'a');
  assert.equal(await losing(() => store.takeOverLease(RUN.runId, 's', 0, 'a', 'b')), true);
  assert.deepEqual((await store.readAttempts(RUN.runId, 's')).supersededHolders, [{ attempt: 0, holder: 'a' }]);
  assert.deepEqual(await losing(() => store.reserveKey('key', { runId: 'r', planHash: 'h' })), {
    runId: 'r',
    planHash: 'h',
  });
  await losing(() => store.appendBlock(RUN.runId, 's', 'b', 0, sampleBlock(10, 1)));
  for (const bytes of [randomBytes(1_300_000), randomBytes(700_000)]) {
    await losing(() => store.putDocument(RUN.runId, 'report', bytes));
    assert.ok(bytes.equals((await store.getDocument(RUN.runId, 'report')) ?? Buffer.alloc(0)));
  }
});

it('gives up on a service that stays busy, and says what could not be stored', async () => {
  await store.createRun(RUN);
  proxy.fault = () => 503;
  const before = proxy.requests.length;
  await assert.rejects(store.appendBlock(RUN.runId, 's-7', 'a', 3, sampleBlock(10, 1)), (error: unknown) => {
    assert.ok(error instanceof StoreError);
    assert.equal(error.message, 'Could not store block 3 of slice s-7 of run run-1: Table Storage answered 503');
    assert.equal(error.statusCode, 503);
    return true;
  });
  assert.equal(proxy.requests.length - before, 4, 'one call and three repeats');
});

it('gives up on a service that never answers', async () => {
  const rows = new TableRows(client, 300);
  proxy.fault = () => 'hang';
  const key = { partitionKey: 'p', rowKey: 'r' };
  await assert.rejects(rows.put('store a row', key, {}), /^StoreError: Could not store a row: .* within 0\.3 s\.$/);
});

it('tries again to create the table after a failure', async () => {
  proxy.fault = () => 403;
  await assert.rejects(store.getRun('r'), /Could not read run r: Table Storage answered 403.*Data Contributor/);
  proxy.fault = () => 'pass';
  assert.equal(await store.getRun('r'), undefined);
});

it('keeps the old document if a writer dies before it writes the head', async () => {
  const old = randomBytes(1_300_000);
  await store.putDocument('r', 'report', old);
  proxy.fault = ({ method, url }) =>
    method === 'PUT' && /RowKey='report'/.test(decodeURIComponent(url ?? '')) ? 400 : 'pass';
  await assert.rejects(
    store.putDocument('r', 'report', randomBytes(1_300_000)),
    /Could not store document report of run r/,
  );
  proxy.fault = () => 'pass';
  assert.ok(old.equals((await store.getDocument('r', 'report')) ?? Buffer.alloc(0)));
});

it('reads a document again if one of its rows disappears, and fails if that goes on', async () => {
  const bytes = randomBytes(1_300_000);
  await store.putDocument('r', 'report', bytes);
  const isPartRead = ({ method, url }: IncomingMessage) =>
    method === 'GET' && decodeURIComponent(url ?? '').includes("RowKey='report|");
  faultFirst(1, 404, isPartRead);
  assert.ok(bytes.equals((await store.getDocument('r', 'report')) ?? Buffer.alloc(0)));
  faultFirst(1000, 404, isPartRead);
  await assert.rejects(
    store.getDocument('r', 'report'),
    /Could not read document report of run r: one of its rows is missing/,
  );
});

it('removes all rows of a replaced version', async () => {
  await Promise.all([1, 2, 3].map(() => store.putDocument('r', 'report', randomBytes(2_000_000))));
  await store.putDocument('r', 'report', Buffer.from('short'));
  const remaining: string[] = [];
  for await (const { rowKey } of client.listEntities()) remaining.push(rowKey ?? '');
  assert.deepEqual(remaining, ['report']);
});

it('says which block is damaged', async () => {
  await store.appendBlock('r', 's', 'a', 0, sampleBlock(10, 1));
  await client.updateEntity({ partitionKey: 'r|slice|s', rowKey: 'a|000000', kind: new Uint8Array(3) }, 'Merge');
  await assert.rejects(
    store.readBlocks('r', 's', 'a')[Symbol.asyncIterator]().next(),
    /Could not read the blocks of slice s of run r: Block column kind has 3 bytes/,
  );
});

it('shows no key or signature in an error', async () => {
  const wrongKey = Buffer.from('not the key of this account').toString('base64');
  const connectionString = proxy.connectionString.replace(/AccountKey=[^;]+/, `AccountKey=${wrongKey}`);
  const denied = tableRunStore(clientFor(connectionString, 'denied'));
  await assert.rejects(denied.createRun(RUN), (error: StoreError) => {
    assert.match(error.message, /Could not store run run-1: Table Storage answered 403: .*the right key\?$/);
    assert.doesNotMatch(
      `${error.stack}${JSON.stringify(error)}`,
      new RegExp(`${wrongKey}|SharedKey|authorization`, 'i'),
    );
    assert.equal(error.cause, undefined);
    return true;
  });
});

it('says what to check if nothing listens', async () => {
  const closed = await startFaultyProxy(azurite);
  await closed.stop();
  const lost = tableRunStore(clientFor(closed.connectionString, 'lost'));
  await assert.rejects(lost.getRun('r'), /Could not read run r: .*could not be reached \(ECONNREFUSED\).*running\?$/);
});

function clientFor(connectionString: string, table: string): TableClient {
  return TableClient.fromConnectionString(connectionString, table, {
    allowInsecureConnection: true,
    retryOptions: { retryDelayInMs: 1, maxRetryDelayInMs: 4 },
  });
}
