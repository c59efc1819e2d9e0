import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Plan } from '../../src/plan/plan-schema.ts';
import { type Policy, policyRefusals, refusalSentence } from '../../src/plan/policy.ts';
import { aPlan } from '../support/a-plan.ts';

const OPEN: Policy = {
  allowedOrigins: ['https://mcp.example.com', 'https://login.example.com'],
  allowLoopback: true,
  allowedAddresses: [],
  maxVus: 10,
  maxRate: 100_000,
  maxDurationMs: 60_000,
  howToAllow: {
    origin: 'to allow it, list it in ORIGINS',
    loopback: 'to allow it, set LOOPBACK',
    'special-address': 'to allow it, list it in ADDRESSES',
    'cloud-service': 'to allow it, list it in ADDRESSES as a single address',
    'too-many-vus': 'to allow more, raise MAX_VUS',
    'rate-too-high': 'to allow more, raise MAX_RATE',
    'too-long': 'to allow more, raise MAX_DURATION',
  },
};
const CLOSED: Policy = { ...OPEN, allowedOrigins: [], allowLoopback: false };

function problems(target: Record<string, unknown>, policy: Policy = OPEN): string[] {
  return policyProblems(aPlan({ target }), policy);
}

function policyProblems(plan: Plan, policy: Policy): string[] {
  return policyRefusals(plan, policy).map((refusal) => refusalSentence(refusal, policy));
}

it('allows a plan that keeps all rules', () => {
  assert.deepEqual(problems({ url: 'https://mcp.example.com/mcp', permission: true }), []);
  assert.deepEqual(problems({ url: 'https://MCP.Example.com:443/other?x=1', permission: true }), []);
  assert.deepEqual(problems({ url: 'http://127.0.0.1:4801/mcp' }), []);
});

it('recognises this machine by every notation of its address', () => {
  for (const host of [
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    '127.255.255.254',
    '[::1]',
    '[0:0::1]',
    'localhost',
    'LOCALHOST:80',
  ]) {
    assert.deepEqual(problems({ url: `http://${host}/` }), [], host);
    const [problem, ...others] = problems({ url: `http://${host}/` }, CLOSED);
    assert.deepEqual(others, []);
    assert.match(problem ?? '', /^targets\.web\.url: \S+ is this machine, .*set LOOPBACK/, host);
  }
});

it('refuses plain http to every other host', () => {
  for (const host of [
    'mcp.example.com',
    '127.0.0.1.example.com',
    'localhost.example.com',
    '1.1.1.1',
    '[::ffff:127.0.0.1]',
    'localhost.',
  ]) {
    const said = problems({ url: `http://${host}/`, permission: true });
    assert.equal(said.length, 1, host);
    assert.match(said[0] ?? '', /must be https/, host);
  }
});

