import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { problemText } from '../../src/plan/problem.ts';
import { probeTarget } from '../../src/run/probe-target.ts';
import { aPlan } from '../support/a-plan.ts';
import { closedPort } from '../support/loopback-server.ts';
import { type Answer, legacyServer, startMcpServer } from '../support/mcp-server.ts';
import { httpReply } from '../support/raw-http.ts';
import { testContext } from '../support/run-context.ts';

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

/** How a server answers initialize, and what the plan's author is told about it. */
const REFUSALS: Readonly<Record<string, readonly [Answer, RegExp, Record<string, unknown>?]>> = {
  'that is overloaded': [() => httpReply(503, [], 'busy'), /ended in SESS_REFUSED .*refused to open another session/],
  'that has an internal error': [() => httpReply(500, [], ''), /ended in HTTP_500 .*The server had an internal error/],
  'that has nothing at this path': [() => httpReply(404, [], ''), /ended in HTTP_404 .*\. Check the URL's path\.$/],
  'that wants credentials': [
    () => httpReply(401, [], ''),
    /ended in AUTH_401 .*The plan sends none: add auth to the target\.$/,
  ],
  'that returns a page': [
    () => httpReply(200, ['content-type: text/html'], '<p>hello'),
    /ended in PROTO_CT_HTML .*The response is an HTML page/,
  ],
  'that never answers': [
    () => undefined,
    /ended in TMO_HEADERS .*\. No response headers arrived in time\.$/,
    { timeouts: { headers: '200ms' } },
  ],
};
for (const [which, [answer, expected, target = {}]] of Object.entries(REFUSALS)) {
  it(`says of a server ${which} what it observed, and no cause that it cannot know`, async (t) => {
    const server = await startMcpServer(legacyServer, { initialize: answer, GET: () => httpReply(405, [], '') });
    t.after(() => server.close());
    const url = `${server.origin}/mcp`;
    const plan = aPlan({ target: { url, protocol: '2025-11-25', ...target } });
    const [problem = '', ...more] = (await probeTarget(testContext(), plan, 'web')).problems.map(problemText);
    assert.deepEqual(more, []);
    assert.match(problem, /^targets\.web: initialize at /);
    assert.match(problem, expected);
    assert.doesNotMatch(problem, /does not speak|accepted the connection|\.\.$/);
  });
}
