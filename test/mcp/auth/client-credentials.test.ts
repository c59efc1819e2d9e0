import assert from 'node:assert/strict';
import { afterEach, it } from 'node:test';
import { Agent } from 'undici';
import { AuthHttp } from '../../../src/mcp/auth/auth-http.ts';
import { namedServer } from '../../../src/mcp/auth/discovery.ts';
import { clientCredentialsTokens } from '../../../src/mcp/auth/grants.ts';
import { httpReply, jsonReply } from '../../support/raw-http.ts';
import { type RawReply, type ScriptedServer, startScriptedServer } from '../../support/scripted-server.ts';

const SECRET = 's3cret+value/with=signs';
let server: ScriptedServer;
let dispatcher: Agent;

afterEach(async () => {
  await dispatcher.destroy();
  await server.close();
});

type More = { scope?: string; resource?: string; timeoutMs?: number; placement?: 'basic' };

/** Makes the fetch of a token from an endpoint that the plan names. */
function tokensAt(tokenUrl: string, { scope, resource, placement, ...limit }: More = {}) {
  dispatcher = new Agent();
  const http = new AuthHttp({ dispatcher, problemOfAddress: () => undefined, ...limit });
  const client = { id: 'me', secret: SECRET, placement, key: undefined };
  const terms = async () => ({ server: namedServer(tokenUrl), scope, resource });
  return clientCredentialsTokens({ http, terms, client }, () => 5000);
}

/** The same, from an endpoint with one reply. */
async function tokensFrom(reply: RawReply, more: More = {}) {
  server = await startScriptedServer(reply);
  const tokenUrl = `${server.origin}/token`;
  return { tokenUrl, fetchToken: tokensAt(tokenUrl, more) };
}

it('clientCredentialsTokens posts the grant as a form, and counts the lifetime of the token from the request', async () => {
  const { fetchToken } = await tokensFrom(jsonReply({ access_token: 'abc', token_type: 'bearer', expires_in: '20' }), {
    scope: 'read write',
    resource: 'https://a.example/mcp',
  });
  assert.deepEqual(await fetchToken(), { value: 'abc', expiresAtMs: 25_000 });
  const { head = '', body = '' } = server.requests[0] ?? {};
  assert.match(head, /^POST \/token HTTP/);
  assert.match(head, /content-type: application\/x-www-form-urlencoded/);
  assert.match(head, /user-agent: mcp-surge/);
  assert.doesNotMatch(head, /authorization:/);
  assert.deepEqual(Object.fromEntries(new URLSearchParams(body)), {
    grant_type: 'client_credentials',
    client_id: 'me',
    client_secret: SECRET,
    scope: 'read write',
    resource: 'https://a.example/mcp',
  });
});

it('clientCredentialsTokens uses a token without a lifetime for a minute, and sends only what the plan asks for', async () => {
  const { fetchToken } = await tokensFrom(jsonReply({ access_token: 'abc' }));
  assert.deepEqual(await fetchToken(), { value: 'abc', expiresAtMs: 65_000 });
  assert.doesNotMatch(server.requests[0]?.body ?? '', /scope|resource/);
});

for (const lifetime of [null, 0, '0', '', 'an hour', true]) {
  it(`clientCredentialsTokens uses a token whose lifetime is ${JSON.stringify(lifetime)} for a minute`, async () => {
    const { fetchToken } = await tokensFrom(jsonReply({ access_token: 'abc', expires_in: lifetime }));
    assert.deepEqual(await fetchToken(), { value: 'abc', expiresAtMs: 65_000 });
  });
}

for (const status of [201, 203, 299]) {
  it(`clientCredentialsTokens accepts a token with HTTP ${status}, after a byte order mark`, async () => {
    const body = `\ufeff${JSON.stringify({ access_token: 'abc', expires_in: 20 })}`;
    const { fetchToken } = await tokensFrom(httpReply(status, ['content-type: application/json'], body));
    assert.deepEqual(await fetchToken(), { value: 'abc', expiresAtMs: 25_000 });
  });
}

