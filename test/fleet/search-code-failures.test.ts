import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measuredSearchCodeFailureRate } from '../../fleet/measured.ts';
import { githubTools } from '../../fleet/tools/github-tools.ts';
import { toolRunner } from '../../fleet/tools/tool.ts';

const tool = githubTools.find(({ name }) => name === 'search_code')!;
const never = new AbortController().signal;

async function outcomes(seed: number, rate: number, calls: number): Promise<boolean[]> {
  const run = toolRunner({ server: 'github', seed, latencyMs: () => 0, failureRates: { search_code: rate } });
  const failed: boolean[] = [];
  for (let call = 0; call < calls; call++) {
    const { isError, content } = await run(tool, { query: 'lease' }, never);
    assert.equal(/rate limit/.test(content[0]!.text), isError === true);
    failed.push(isError === true);
  }
  return failed;
}

test('a seed decides which calls fail', async () => {
  const reference = await outcomes(3, 0.3, 60);
  assert.deepEqual(await outcomes(3, 0.3, 60), reference);
  assert.notDeepEqual(await outcomes(4, 0.3, 60), reference);
});

test('calls fail as often as measured', async () => {
  const failed = (await outcomes(1, measuredSearchCodeFailureRate, 10_000)).filter(Boolean).length;
  // 3 of 84 of 10,000 calls are 357; four standard deviations are 75.
  assert.ok(failed > 282 && failed < 432, `${failed} of 10,000 failed`);
});

test('the rate can be set to never and always', async () => {
  assert.ok(!(await outcomes(1, 0, 200)).includes(true));
  assert.ok(!(await outcomes(1, 1, 200)).includes(false));
});

test('no other tool fails', async () => {
  const run = toolRunner({ server: 'github', seed: 1, latencyMs: () => 0, failureRates: { search_code: 1 } });
  const getMe = githubTools.find(({ name }) => name === 'get_me')!;
  assert.equal((await run(getMe, {}, never)).isError, undefined);
});
