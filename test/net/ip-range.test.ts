import assert from 'node:assert/strict';
import { BlockList, isIP } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { covers, type IpRange, parseIpRange } from '../../src/net/address-rules.ts';
import { anyIp } from './any-ip.ts';

function rangeOf(text: string): IpRange {
  const range = parseIpRange(text);
  assert.ok(range, text);
  return range;
}

describe('parseIpRange', () => {
  it('reads all notations of an address as the same range', () => {
    for (const [one, other] of [
      ['2001:db8::1', '2001:0DB8:0:0:0:0:0:1'],
      ['64:ff9b::10.0.0.1', '64:ff9b::a00:1'],
      ['::', '0:0:0:0:0:0:0:0'],
      ['1::', '1:0::0'],
      ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:0.7.0.8'],
      ['10.1.2.3', '10.1.2.3/32'],
      ['::1', '::1/128'],
      ['::ffff:10.1.2.3', '10.1.2.3'],
      ['::ffff:a00:0/104', '10.0.0.0/8'],
    ] as const) {
      assert.deepEqual(rangeOf(one), rangeOf(other), `${one} ${other}`);
    }
  });

  it('refuses text that is not an address or is ambiguous', () => {
    for (const text of [
      '',
      '/',
      '/8',
      'example.com',
      '10.0.0',
      '10.0.0.256',
      '010.0.0.1',
      '0x0a.0.0.1',
      '10.0.0.1.',
      ' 10.0.0.1',
      '10.0.0.0/',
      '10.0.0.0/33',
      '10.0.0.0/08',
      '10.0.0.0/-1',
      '10.0.0.0/8/8',
      '10.0.0.1/8',
      '1::2::3',
      ':::',
      '::1]:80/[::1',
      '1:2:3:4:5:6:7',
      '::1%eth0',
      '::/129',
      '2001:db8::1/32',
      '::fffe:0:0/95x',
    ]) {
      assert.equal(parseIpRange(text), undefined, text);
    }
  });

  it('accepts the same addresses as node:net', () => {
    fc.assert(
      fc.property(
        fc.oneof(anyIp, fc.ipV6(), fc.ipV4(), fc.string({ unit: fc.constantFrom(...'0129afF:.') })),
        (text) => {
          assert.equal(parseIpRange(text) !== undefined, isIP(text) !== 0, text);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('covers', () => {
  it('agrees with the block list of node:net', () => {
    const part = fc.record({ ip: anyIp, prefix: fc.nat(128), other: anyIp, near: fc.boolean() });
    fc.assert(
      fc.property(part, ({ ip, prefix, other, near }) => {
        const { bits, first } = numberOf(ip);
        const length = prefix % (bits + 1);
        const net = (first >> BigInt(bits - length)) << BigInt(bits - length);
        // Random addresses hardly ever share a prefix, so half of the second addresses are made from the first.
        const second = numberOf(other);
        const inNet = second.bits === bits ? net | BigInt.asUintN(bits - length, second.first) : first;
        const address = near ? textOf({ bits, first: inNet }) : textOf(second);
        const list = new BlockList();
        list.addSubnet(textOf({ bits, first: net }), length, family(bits));
        // The block list also matches mapped addresses with IPv4; here they are read as IPv4 before they are compared.
        const { bits: addressBits } = numberOf(address);
        const expected = addressBits === bits && list.check(address, family(addressBits));
        assert.equal(covers(rangeOf(`${textOf({ bits, first: net })}/${length}`), rangeOf(address)), expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('compares whole blocks', () => {
    assert.ok(covers(rangeOf('10.0.0.0/8'), rangeOf('10.1.0.0/16')));
    assert.ok(!covers(rangeOf('10.1.0.0/16'), rangeOf('10.0.0.0/8')));
    assert.ok(covers(rangeOf('::/0'), rangeOf('2001:db8::/32')));
    assert.ok(!covers(rangeOf('::/0'), rangeOf('0.0.0.0/0')));
  });
});

type Numbered = { readonly bits: 32 | 128; readonly first: bigint };

const family = (bits: 32 | 128) => (bits === 32 ? 'ipv4' : 'ipv6');

/** An address as a number of 32 or 128 bits. */
function numberOf(text: string): Numbered {
  const bytes = rangeOf(text).address.toByteArray();
  return {
    bits: bytes.length === 4 ? 32 : 128,
    first: bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n),
  };
}

function textOf({ bits, first }: Numbered): string {
  const hex = first.toString(16).padStart(bits / 4, '0');
  return bits === 32
    ? (hex.match(/../g) ?? []).map((octet) => Number.parseInt(octet, 16)).join('.')
    : (hex.match(/.{4}/g) ?? []).join(':');
}
