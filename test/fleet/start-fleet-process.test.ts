import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startFleetProcess } from '../../fleet/start-fleet-process.ts';
import { initialize, postMcp } from './fleet-clients.ts';

const main = fileURLToPath(new URL('../../fleet/main.ts', import.meta.url));
const anyPorts = ['--learn=0', '--github=0', '--context7=0', '--ado=0'];

function runMain(...args: string[]) {
  return promisify(execFile)(process.execPath, [main, ...args], { timeout: 20_000 });
}

async function isGone(pid: number): Promise<boolean> {
  const deadlineMs = performance.now() + 10_000;
  while (performance.now() < deadlineMs) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

test('the process serves where it says, and is gone once stopped', async () => {
  const { servers, pid, stop } = await startFleetProcess({ seed: 5, latencyScale: 0, tokenLifetimeSeconds: 60 });
  try {
    assert.equal((await postMcp(servers.learn.url, initialize)).status, 200);
    assert.equal((await fetch(servers.ado.statsUrl)).status, 200);
    assert.match(servers.ado.tokenUrl ?? '', /\/token$/);
  } finally {
    const askedAtMs = performance.now();
    await stop();
    // It is killed only when it has not heeded the request to end for five seconds.
    assert.ok(performance.now() - askedAtMs < 4_500);
  }
  await stop();
  assert.ok(await isGone(pid));
});

test('a port that is taken reaches the parent as an error', async () => {
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
  const { port } = squatter.address() as AddressInfo;
  try {
    await assert.rejects(
      startFleetProcess({ ports: { ado: port } }),
      new RegExp(`did not start: port ${port} for ado`),
    );
    const failure: unknown = await runMain(...anyPorts, `--ado=${port}`).catch((error: unknown) => error);
    const { code, stderr } = failure as { code: number; stderr: string };
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`^port ${port} for ado is in use`));
  } finally {
    squatter.close();
  }
});

test('the process ends when its parent is killed', async () => {
  const module = new URL('../../fleet/start-fleet-process.ts', import.meta.url).href;
  const script = `import { startFleetProcess } from '${module}';
    console.log((await startFleetProcess({ latencyScale: 0 })).pid);`;
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(parent.stdout, 'data');
  const pid = Number(line);
  process.kill(pid, 0);
  parent.kill('SIGKILL');
  const gone = await isGone(pid);
  if (!gone) process.kill(pid, 'SIGKILL');
  assert.ok(gone, `process ${pid} outlived its parent`);
});

test('in a terminal it prints where the servers are and ends on SIGTERM', async () => {
  const child = spawn(process.execPath, [main, ...anyPorts], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    printed += chunk;
    if (printed.includes('Ctrl-C')) child.kill('SIGTERM');
  }
  if (child.exitCode === null) await once(child, 'exit');
  assert.equal(child.exitCode, 0);
  assert.match(printed, /Results on loopback describe the load generator/);
  assert.equal(printed.match(/http:\/\/127\.0\.0\.1:\d+\/mcp/g)?.length, 4);
});

test('a flag that is wrong is named', async () => {
  await assert.rejects(runMain('--learn=70000'), { code: 1, stderr: /--learn: / });
  await assert.rejects(runMain('--latency-scale=fast'), { code: 1, stderr: /--latency-scale: / });
  await assert.rejects(runMain('--what'), { code: 1, stderr: /--what/ });
  assert.match((await runMain('--help')).stdout, /^usage: node fleet\/main\.ts/);
});
