import assert from 'node:assert/strict';
import { it } from 'node:test';
import { problemsOf } from '../support/a-plan.ts';
import { problemsIn, YAML } from './refused-plan.ts';

const SECRET = 's3cr3t_value!';
const managed = {
  type: 'enterprise-managed',
  clientId: 'a',
  idToken: 'b',
  identityProvider: { tokenUrl: 'https://x/', clientId: 'c' },
};
const places: Record<string, unknown> = {
  'as secret': { auth: { type: 'bearer', secret: SECRET } },
  'as clientSecret': {
    auth: { type: 'client-credentials', tokenUrl: 'https://x/', clientId: 'a', clientSecret: SECRET },
  },
  'as privateKey': { auth: { type: 'client-credentials', clientId: 'a', privateKey: SECRET } },
  'as privateKey in PEM': {
    auth: {
      type: 'client-credentials',
      clientId: 'a',
      privateKey: `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----`,
    },
  },
  'together with the name of a secret': {
    auth: { type: 'client-credentials', clientId: 'a', clientSecret: 'b', privateKey: SECRET },
  },
  'as assertion': { auth: { type: 'jwt-bearer', assertion: SECRET } },
  'as idToken': { auth: { ...managed, idToken: SECRET } },
  'as the client secret for the identity provider': {
    auth: { ...managed, identityProvider: { ...managed.identityProvider, clientSecret: SECRET } },
  },
  "in the identity provider's token URL": {
    auth: { ...managed, identityProvider: { tokenUrl: `https://u:${SECRET}@x/`, clientId: 'a' } },
  },
  'in the resource': { auth: { type: 'jwt-bearer', assertion: 'a', resource: `no URL ${SECRET}` } },
  'instead of auth': { auth: SECRET },
  'as the type of auth': { auth: { type: SECRET } },
  'in the name of a header': { auth: { type: 'header', name: `X-Key: ${SECRET}`, secret: 'a' } },
  'as a header': { headers: { 'X-Key': `${SECRET}é` } },
  'as the Authorization header': { headers: { Authorization: SECRET } },
  'as a cookie': { headers: { COOKIE: SECRET } },
  'in the URL': { url: `https://user:${SECRET}@example.com/` },
  'in the URL, without a user': { url: `https://:${SECRET}@example.com/` },
  'in a URL with another scheme': { url: `ftp://user:${SECRET}@example.com/` },
  'in the token URL': {
    auth: { type: 'client-credentials', tokenUrl: `https://u:${SECRET}@x/`, clientId: 'a', clientSecret: 'b' },
  },
};
for (const [place, target] of Object.entries(places)) {
  it(`refuses a secret ${place}, and does not repeat it`, () => {
    const said = problemsOf({ target: target as Record<string, unknown> });
    assert.notEqual(said.length, 0);
    assert.ok(!said.join('\n').includes('s3cr3t'), said.join('\n'));
  });
}

it('does not repeat a secret from broken YAML', () => {
  for (const broken of [
    `"${SECRET}" more`,
    `"${SECRET}`,
    `'${SECRET}\n} ${SECRET}`,
    `x\n} ${SECRET}`,
    `*${SECRET}`,
    `@${SECRET}`,
    `{ ${SECRET}`,
    `|${SECRET}`,
    `!<${SECRET}`,
  ]) {
    const said = problemsIn(YAML.replace('    url:', `    auth: ${broken}\n    url:`));
    assert.ok(!JSON.stringify(said).includes('s3cr3t'), JSON.stringify(said));
  }
});