it('refuses a non-public address in every notation, even if its origin is on the allowlist', () => {
  for (const [host, address] of [
    ['10.0.0.1', '10.0.0.1'],
    ['167772161', '10.0.0.1'],
    ['0xa.1', '10.0.0.1'],
    ['012.0.0.1', '10.0.0.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['169.254.169.254', '169.254.169.254'],
    ['[fd00:ec2::254]', 'fd00:ec2::254'],
    ['[::ffff:10.0.0.1]', '::ffff:a00:1'],
    ['[64:ff9b::10.0.0.1]', '64:ff9b::a00:1'],
  ] as const) {
    for (const scheme of ['http', 'https']) {
      const url = `${scheme}://${host}/`;
      const said = problems({ url, permission: true }, { ...OPEN, allowedOrigins: [new URL(url).origin] });
      assert.equal(said.length, 1, host);
      assert.ok(said[0]?.startsWith(`targets.web.url: ${address} `), said[0]);
      assert.match(said[0] ?? '', /not allowed here \(to allow it, list it in ADDRESSES.*\)\.$/);
    }
  }
  const network = { ...OPEN, allowedOrigins: ['https://10.0.0.1'], allowedAddresses: ['10.0.0.0/24'] };
  assert.deepEqual(problems({ url: 'https://10.0.0.1/', permission: true }, network), []);
  assert.match(problems({ url: 'https://10.0.0.2/', permission: true }, network)[0] ?? '', /not on the allowlist/);
  assert.match(problems({ url: 'http://10.0.0.1/', permission: true }, network)[0] ?? '', /must be https/);
  assert.match(problems({ url: 'https://[::ffff:127.0.0.1]/', permission: true }, CLOSED)[0] ?? '', /set LOOPBACK/);
});

it('compares whole origins with the allowlist', () => {
  for (const url of [
    'https://mcp.example.com:8443/',
    'https://evil.mcp.example.com/',
    'https://mcp.example.com.evil.org/',
    'https://example.com/',
  ]) {
    const said = problems({ url, permission: true });
    assert.equal(said.length, 1, url);
    assert.match(said[0] ?? '', /not on the allowlist, which has https:\/\/mcp\.example\.com, .*list it in ORIGINS/);
  }
  assert.match(
    problems({ url: 'https://x.org/', permission: true }, CLOSED)[0] ?? '',
    /not on the allowlist, which is empty \(to allow it, list it in ORIGINS\)\.$/,
  );
});

it('requires permission for every target except this machine', () => {
  assert.deepEqual(problems({ url: 'https://mcp.example.com/' }), [
    'targets.web.permission: https://mcp.example.com is not on this machine; set permission: true once its owner has agreed to the load.',
  ]);
});

it('checks the token URL against the same allowlist', () => {
  const auth = (tokenUrl: string) => ({ type: 'client-credentials', tokenUrl, clientId: 'a', clientSecret: 'b' });
  const target = (tokenUrl: string) => ({ url: 'https://mcp.example.com/', permission: true, auth: auth(tokenUrl) });
  assert.deepEqual(problems(target('https://login.example.com/token')), []);
  assert.match(
    problems(target('https://evil.example.com/token'))[0] ?? '',
    /^targets\.web\.auth\.tokenUrl: .*allowlist/,
  );
  assert.match(problems(target('http://login.example.com/token'))[0] ?? '', /must be https/);
  assert.match(
    problems(target('http://127.0.0.1/token'), { ...OPEN, allowLoopback: false })[0] ?? '',
    /is this machine/,
  );
});

it('limits virtual users and duration over all scenarios', () => {
  const scenario = { target: 'web', executor: 'constant-vus', steps: [{ tool: 'look' }] };
  const plan = (vus: number, startTime: string) =>
    aPlan({
      plan: {
        scenarios: { a: { ...scenario, vus: 5, duration: '60s' }, b: { ...scenario, vus, startTime, duration: '30s' } },
      },
    });
  assert.deepEqual(policyProblems(plan(5, '30s'), OPEN), []);
  assert.match(
    policyProblems(plan(6, '0s'), OPEN)[0] ?? '',
    /^scenarios: .* 11 virtual users together; 10 are allowed here .*raise MAX_VUS/,
  );
  assert.match(
    policyProblems(plan(1, '31s'), OPEN)[0] ?? '',
    /^scenarios: .* 61 s; 60 s are allowed here .*raise MAX_DURATION/,
  );
  assert.equal(policyProblems(plan(6, '31s'), CLOSED).length, 3);
});

it('limits the starts per second over all scenarios', () => {
  const scenario = { target: 'web', executor: 'constant-arrival-rate', duration: '1s', preAllocatedVUs: 1 };
  const plan = (rate: number) => {
    const at = (each: number) => ({ ...scenario, rate: each, steps: [{ tool: 'look' }] });
    return aPlan({ plan: { scenarios: { a: at(6), b: at(rate) } } });
  };
  assert.deepEqual(policyProblems(plan(4), { ...OPEN, maxRate: 10 }), []);
  assert.deepEqual(policyProblems(plan(5), { ...OPEN, maxRate: 10 }), [
    'scenarios: the scenarios start 11 iterations a second; 10 are allowed here (to allow more, raise MAX_RATE).',
  ]);
});
