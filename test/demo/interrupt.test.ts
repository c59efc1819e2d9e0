import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

const skip = process.platform === 'linux' ? false : 'needs /proc, which only Linux has, to find child processes';

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  it(`npm run demo ends all its processes on ${signal} during the run`, { skip }, async (t) => {
    const demo = spawn('npm', ['run', 'demo'], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => demo.kill('SIGKILL'));
    const closed = new Promise<number | null>((resolve) => demo.once('close', resolve));
    await outputOf(demo, /[1-9]\d* requests/);
    const children = await descendants(demo.pid as number);
    // The demo itself, the fleet, Azurite and the worker.
    assert.ok(children.length >= 4, `only ${children.length} processes`);
    demo.kill(signal);
    assert.equal(await closed, 105);
    assert.deepEqual(await stillRunning(children), []);
  });
}

/** Waits until the output matches. Keeps reading afterwards, so that the demo never waits for a reader. */
function outputOf(child: ChildProcess, expected: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (expected.test(text)) resolve();
    });
    child.once('close', () => reject(new Error(`The demo ended too early: ${text}`)));
  });
}

async function descendants(pid: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    // The name in brackets can contain any character; the parent is the second field after it.
    parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const found: number[] = [];
  for (let level = [pid]; level.length > 0; ) {
    level = [...parents].filter(([, parent]) => level.includes(parent)).map(([child]) => child);
    found.push(...level);
  }
  return found;
}

/** The processes among these that still run after five seconds. */
async function stillRunning(pids: readonly number[]): Promise<number[]> {
  let left = [...pids];
  for (let tries = 0; left.length > 0 && tries < 50; tries++) {
    await delay(100);
    const running = await Promise.all(
      left.map((pid) =>
        readFile(`/proc/${pid}/stat`, 'utf8').then(
          (stat) => !/\) Z /.test(stat),
          () => false,
        ),
      ),
    );
    left = left.filter((_, index) => running[index]);
  }
  return left;
}