const echo: RawReply = (socket, { head, body }) => {
  const credentials = /authorization: .*/.exec(head)?.[0] ?? '';
  socket.write(httpReply(401, [], `who is ${body} ${credentials}? ${'x'.repeat(500)}`));
};
const faults: { name: string; reply: RawReply; says: RegExp; more?: More }[] = [
  {
    name: 'a refusal that repeats the secret',
    reply: echo,
    says: /answered HTTP 401: who is grant_type.*\[redacted\]/,
  },
  {
    name: 'a refusal that repeats the secret as Basic credentials',
    reply: echo,
    says: /answered HTTP 401: who is grant_type=client_credentials authorization: Basic \[redacted\]\?/,
    more: { placement: 'basic' },
  },
  ...['refresh_token', 'id_token'].map((field) => ({
    name: `a status that is not 200 with a body that holds only ${field}`,
    reply: httpReply(201, ['content-type: application/json'], JSON.stringify({ [field]: 'another-token' })),
    says: /answered HTTP 201: \[not shown: the text contains a token\]$/,
  })),
  {
    name: 'a token type that is endless',
    reply: jsonReply({ access_token: 'abc', token_type: `x${SECRET}`.repeat(1000) }),
    says: /issued a token of type x\[redacted\].{0,200}…; only Bearer/,
  },
  { name: 'a redirect', reply: httpReply(302, ['location: http://127.0.0.1:1/'], ''), says: /answered HTTP 302/ },
  { name: 'no content', reply: 'HTTP/1.1 204 Any\r\n\r\n', says: /answered HTTP 204/ },
  {
    name: 'a body that is not JSON',
    reply: httpReply(200, [], '<html>'),
    says: /without a usable token: the body: /,
  },
  { name: 'no token', reply: jsonReply({ token: SECRET }), says: /without a usable token: access_token: / },
  {
    name: 'a token with a line break',
    reply: jsonReply({ access_token: `${SECRET}\n` }),
    says: /access_token: expected visible ASCII/,
  },
  {
    name: 'a token with another status than 2xx',
    reply: httpReply(400, ['content-type: application/json'], JSON.stringify({ access_token: 'another-token' })),
    says: /answered HTTP 400: \[not shown: the text contains a token\]$/,
  },
  {
    name: 'a negative lifetime',
    reply: jsonReply({ access_token: 'abc', expires_in: -1 }),
    says: /expires_in: /,
  },
  {
    name: 'a token that is bound to a key',
    reply: jsonReply({ access_token: SECRET, token_type: 'DPoP' }),
    says: /issued a token of type DPoP; only Bearer/,
  },
  {
    name: 'a closed connection',
    reply: (socket) => socket.destroy(),
    says: /gave no usable answer: other side closed/,
  },
  {
    name: 'silence',
    reply: () => {},
    says: /gave no usable answer: no reply within 100 ms/,
    more: { timeoutMs: 100 },
  },
  {
    name: 'a body without end',
    reply: 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{',
    says: /gave no usable answer: no reply within 100 ms/,
    more: { timeoutMs: 100 },
  },
  {
    name: 'a body that is too long',
    reply: httpReply(200, [], ' '.repeat(1024 * 1024 + 1)),
    says: /gave no usable answer: its reply is longer than 1 MiB/,
  },
];
for (const { name, reply, says, more } of faults) {
  it(`clientCredentialsTokens reports ${name}, without the secret`, async () => {
    const { tokenUrl, fetchToken } = await tokensFrom(reply, more);
    await assert.rejects(fetchToken(), ({ message }: Error) => {
      assert.match(message, says);
      assert.ok(message.startsWith(`The token endpoint ${tokenUrl} `), message);
      const basic = Buffer.from(`me:${encodeURIComponent(SECRET)}`).toString('base64');
      for (const secret of [SECRET, encodeURIComponent(SECRET), basic]) assert.ok(!message.includes(secret), message);
      assert.ok(message.length < 400);
      return true;
    });
  });
}

it('clientCredentialsTokens names the endpoint that cannot be reached, even when several addresses were tried', async () => {
  server = await startScriptedServer('');
  const url = 'http://localhost:1/token';
  await assert.rejects(tokensAt(url)(), ({ message }: Error) => {
    assert.ok(message.startsWith(`The token endpoint ${url} gave no usable answer: `), message);
    assert.match(message, /ECONNREFUSED/);
    return true;
  });
});

it('clientCredentialsTokens waits ten seconds and no longer for an endpoint that does not answer', async (t) => {
  const { fetchToken } = await tokensFrom(() => {});
  // The types of Node do not have this name yet.
  const apis = ['AbortSignal.timeout' as 'setTimeout'];
  t.mock.timers.enable({ apis });
  let error: unknown;
  fetchToken().catch((caught: unknown) => {
    error = caught;
  });
  while (server.requests.length === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  t.mock.timers.tick(9999);
  await new Promise<void>((resolve) => setImmediate(resolve));
  assert.equal(error, undefined);
  t.mock.timers.tick(1);
  while (error === undefined) await new Promise<void>((resolve) => setImmediate(resolve));
  // The mocked timeout has another message than the real one, which is tested above.
  assert.match(String(error), /gave no usable answer: /);
});
