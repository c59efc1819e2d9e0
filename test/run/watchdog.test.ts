import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('stall.ts', import.meta.url));

/** Runs a process that is watched and then does something. */
async function run(
  what: string,
): Promise<{ readonly code: number | null; readonly stderr: string; readonly stdout: string }> {
  const child = spawn(process.execPath, [script, what], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 30_000 });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stderr, stdout };
}

for (const what of ['a loop', 'a pattern', 'JSON']) {
  it(`ends a process that is busy with ${what}, and says during what it stood still`, async () => {
    const { code, stderr } = await run(what);
    assert.equal(code, 108, stderr);
    assert.match(
      stderr,
      /^\s*mcp-surge: the event loop stood still for 0\.5 s during slice one, slice two\. The process ends/,
    );
    assert.doesNotMatch(stderr, /debugger/);
  });
}

it('leaves a process alone whose event loop goes on, and one that is not watched any more', async () => {
  const { code, stderr, stdout } = await run('pauses');
  assert.equal(code, 0, stderr);
  assert.equal(stderr, '');
  assert.equal(stdout, 'done\n');
});
