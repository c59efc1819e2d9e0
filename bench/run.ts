import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Rival } from './rival.ts';

// What a request costs: CPU microseconds of the whole client process, for this client with full recording, for bare
// undici with JSON.parse, and for autocannon, which reads HTTP only. It measures CPU, because other programs distort it
// less than elapsed time, and shows ratios, because machines differ.
//
// In each round all three clients start again, each in a separate process, and warm up until they are compiled. Then
// mcp-surge and undici take short turns in alternating order, so that other load on the machine affects both, and
// autocannon takes one long turn after them. A round's figure is the sum over all turns, not their median: garbage is
// collected in some turns only, and is part of the cost.

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const WARM_UP = 20_000;
const TURNS = 10;
const REQUESTS_A_TURN = 2000;
const SESSIONS = [1, 50, 500];
const IDLE_SESSIONS = 5000;
const REPLIES = { JSON: '/mcp', 'event stream': '/sse' } as const;

type ClientName = 'undici' | 'surge' | 'autocannon';

const server = fork(fileURLToPath(new URL('./server.ts', import.meta.url)));
const [port] = (await once(server, 'message')) as [number];
const origin = `http://127.0.0.1:${port}`;
try {
  console.log(
    `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${ROUNDS} rounds of ${TURNS} turns of ${REQUESTS_A_TURN} requests`,
  );
  console.log('µs CPU a request (median), and the median of the ratios to bare undici of the same round\n');
  console.log(row(['reply', 'sessions', 'bare undici', 'mcp-surge', 'ratio', 'least…most', 'autocannon', 'ratio']));
  for (const [reply, path] of Object.entries(REPLIES)) {
    for (const sessions of SESSIONS) {
      const rounds: Record<ClientName, number>[] = [];
      for (let round = 0; round < ROUNDS; round++) rounds.push(await measureAll(origin + path, sessions));
      const ratios = (name: ClientName) => rounds.map((figures) => figures[name] / figures.undici);
      const us = (name: ClientName) => median(rounds.map((figures) => figures[name])).toFixed(1);
      const own = ratios('surge').toSorted((a, b) => a - b);
      const spread = `${own[0]?.toFixed(2)}…${own.at(-1)?.toFixed(2)}`;
      const ratio = (name: ClientName) => median(ratios(name)).toFixed(2);
      console.log(
        row([
          reply,
          String(sessions),
          us('undici'),
          us('surge'),
          ratio('surge'),
          spread,
          us('autocannon'),
          ratio('autocannon'),
        ]),
      );
    }
  }
  const [bytes] = (await childOf('./idle-memory.ts', [`${origin}/mcp`, String(IDLE_SESSIONS)], ['--expose-gc'])) as [
    number,
  ];
  console.log(`\nAn idle session holds ${(bytes / 1024).toFixed(2)} KiB (${IDLE_SESSIONS} sessions).`);
} finally {
  server.disconnect();
}

async function measureAll(url: string, sessions: number): Promise<Record<ClientName, number>> {
  // One after the other: simultaneous connections of all would overflow the server's backlog.
  const bare = await Rival.start('undici', url, sessions, WARM_UP);
  const own = await Rival.start('surge', url, sessions, WARM_UP);
  const autocannon = await Rival.start('autocannon', url, sessions, WARM_UP);
  // Leaves out the CPU that they used while the others warmed up.
  for (const rival of [bare, own]) await rival.send(0);
  const spentUs = { undici: 0, surge: 0, autocannon: 0 };
  for (let turn = 0; turn < TURNS; turn++) {
    if (turn % 2 === 0) spentUs.undici += await bare.send(REQUESTS_A_TURN);
    spentUs.surge += await own.send(REQUESTS_A_TURN);
    if (turn % 2 === 1) spentUs.undici += await bare.send(REQUESTS_A_TURN);
  }
  // It opens its connections again for each turn, so that short turns would add too much to its cost.
  spentUs.autocannon = await autocannon.send(TURNS * REQUESTS_A_TURN);
  for (const rival of [bare, own, autocannon]) rival.end();
  const each = (us: number) => us / (TURNS * REQUESTS_A_TURN);
  return { undici: each(spentUs.undici), surge: each(spentUs.surge), autocannon: each(spentUs.autocannon) };
}

/** Runs a module in a process and returns the message that it sends. @throws if it ends without one */
async function childOf(module: string, args: readonly string[], execArgv: readonly string[] = []): Promise<unknown[]> {
  const child = fork(fileURLToPath(new URL(module, import.meta.url)), args, { execArgv: [...execArgv] });
  const sent = once(child, 'message');
  const [message] = await Promise.race([
    sent,
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`${module} ${args.join(' ')} ended with ${code}`))),
  ]);
  if (child.exitCode === null) await once(child, 'exit');
  return [message];
}

function row(cells: readonly string[]): string {
  return cells.map((cell, at) => (at === 0 ? cell.padEnd(13) : cell.padStart(12))).join('');
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}
