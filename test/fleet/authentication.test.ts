import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Fleet, startFleet } from '../../fleet/fleet.ts';
import { fleetSecrets } from '../../fleet/servers.ts';
import { callTool, connectClient, fetchToken, initialize, postMcp, requestToken } from './fleet-clients.ts';

let nowMs = 0;
let fleet: Fleet;
let github: string;
let context7: string;
let ado: string;
let tokenUrl: string;

before(async () => {
  fleet = await startFleet({ latencyScale: 0, tokenLifetimeSeconds: 20, nowMs: () => nowMs });
  github = fleet.servers.github.url;
  context7 = fleet.servers.context7.url;
  ado = fleet.servers.ado.url;
  tokenUrl = fleet.servers.ado.tokenUrl!;
});

after(() => fleet.stop());

async function assertRefused(answer: Response, challenge: RegExp): Promise<void> {
  assert.equal(answer.status, 401);
  assert.match(answer.headers.get('www-authenticate') ?? '', challenge);
  assert.match(await answer.text(), /Unauthorized/);
}

test('github refuses a missing and a wrong token and takes the right one', async () => {
  await assertRefused(await postMcp(github, initialize), /^Bearer realm="fleet"$/);
  await assertRefused(await postMcp(github, initialize, { authorization: 'Bearer wrong' }), /error="invalid_token"/);
  await assertRefused(await postMcp(github, initialize, { authorization: fleetSecrets.githubToken }), /invalid_token/);
  await assert.rejects(connectClient(github), /Unauthorized/);
  const right = await postMcp(github, initialize, { authorization: `bearer ${fleetSecrets.githubToken}` });
  assert.equal(right.status, 200);
  await right.body?.cancel();
});

test('context7 takes no key and the right key, and refuses a wrong one', async () => {
  const headers: Record<string, string>[] = [
    {},
    { 'Context7-API-Key': fleetSecrets.context7ApiKey },
    { authorization: `Bearer ${fleetSecrets.context7ApiKey}` },
  ];
  for (const header of headers) {
    const answer = await postMcp(context7, initialize, header);
    assert.equal(answer.status, 200, JSON.stringify(header));
    await answer.body?.cancel();
  }
  await assertRefused(await postMcp(context7, initialize, { 'Context7-API-Key': 'wrong' }), /API key is wrong/);
});

test('ado takes a token of its own until its lifetime is over', async () => {
  await assertRefused(await postMcp(ado, initialize), /^Bearer realm="fleet"$/);
  await assertRefused(await postMcp(ado, initialize, { authorization: 'Bearer made-up' }), /invalid_token/);

  const call = callTool('pipelines_build', { action: 'list' });
  const bearer = await fetchToken(tokenUrl);
  nowMs += 19_999;
  assert.equal((await postMcp(ado, call, bearer)).status, 200);
  nowMs += 1;
  await assertRefused(await postMcp(ado, call, bearer), /expired/);
  assert.equal((await postMcp(ado, call, await fetchToken(tokenUrl))).status, 200);
});

test('the token endpoint takes the secret in the form or in a Basic header', async () => {
  const inForm = await requestToken(tokenUrl);
  assert.equal(inForm.status, 200);
  assert.equal(inForm.headers.get('cache-control'), 'no-store');
  const token = (await inForm.json()) as Record<string, unknown>;
  assert.deepEqual([token.token_type, token.expires_in], ['Bearer', 20]);

  const basic = Buffer.from(`${fleetSecrets.adoClientId}:${fleetSecrets.adoClientSecret}`).toString('base64');
  const body = new URLSearchParams({ grant_type: 'client_credentials' });
  const headers = { authorization: `Basic ${basic}` };
  const inHeader = await fetch(tokenUrl, { method: 'POST', headers, body });
  assert.equal(inHeader.status, 200);
  assert.notEqual(((await inHeader.json()) as Record<string, unknown>).access_token, token.access_token);
});

test('the token endpoint refuses what RFC 6749 says, with the error it says', async () => {
  const issuedBefore = (await fleet.stats()).ado.tokens.issued;
  const refusals: [Promise<Response>, number, string][] = [
    [requestToken(tokenUrl, { client_secret: 'wrong' }), 401, 'invalid_client'],
    [requestToken(tokenUrl, { client_id: 'wrong' }), 401, 'invalid_client'],
    [requestToken(tokenUrl, {}, { authorization: 'Basic d3Jvbmc6JQ==' }), 401, 'invalid_client'],
    [requestToken(tokenUrl, { grant_type: 'password' }), 400, 'unsupported_grant_type'],
    [fetch(tokenUrl, { method: 'POST', body: '{}' }), 400, 'invalid_request'],
  ];
  for (const [asked, status, error] of refusals) {
    const answer = await asked;
    assert.equal(answer.status, status, error);
    assert.equal(((await answer.json()) as { error: string }).error, error);
  }
  assert.equal((await fleet.stats()).ado.tokens.issued, issuedBefore);
});

test('a fleet with secrets of its own refuses the default ones', async () => {
  const own = await startFleet({ latencyScale: 0, secrets: { ...fleetSecrets, githubToken: 'another' } });
  try {
    const { url } = own.servers.github;
    await assertRefused(
      await postMcp(url, initialize, { authorization: `Bearer ${fleetSecrets.githubToken}` }),
      /invalid_token/,
    );
    const answer = await postMcp(url, initialize, { authorization: 'Bearer another' });
    assert.equal(answer.status, 200);
    await answer.body?.cancel();
  } finally {
    await own.stop();
  }
});
