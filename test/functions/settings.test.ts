import assert from 'node:assert/strict';
import { it } from 'node:test';
import { HOW_TO_ALLOW, readSettings } from '../../src/functions/settings.ts';

it('allows nothing unless told to', () => {
  for (const env of [{}, { SURGE_ALLOWED_ORIGINS: '', SURGE_ALLOWED_ADDRESSES: '', SURGE_ALLOW_LOOPBACK: '' }]) {
    const settings = readSettings(env);
    assert.deepEqual(settings.SURGE_ALLOWED_ORIGINS, []);
    assert.deepEqual(settings.SURGE_ALLOWED_ADDRESSES, []);
    assert.equal(settings.SURGE_ALLOW_LOOPBACK, false);
  }
});

it('takes lists with commas and blanks between their items', () => {
  const settings = readSettings({
    SURGE_ALLOWED_ORIGINS: 'https://a.example, https://b.example:8443,',
    SURGE_ALLOWED_ADDRESSES: ' 10.1.0.0/16,fd00::/8 ,, 192.168.7.7',
  });
  assert.deepEqual(settings.SURGE_ALLOWED_ORIGINS, ['https://a.example', 'https://b.example:8443']);
  assert.deepEqual(settings.SURGE_ALLOWED_ADDRESSES, ['10.1.0.0/16', 'fd00::/8', '192.168.7.7']);
});

it('refuses what is no address and no range, naming the setting and the item', () => {
  for (const wrong of ['10.1.0.0/33', '10.1.2.3/16', 'mcp.example.com', '10.1.*', '10.1.0.0-10.1.0.9']) {
    assert.throws(
      () => readSettings({ SURGE_ALLOWED_ADDRESSES: `10.0.0.1,${wrong}` }),
      ({ message }: Error) => {
        assert.match(message, /^App settings cannot be used:/);
        assert.ok(message.includes(`got "${wrong}"`), message);
        assert.match(message, /expected an IP address or a CIDR range .*\n.*at SURGE_ALLOWED_ADDRESSES\[1\]/);
        return true;
      },
    );
  }
});

it('says how to allow what a policy refuses, by a setting that exists', () => {
  const settings = Object.keys(readSettings({}));
  const sentences = Object.values(HOW_TO_ALLOW);
  assert.equal(sentences.length, 7);
  for (const sentence of sentences) {
    const [named = ''] = sentence.match(/SURGE_\w+/) ?? [];
    assert.ok(settings.includes(named), sentence);
  }
});
