import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { covers, resourceMetadataUrls, serverMetadataUrls } from '../../../src/mcp/auth/discovery.ts';

describe('resourceMetadataUrls', () => {
  it('puts the well-known name before the path, keeps the query, and names the root once', () => {
    assert.deepEqual(resourceMetadataUrls('https://a.example/x/mcp?v=1'), [
      'https://a.example/.well-known/oauth-protected-resource/x/mcp?v=1',
      'https://a.example/.well-known/oauth-protected-resource',
    ]);
    assert.deepEqual(resourceMetadataUrls('https://a.example'), [
      'https://a.example/.well-known/oauth-protected-resource',
    ]);
  });
});

describe('serverMetadataUrls', () => {
  it('has three places for an issuer with a path, two for one without', () => {
    assert.deepEqual(serverMetadataUrls('https://a.example/realm/'), [
      'https://a.example/.well-known/oauth-authorization-server/realm',
      'https://a.example/.well-known/openid-configuration/realm',
      'https://a.example/realm/.well-known/openid-configuration',
    ]);
    assert.deepEqual(serverMetadataUrls('https://a.example'), [
      'https://a.example/.well-known/oauth-authorization-server',
      'https://a.example/.well-known/openid-configuration',
    ]);
  });
});

describe('covers', () => {
  for (const [resource, target, expected] of [
    ['https://a.example/mcp', 'https://a.example/mcp', true],
    ['https://A.example:443/mcp/', 'https://a.example/mcp', true],
    ['https://a.example', 'https://a.example/x/mcp', true],
    ['https://a.example/x', 'https://a.example/x/mcp', true],
    ['https://a.example/x', 'https://a.example/xmcp', false],
    ['https://a.example/x/mcp', 'https://a.example/x', false],
    ['https://a.example/x/../mcp', 'https://a.example/x', false],
    ['https://a.example:8443/mcp', 'https://a.example/mcp', false],
    ['http://a.example/mcp', 'https://a.example/mcp', false],
    ['https://b.example/mcp', 'https://a.example/mcp', false],
    ['https://a.example.evil.example/', 'https://a.example/mcp', false],
    ['https://a.example/mcp?tenant=1', 'https://a.example/mcp?tenant=1', true],
    ['https://a.example/mcp?tenant=1', 'https://a.example/mcp?tenant=2', false],
    ['https://a.example/mcp#x', 'https://a.example/mcp', false],
    ['api://a', 'https://a.example/mcp', false],
    ['', 'https://a.example/mcp', false],
  ] as const) {
    it(`says ${expected} of ${resource || 'nothing'} for ${target}`, () => {
      assert.equal(covers(resource, target), expected);
    });
  }

  it('never says so across origins', () => {
    fc.assert(
      fc.property(fc.webUrl(), fc.webUrl(), (resource, target) => {
        assert.ok(!covers(resource, target) || new URL(resource).origin === new URL(target).origin);
        assert.ok(covers(target.replace(/#.*/, ''), target));
      }),
    );
  });
});
