import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startFleetProcess } from '../../fleet/start-fleet-process.ts';
import { initialize, occupyPort, postMcp } from './fleet-fixture.ts';

const main = fileURLToPath(new URL('../../fleet/main.ts', import.meta.url));
const anyPorts = ['--learn=0', '--github=0', '--context7=0', '--ado=0'];

function runMain(...args: string[]) {
  return promisify(execFile)(process.execPath, [main, ...args], { timeout: 20_000 });
}

/** True once the process has exited; false if it still runs after ten seconds. */
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

describe('startFleetProcess', () => {
  it('starts a process that serves at its addresses and exits when stopped', async (t) => {
    const { servers, pid, stop } = await startFleetProcess({ seed: 5, latencyScale: 0, tokenLifetimeSeconds: 60 });
    t.after(stop);
    assert.equal((await postMcp(servers.learn.url, initialize)).status, 200);
    assert.equal((await fetch(servers.ado.statsUrl)).status, 200);
    assert.match(servers.ado.tokenUrl ?? '', /\/token$/);
    const stoppedAtMs = performance.now();
    await stop();
    // A process that ignores SIGTERM is killed after five seconds: this one did not ignore it.
    assert.ok(performance.now() - stoppedAtMs < 4_500);
    await stop();
    assert.ok(await isGone(pid));
  });

  it('throws an error that names a port in use', async (t) => {
    const port = await occupyPort(t);
    await assert.rejects(
      startFleetProcess({ ports: { ado: port } }),
      new RegExp(`did not start: port ${port} for ado`),
    );
  });

  it('starts a process that exits when its parent is killed', async (t) => {
    const module = new URL('../../fleet/start-fleet-process.ts', import.meta.url).href;
    const script = `import { startFleetProcess } from '${module}';
      console.log((await startFleetProcess({ latencyScale: 0 })).pid);`;
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => parent.kill('SIGKILL'));
    const exited = once(parent, 'exit').then(() => assert.fail('the parent exited before it started the fleet'));
    const [line] = await Promise.race([once(parent.stdout, 'data'), exited]);
    exited.catch(() => {});
    const pid = Number(line);
    process.kill(pid, 0);
    parent.kill('SIGKILL');
    const gone = await isGone(pid);
    if (!gone) process.kill(pid, 'SIGKILL');
    assert.ok(gone, `process ${pid} still runs after its parent was killed`);
  });
});

describe("the fleet's command", () => {
  it('prints the addresses of the servers and exits on SIGTERM', async (t) => {
    const child = spawn(process.execPath, [main, ...anyPorts], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
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

  it('names a port in use and exits with code 1', async (t) => {
    const port = await occupyPort(t);
    const failure: unknown = await runMain(...anyPorts, `--ado=${port}`).catch((error: unknown) => error);
    const { code, stderr } = failure as { code: number; stderr: string };
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`^port ${port} for ado is in use`));
  });

  it('names a wrong flag, and prints its usage for --help', async () => {
    await assert.rejects(runMain('--learn=70000'), { code: 1, stderr: /--learn: / });
    await assert.rejects(runMain('--latency-scale=fast'), { code: 1, stderr: /--latency-scale: / });
    await assert.rejects(runMain('--what'), { code: 1, stderr: /--what/ });
    assert.match((await runMain('--help')).stdout, /^usage: node fleet\/main\.ts/);
  });
});
