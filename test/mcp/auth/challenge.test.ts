import assert from 'node:assert/strict';
import { it } from 'node:test';
import { bearerParameters } from '../../../src/mcp/auth/challenge.ts';

const URL = 'https://a.example/meta?x=1&y=2';

/** Headers, and the values of `resource_metadata` and `scope` in them. */
const challenges: readonly [name: string, header: string, metadata: readonly string[], scope?: readonly string[]][] = [
  ['nothing', '', []],
  ['a scheme alone', 'Bearer', []],
  ['the form of the standard', `Bearer realm="x", resource_metadata="${URL}", scope="a b"`, [URL], ['a b']],
  ['values without quotes', `Bearer realm=x, resource_metadata=${URL}, scope=a b`, [URL], ['a b']],
  ['no commas', `Bearer error="invalid_token" resource_metadata="${URL}" scope="a b"`, [URL], ['a b']],
  ['neither quotes nor commas', `Bearer scope=a b resource_metadata=${URL}`, [URL], ['a b']],
  [
    'a parameter twice',
    `Bearer resource_metadata="https://b.example", resource_metadata="${URL}"`,
    ['https://b.example', URL],
  ],
  ['the same challenge twice', `Bearer resource_metadata="${URL}", Bearer resource_metadata="${URL}"`, [URL]],
  ['another challenge before', `Basic realm="x", Bearer resource_metadata="${URL}"`, [URL]],
  ['another challenge before, without a comma', `Basic realm="x" Bearer resource_metadata="${URL}"`, [URL]],
  ['another challenge after', `Bearer scope="a", DPoP algs="ES256", scope="b"`, [], ['a']],
  ['names of schemes within quotes', `Bearer realm="Basic, Digest", resource_metadata="${URL}"`, [URL]],
  ['names of schemes as parameters', `Bearer basic="x", resource_metadata="${URL}"`, [URL]],
  ['white space around signs', `bearer Resource_Metadata = "${URL}" ,scope = "a"`, [URL], ['a']],
  ['escaped quotes', 'Bearer scope="a \\"b\\""', [], ['a "b"']],
  ['no Bearer challenge', `Basic resource_metadata="${URL}"`, []],
];

for (const [name, header, metadata, scope = []] of challenges) {
  it(`bearerParameters reads a header with ${name}`, () => {
    assert.deepEqual(bearerParameters(header, 'resource_metadata'), metadata);
    assert.deepEqual(bearerParameters(header, 'scope'), scope);
  });
}

it('bearerParameters reads a hostile header in little time', () => {
  const startMs = performance.now();
  for (const part of ['Bearer ', 'a ', 'a=b ', 'Bearer a="', 'a=b c ', '"\\']) {
    bearerParameters(`Bearer ${part.repeat(16_384 / part.length)}`, 'scope');
  }
  assert.ok(performance.now() - startMs < 2000);
});
