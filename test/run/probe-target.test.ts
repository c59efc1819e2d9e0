import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { closedPort } from '../support/loopback-server.ts';
import { legacyServer, startMcpServer } from '../support/mcp-server.ts';
import { httpReply } from '../support/raw-http.ts';

const run = promisify(execFile);
const script = fileURLToPath(new URL('probe-without-files.ts', import.meta.url));

it('does not blame the target or its token endpoint if this machine has no file descriptors left', {
  skip: process.platform === 'win32' && 'no ulimit',
}, async (t) => {
  const unknown = httpReply(400, [], 'what is that?');
  const server = await startMcpServer(legacyServer, { 'server/discover': () => unknown });
  t.after(() => server.close());
  const tokenUrl = `http://127.0.0.1:${await closedPort()}/token`;
  const limited = ['-c', 'ulimit -n 100 && exec "$0" "$@"', process.execPath, script];
  const { stdout } = await run('sh', [...limited, `${server.origin}/mcp`, tokenUrl]);
  const { refusal, before, without } = JSON.parse(stdout);
  assert.equal(refusal, 'EMFILE', 'the process must really have no file descriptors left');
  assert.deepEqual(before.web, []);
  assert.match(
    before.guarded.join(),
    /^targets\.guarded: .* ended in AUTH_TOKEN .*ECONNREFUSED.* Check the target's auth/,
  );
  for (const [name, [problem = 'none']] of Object.entries<string[]>(without)) {
    assert.ok(problem.startsWith(`targets.${name}: `), problem);
    assert.match(problem, / ended in CLIENT_LIMIT \(.*EMFILE/);
    assert.match(problem, /\. This is not a problem of the target\. Raise this machine's limit on open files/);
  }
  assert.deepEqual(Object.keys(without), ['web', 'guarded']);
});
