import assert from 'node:assert/strict';
import { it } from 'node:test';
import { authAddresses } from '../../../src/plan/auth-schema.ts';
import type { Plan } from '../../../src/plan/plan-schema.ts';
import { secretNames } from '../../../src/plan/secret-origins.ts';
import { planRedactor } from '../../../src/run/run-context.ts';
import { aPlan, problemsOf } from '../../support/a-plan.ts';

const client = { clientId: 'me' };
const credentials = { type: 'client-credentials', ...client, clientSecret: 'a' };
const identityProvider = { tokenUrl: 'https://idp.example/token', ...client };
const managed = { type: 'enterprise-managed', ...client, idToken: 'a', identityProvider };

for (const [name, auth, says] of [
  [
    'neither a secret nor a key',
    { type: 'client-credentials', ...client },
    'clientSecret: missing: expected the name of a secret, or privateKey instead',
  ],
  ['both', { ...credentials, privateKey: 'b' }, 'privateKey: expected only one of clientSecret and privateKey'],
  [
    'a way to send a missing secret',
    { type: 'client-credentials', ...client, privateKey: 'a', clientAuthentication: 'post' },
    'clientAuthentication: needs clientSecret, which is missing',
  ],
  [
    'an algorithm without a key',
    { ...credentials, algorithm: 'ES256' },
    'algorithm: needs privateKey, which is missing',
  ],
  ['a key id without a key', { ...credentials, keyId: 'k' }, 'keyId: needs privateKey, which is missing'],
  [
    'a resource with a fragment',
    { ...credentials, resource: 'https://a.example/#b' },
    'resource: expected an absolute URI without a fragment, or false',
  ],
  [
    'a resource that is true',
    { ...credentials, resource: true },
    'resource: expected an absolute URI without a fragment',
  ],
  [
    'a secret without a client',
    { type: 'jwt-bearer', assertion: 'a', clientSecret: 'b' },
    'clientId: missing: expected the id of the client that the secret or key belongs to',
  ],
  [
    'two proofs at the identity provider',
    { ...managed, identityProvider: { ...identityProvider, clientSecret: 'a', privateKey: 'b' } },
    'identityProvider.privateKey: expected only one of clientSecret and privateKey',
  ],
  [
    'both an issuer and a token URL',
    { ...credentials, issuer: 'https://as.example', tokenUrl: 'https://as.example/token' },
    'issuer: expected only one of tokenUrl and issuer',
  ],
  ...['Host', 'Mcp-Session-Id', 'transfer-encoding', 'Content-Length', 'TE', 'Mcp-Param-Query', 'Connection'].map(
    (name) =>
      [
        `the header ${name}`,
        { type: 'header', name, secret: 'a' },
        'name: expected no header that the protocol sets itself',
      ] as const,
  ),
  [
    'a misspelt key at the identity provider',
    { ...managed, identityProvider: { ...identityProvider, clientSecre: 'a' } },
    'identityProvider.clientSecre: unknown key "clientSecre": did you mean "clientSecret"?',
  ],
] as const) {
  it(`auth in a plan is refused with ${name}`, () => {
    const [problem = '', ...more] = problemsOf({ target: { auth } });
    assert.ok(problem.startsWith(`targets.web.auth.${says}`), problem);
    assert.deepEqual(more, []);
  });
}

it('auth in a plan lists its secrets, which are then redacted, and its addresses', async () => {
  const tokenUrl = 'https://as.example/token';
  const auths = [
    { auth: { type: 'none' }, secrets: [] },
    { auth: { type: 'entra', scope: 'api://x/.default' }, secrets: [] },
    { auth: { type: 'bearer', secret: 'a' }, secrets: ['a'] },
    { auth: { type: 'header', name: 'X-Key', secret: 'a' }, secrets: ['a'] },
    { auth: { ...credentials, tokenUrl }, secrets: ['a'], addresses: [{ path: 'tokenUrl', url: tokenUrl }] },
    { auth: { type: 'client-credentials', ...client, privateKey: 'a' }, secrets: ['a'] },
    {
      auth: { ...credentials, issuer: 'https://as.example' },
      secrets: ['a'],
      addresses: [{ path: 'issuer', url: 'https://as.example' }],
    },
    { auth: { type: 'jwt-bearer', assertion: 'a', ...client, privateKey: 'b' }, secrets: ['a', 'b'] },
    {
      auth: { ...managed, clientSecret: 'b', identityProvider: { ...identityProvider, privateKey: 'c' } },
      secrets: ['a', 'b', 'c'],
      addresses: [{ path: 'identityProvider.tokenUrl', url: identityProvider.tokenUrl }],
    },
  ];
  for (const { auth, secrets, addresses = [] } of auths) {
    const plan: Plan = aPlan({ target: { auth } });
    const parsed = plan.targets.web?.auth ?? assert.fail();
    assert.deepEqual(secretNames(parsed), secrets);
    assert.deepEqual(authAddresses(parsed), addresses);
    const redactor = await planRedactor(plan, { get: async (name) => `value-of-${name}` });
    redactor.add('issued');
    const text = ['issued', ...secrets.map((name) => `value-of-${name}`)].join(' ');
    assert.equal(redactor.redact(text), text.replaceAll(/\S+/g, '[redacted]'));
  }
});
