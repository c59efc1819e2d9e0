import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { clientCredentialsTokens } from '../../../src/mcp/auth/client-credentials.ts';
import { httpReply, jsonReply } from '../../support/raw-http.ts';
import { type RawReply, type ScriptedServer, startScriptedServer } from '../../support/scripted-server.ts';

const SECRET = 's3cret+value/with=signs';
let server: ScriptedServer;

afterEach(() => server.close());

/** A fetch of a token from an endpoint that gives one reply. */
async function tokensFrom(reply: RawReply, more: { scope?: string; timeoutMs?: number } = {}) {
  server = await startScriptedServer(reply);
  const tokenUrl = `${server.origin}/token`;
  const credentials = { tokenUrl, clientId: 'me', clientSecret: SECRET, scope: more.scope };
  return { tokenUrl, fetchToken: clientCredentialsTokens(credentials, () => 5000, more.timeoutMs) };
}

describe('clientCredentialsTokens', () => {
  it('posts the grant as a form, and counts the life of the token from when it was asked for', async () => {
    const { fetchToken } = await tokensFrom(
      jsonReply({ access_token: 'abc', token_type: 'Bearer', expires_in: '20' }),
      {
        scope: 'read write',
      },
    );
    assert.deepEqual(await fetchToken(), { value: 'abc', expiresAtMs: 25_000 });
    const { head = '', body = '' } = server.requests[0] ?? {};
    assert.match(head, /^POST \/token HTTP/);
    assert.match(head, /content-type: application\/x-www-form-urlencoded/);
    assert.deepEqual(Object.fromEntries(new URLSearchParams(body)), {
      grant_type: 'client_credentials',
      client_id: 'me',
      client_secret: SECRET,
      scope: 'read write',
    });
  });

  it('uses a token without a stated life for a minute, and sends no scope that is not asked for', async () => {
    const { fetchToken } = await tokensFrom(jsonReply({ access_token: 'abc' }));
    assert.deepEqual(await fetchToken(), { value: 'abc', expiresAtMs: 65_000 });
    assert.doesNotMatch(server.requests[0]?.body ?? '', /scope/);
  });

  const echo: RawReply = (socket, { body }) => socket.write(httpReply(401, [], `who is ${body}? ${'x'.repeat(500)}`));
  const faults: { name: string; reply: RawReply; says: RegExp }[] = [
    {
      name: 'a refusal that repeats the secret',
      reply: echo,
      says: /answered HTTP 401: who is grant_type.*\[redacted\]/,
    },
    { name: 'a redirect', reply: httpReply(302, ['location: http://127.0.0.1:1/'], ''), says: /answered HTTP 302/ },
    { name: 'no JSON', reply: httpReply(200, [], '<html>'), says: /without a usable token: the body: / },
    { name: 'no token', reply: jsonReply({ token: SECRET }), says: /without a usable token: access_token: / },
    {
      name: 'a token with a line break',
      reply: jsonReply({ access_token: `${SECRET}\n` }),
      says: /access_token: expected visible ASCII/,
    },
    {
      name: 'a life that is no number',
      reply: jsonReply({ access_token: 'abc', expires_in: 'long' }),
      says: /expires_in: /,
    },
    {
      name: 'an end of the connection',
      reply: (socket) => socket.destroy(),
      says: /gave no answer: other side closed/,
    },
    { name: 'silence', reply: () => {}, says: /gave no answer: none within 100 ms/ },
    {
      name: 'a body without end',
      reply: 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{',
      says: /gave no answer: none within 100 ms/,
    },
  ];
  for (const { name, reply, says } of faults) {
    it(`says what is wrong with ${name}, and never the secret`, async () => {
      const silent = says.source.includes('100 ms');
      const { tokenUrl, fetchToken } = await tokensFrom(reply, silent ? { timeoutMs: 100 } : {});
      await assert.rejects(fetchToken(), ({ message }: Error) => {
        assert.match(message, says);
        assert.ok(message.startsWith(`The token endpoint ${tokenUrl} `), message);
        assert.ok(!message.includes(SECRET) && !message.includes(encodeURIComponent(SECRET)), message);
        assert.ok(message.length < 400);
        return true;
      });
    });
  }

  it('names the endpoint that cannot be reached, also where several addresses were tried', async () => {
    const { tokenUrl } = await tokensFrom('');
    await server.close();
    const url = tokenUrl.replace('127.0.0.1', 'localhost');
    const credentials = { tokenUrl: url, clientId: 'me', clientSecret: SECRET, scope: undefined };
    server = await startScriptedServer('');
    await assert.rejects(clientCredentialsTokens(credentials, () => 0)(), ({ message }: Error) => {
      assert.ok(message.startsWith(`The token endpoint ${url} gave no answer: `), message);
      assert.match(message, /ECONNREFUSED/);
      return true;
    });
  });
});
