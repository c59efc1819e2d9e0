import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import { TargetConnection } from '../src/mcp/connection/target-connection.ts';
import { prepareRequest } from '../src/mcp/exchange/json-rpc.ts';
import { judgeToolResult } from '../src/mcp/operations/tool-result.ts';
import { targetSchema } from '../src/plan/target-schema.ts';
import { Recorder } from '../src/sample/recorder.ts';
import { systemClock } from '../src/traffic/clock.ts';

// CPU per request of this client with full recording, as a ratio to bare undici dispatch with JSON.parse: the two in turn,
// in one process, over the same server in a process of its own. CPU, not time: other programs do not distort it as much.

const REQUESTS = 20_000;
const SESSIONS = 50;
const ROUNDS = 7;

const call = prepareRequest('tools/call', { name: 'search', arguments: { query: 'anything' } }, 'tools/call:search');
const headers = ['content-type', 'application/json', 'accept', 'application/json, text/event-stream'];

const server = fork(fileURLToPath(new URL('./server.ts', import.meta.url)));
const [port] = (await once(server, 'message')) as [number];
try {
  for (const path of ['/mcp', '/sse']) {
    const url = `http://127.0.0.1:${port}${path}`;
    const ours: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const pair = [await cpuPerRequest(() => surge(url)), await cpuPerRequest(() => undici(url))] as const;
      // The first round warms up.
      if (round === 0) continue;
      ours.push(pair[0]);
      bare.push(pair[1]);
    }
    const ratio = median(ours.map((value, round) => value / (bare[round] as number)));
    console.log(
      `${path === '/sse' ? 'event stream' : 'JSON'}, ${SESSIONS} sessions: ${median(ours).toFixed(1)} µs CPU a request, ` +
        `bare undici ${median(bare).toFixed(1)} µs, ratio ${ratio.toFixed(2)}`,
    );
  }
} finally {
  server.disconnect();
}

/** Microseconds of CPU that this process used for each request. */
async function cpuPerRequest(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / REQUESTS;
}

async function surge(url: string): Promise<void> {
  const recorder = new Recorder(
    systemClock.now(),
    () => {},
    (text) => text,
  );
  const operation = recorder.operation('bench', call.operation);
  const connection = new TargetConnection(targetSchema.parse({ url, maxConnections: SESSIONS }), {
    now: systemClock.now,
    onExchange: (exchange) => recorder.add(exchange),
  });
  const judge = (result: unknown) => judgeToolResult(result, []);
  await Promise.all(
    Array.from({ length: SESSIONS }, async (_, vu) => {
      for (let iteration = 0; iteration < REQUESTS / SESSIONS; iteration++) {
        const id = iteration + 1;
        const body = call.head + id + call.tail;
        const about = {
          expects: 'response',
          id,
          sentSessionId: false,
          judge,
          operation,
          vu,
          iteration,
          flags: 0,
        } as const;
        const exchange = connection.prepare({ method: 'POST', headers, body, ...about });
        connection.dispatch(exchange);
        await exchange.settled;
        if (exchange.outcome !== 'OK') throw new Error(`${exchange.outcome}: ${exchange.message}`);
      }
    }),
  );
  await connection.close();
}

async function undici(url: string): Promise<void> {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: SESSIONS, pipelining: 1 });
  await Promise.all(
    Array.from({ length: SESSIONS }, async () => {
      for (let iteration = 0; iteration < REQUESTS / SESSIONS; iteration++) {
        await new Promise<void>((resolve, reject) => {
          const chunks: Buffer[] = [];
          pool.dispatch(
            { path: pathname, method: 'POST', headers, body: call.head + (iteration + 1) + call.tail },
            {
              onRequestStart: () => {},
              onResponseStart: () => {},
              onResponseData: (_, chunk) => void chunks.push(chunk),
              onResponseEnd: () => {
                const text = Buffer.concat(chunks).toString();
                JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1));
                resolve();
              },
              onResponseError: (_, error) => reject(error),
            },
          );
        });
      }
    }),
  );
  await pool.close();
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}
