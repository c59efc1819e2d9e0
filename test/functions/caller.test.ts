import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { callerOf, hasRole, ROLES } from '../../src/functions/caller.ts';
import { principalHeader } from './principal-header.ts';

const ROLE_CLAIM = 'http://schemas.microsoft.com/ws/2008/06/identity/claims/role';

const callerWith = (headers: Record<string, string>) => callerOf(new Headers(headers), true);
const principal = (...args: Parameters<typeof principalHeader>) => ({
  'x-ms-client-principal': principalHeader(...args),
});

describe('a caller', () => {
  it('may do everything and has no name where no roles are required, whatever its headers say', () => {
    const forged = { ...principal({ roles: ['read'] }), 'x-ms-client-principal-name': 'somebody else' };
    assert.deepEqual(callerOf(new Headers(forged), false), { name: 'unknown', role: 'operate' });
  });

  it('has the highest of its app roles, and its name', () => {
    const headers = {
      ...principal({ roles: ['read', 'operate', 'run'] }),
      'x-ms-client-principal-name': 'ann@example.com',
    };
    assert.deepEqual(callerWith(headers), { name: 'ann@example.com', role: 'operate' });
    assert.equal(callerWith(principal({ roles: ['run', 'other'] })).role, 'run');
    assert.equal(callerWith(principal({ roles: ['Operate', 'reader'] })).role, undefined);
  });

  it('is named by its claims where App Service gives no name', () => {
    assert.equal(callerWith(principal({ name: 'Ann', preferred_username: 'ann@example.com' })).name, 'ann@example.com');
    assert.equal(callerWith(principal({ appid: '1111-2222' })).name, '1111-2222');
    assert.equal(callerWith(principal({ name: ' ' })).name, 'unknown');
  });

  it('has the roles of a claim that App Service has renamed', () => {
    assert.equal(callerWith(principal({ [ROLE_CLAIM]: ['run'] })).role, 'run');
    assert.equal(callerWith(principal({ 'my-roles': ['run'] }, 'my-roles')).role, 'run');
    assert.equal(callerWith(principal({ 'my-roles': ['run'] })).role, undefined);
  });

  it('cannot put control characters or pages of text into records', () => {
    const { name } = callerWith(principal({ name: `\u001b[31mAnn\u202e${'n'.repeat(5000)}` }));
    assert.doesNotMatch(name, /[\p{Cc}\p{Bidi_Control}]/u);
    assert.ok(name.length <= 201, `${name.length} characters`);
  });

  it('has no role if its header is missing or is not what App Service sends', () => {
    const wrong = ['', 'not base64 !', btoa('{'), btoa('null'), btoa('{"claims":{}}'), btoa('{"claims":[{"typ":1}]}')];
    for (const header of wrong) {
      assert.deepEqual(callerWith({ 'x-ms-client-principal': header }), { name: 'unknown', role: undefined }, header);
    }
    assert.equal(callerWith({ 'x-ms-client-principal-name': 'ann' }).role, undefined);
    fc.assert(
      fc.property(fc.string(), fc.base64String(), fc.json(), (text, base64, json) => {
        for (const header of [encodeURIComponent(text), base64, Buffer.from(json).toString('base64')]) {
          assert.equal(callerWith({ 'x-ms-client-principal': header }).role, undefined);
        }
      }),
    );
  });

  it('may do what its own role and lower ones allow', () => {
    for (const [has, role] of ROLES.entries()) {
      for (const [needs, needed] of ROLES.entries()) {
        assert.equal(hasRole({ name: 'ann', role }, needed), has >= needs, `${role} for ${needed}`);
      }
    }
    assert.equal(hasRole({ name: 'ann', role: undefined }, 'read'), false);
  });
});
