import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Fleet, startFleet } from '../../fleet/fleet.ts';
import { fleetSecrets } from '../../fleet/servers.ts';
import { callTool, connectClient, fetchToken, fleetFor, initialize, postMcp, requestToken } from './fleet-fixture.ts';

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

describe("a server's authentication", () => {
  it('accepts the right token on github, and refuses a missing or wrong one', async () => {
    await assertRefused(await postMcp(github, initialize), /^Bearer realm="fleet"$/);
    await assertRefused(await postMcp(github, initialize, { authorization: 'Bearer wrong' }), /error="invalid_token"/);
    await assertRefused(
      await postMcp(github, initialize, { authorization: fleetSecrets.githubToken }),
      /invalid_token/,
    );
    await assert.rejects(connectClient(github), /Unauthorized/);
    const right = await postMcp(github, initialize, { authorization: `bearer ${fleetSecrets.githubToken}` });
    assert.equal(right.status, 200);
    await right.body?.cancel();
  });

  it('accepts no key or the right key on context7, and refuses a wrong one', async () => {
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

  it('accepts a token that ado issued until the token expires, and refuses others', async () => {
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

  it('refuses the default secrets if the fleet has others', async (t) => {
    const own = await fleetFor(t, { latencyScale: 0, secrets: { ...fleetSecrets, githubToken: 'another' } });
    const { url } = own.servers.github;
    await assertRefused(
      await postMcp(url, initialize, { authorization: `Bearer ${fleetSecrets.githubToken}` }),
      /invalid_token/,
    );
    const answer = await postMcp(url, initialize, { authorization: 'Bearer another' });
    assert.equal(answer.status, 200);
    await answer.body?.cancel();
  });
});

describe('the token endpoint', () => {
  it('accepts the client secret in the form and in a Basic header', async () => {
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

  it('refuses a wrong request with the status and error of RFC 6749', async () => {
    const issuedBefore = (await fleet.stats()).ado.tokens.issued;
    const refusals: [Promise<Response>, number, string][] = [
      [requestToken(tokenUrl, { client_secret: 'wrong' }), 401, 'invalid_client'],
      [requestToken(tokenUrl, { client_id: 'wrong' }), 401, 'invalid_client'],
      [requestToken(tokenUrl, {}, { authorization: 'Basic d3Jvbmc6JQ==' }), 401, 'invalid_client'],
      [requestToken(tokenUrl, { grant_type: 'password' }), 400, 'unsupported_grant_type'],
      [fetch(tokenUrl, { method: 'POST', body: '{}' }), 400, 'invalid_request'],
    ];
    for (const [request, status, error] of refusals) {
      const answer = await request;
      assert.equal(answer.status, status, error);
      assert.equal(((await answer.json()) as { error: string }).error, error);
    }
    assert.equal((await fleet.stats()).ado.tokens.issued, issuedBefore);
  });
});
