import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

const skip = process.platform === 'linux' ? false : 'finds child processes in /proc, which only Linux has';

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} in the middle of npm run demo leaves no process behind`, { skip }, async () => {
    const demo = spawn('npm', ['run', 'demo'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const closed = new Promise<number | null>((resolve) => demo.once('close', resolve));
    try {
      await outputOf(demo, /[1-9]\d* requests/);
      const children = await descendants(demo.pid as number);
      // The demo itself, the fleet, Azurite and the worker.
      assert.ok(children.length >= 4, `only ${children.length} processes`);
      demo.kill(signal);
      assert.equal(await closed, 105);
      assert.deepEqual(await stillThere(children), []);
    } finally {
      demo.kill('SIGKILL');
    }
  });
}

/** Waits for a text; goes on reading after it, so that the demo never waits for a reader. */
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
    // The name in brackets may hold anything; the parent is the second field after it.
    parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const found: number[] = [];
  for (let level = [pid]; level.length > 0; ) {
    level = [...parents].filter(([, parent]) => level.includes(parent)).map(([child]) => child);
    found.push(...level);
  }
  return found;
}

/** The processes that outlive a few seconds' patience. */
async function stillThere(pids: readonly number[]): Promise<number[]> {
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
