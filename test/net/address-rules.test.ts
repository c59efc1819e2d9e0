import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { it } from 'node:test';
import fc from 'fast-check';
import {
  type AddressRefusalCode,
  type AddressRules,
  type Refused,
  refusalOfIp,
  refusalText,
} from '../../src/net/address-rules.ts';
import { anyIp } from './any-ip.ts';

const CLOSED: AddressRules = { allowLoopback: false, allowedAddresses: [] };
const allowing = (...allowedAddresses: string[]): AddressRules => ({ allowLoopback: false, allowedAddresses });

/** The special-purpose blocks of IANA without public servers (RFC 6890 and its updates). */
const FORBIDDEN_V4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24'],
  ...['203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4', '168.63.129.16/32'],
];
const FORBIDDEN_V6 = [
  ...['::/128', '::1/128', '::/96', '64:ff9b:1::/48', '100::/64', '2001::/23', '2001:db8::/32', '2002::/16'],
  ...['3fff::/20', '5f00::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8'],
];

function blockList(cidrs: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [net = '', prefix] = cidr.split('/');
    list.addSubnet(net, Number(prefix), family);
  }
  return list;
}
const forbiddenV4 = blockList(FORBIDDEN_V4, 'ipv4');

/** Any address of a CIDR block. */
function within(cidr: string): fc.Arbitrary<string> {
  const [net = '', prefix] = cidr.split('/');
  if (!net.includes(':')) {
    const first = net.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
    return fc.nat(2 ** (32 - Number(prefix)) - 1).map((rest) => dotted(first + rest));
  }
  const [left = [], right = []] = net.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  const first = [...left, ...zeros, ...right].reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
  return fc.bigInt(0n, 2n ** BigInt(128 - Number(prefix)) - 1n).map((rest) => {
    const hex = (first + rest).toString(16).padStart(32, '0');
    return (hex.match(/.{4}/g) ?? []).join(':');
  });
}

function dotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

/** An IPv4 address as two groups of an IPv6 address, its bytes XORed with a mask. */
function groupsOf(ip: string, mask = 0): string {
  const [a = 0, b = 0, c = 0, d = 0] = ip.split('.').map((octet) => Number(octet) ^ mask);
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

function assertRefused(ip: string): void {
  const refused = refusalOfIp(CLOSED, ip);
  assert.match(refused?.message ?? '', /not allowed here$/, ip);
  assert.match(refused?.code ?? '', /^(loopback|special-address|cloud-service)$/, ip);
}

it('refusalOfIp allows public addresses', () => {
  for (const ip of [
    ...['1.1.1.1', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.0'],
    ...['169.253.255.255', '172.15.255.255', '172.32.0.0', '192.167.255.255', '198.17.255.255', '198.20.0.0'],
    ...['223.255.255.255', '168.63.129.15', '168.63.129.17', '20.50.2.1'],
    ...['2606:4700::1111', '2603:1030::1', '2a00:1450::1', '2001:200::1', '3ffe::1', '2003::'],
    ...['64:ff9b::1.1.1.1', '64:ff9b::101:101', '::ffff:1.1.1.1', '::ffff:101:101'],
  ]) {
    assert.equal(refusalOfIp(CLOSED, ip), undefined, ip);
  }
});

it('refusalOfIp refuses every address of every forbidden block, in all notations', () => {
  for (const cidr of FORBIDDEN_V4) {
    fc.assert(
      fc.property(within(cidr), (ip) => {
        for (const notation of [ip, `::ffff:${ip}`, `::ffff:${groupsOf(ip)}`, `0:0:0:0:0:FFFF:${groupsOf(ip)}`])
          assertRefused(notation);
        for (const form of [`::${ip}`, `64:ff9b::${ip}`, `64:ff9b:1::${ip}`, `2002:${groupsOf(ip)}::1`])
          assertRefused(form);
      }),
      { numRuns: 30 },
    );
  }
  for (const cidr of FORBIDDEN_V6) {
    fc.assert(
      fc.property(within(cidr), (ip) => {
        const short = new URL(`http://[${ip}]/`).hostname.slice(1, -1);
        for (const notation of [ip, ip.toUpperCase(), short]) assertRefused(notation);
      }),
      { numRuns: 30 },
    );
  }
});

it('refusalOfIp agrees with the block list of node:net on IPv4, and treats a mapped or translated address as its IPv4 address', () => {
  const anyV4 = fc.oneof(fc.ipV4(), ...FORBIDDEN_V4.map(within));
  fc.assert(
    fc.property(anyV4, fc.boolean(), fc.option(fc.constantFrom(...FORBIDDEN_V4)), (ip, allowLoopback, allowed) => {
      assert.equal(refusalOfIp(CLOSED, ip) !== undefined, forbiddenV4.check(ip), ip);
      const rules = { allowLoopback, allowedAddresses: allowed === null ? [] : [allowed] };
      const refused = refusalOfIp(rules, ip) !== undefined;
      assert.equal(refusalOfIp(rules, `::ffff:${ip}`) !== undefined, refused, ip);
      assert.equal(refusalOfIp(rules, `64:ff9b::${ip}`) !== undefined, refused, ip);
    }),
    { numRuns: 1000 },
  );
});

it('refusalOfIp refuses IPv6 addresses outside the global unicast space, unless they contain an IPv4 address', () => {
  fc.assert(
    fc.property(
      anyIp.filter((ip) => !/^[23]\w{3}:|^::ffff:|^64:ff9b::|\./i.test(ip) && ip.includes(':')),
      (ip) => {
        const mapped = /^(0+:){5}ffff:/i.test(ip);
        assert.ok(mapped || refusalOfIp(CLOSED, ip) !== undefined, ip);
      },
    ),
    { numRuns: 1000 },
  );
});

it('refusalOfIp says what the address is, with a code for how to allow it', () => {
  const said = (ip: string) => refusalOfIp(CLOSED, ip);
  assert.deepEqual(said('10.2.3.4'), {
    code: 'special-address',
    message: '10.2.3.4 is a private address (RFC 1918), which is not allowed here',
  });
  assert.equal(said('::1')?.code, 'loopback');
  assert.match(said('::1')?.message ?? '', /^::1 is this machine .* not allowed here$/);
  assert.match(said('fe80::1%eth0')?.message ?? '', /^fe80::1%eth0 is a link-local address/);
  assert.match(said('255.255.255.255')?.message ?? '', /is the broadcast address/);
  const metadata = said('64:ff9b::a9fe:a9fe');
  assert.equal(metadata?.code, 'cloud-service');
  assert.match(metadata?.message ?? '', /leads to 169\.254\.169\.254, a cloud's metadata service, /);
  for (const text of ['no address', '10.0.0.0/8']) {
    assert.deepEqual(said(text), { code: 'not-an-address', message: `"${text}" is not an IP address` });
  }
});

it('refusalOfIp allows loopback, addresses and ranges that the operator names, and nothing else', () => {
  const loopback = { allowLoopback: true, allowedAddresses: [] };
  for (const ip of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) {
    assert.equal(refusalOfIp(loopback, ip), undefined, ip);
    assert.notEqual(refusalOfIp(allowing('10.0.0.0/8', 'fc00::/7'), ip), undefined, ip);
  }
  for (const ip of ['0.0.0.0', '::', '10.0.0.1', '::127.0.0.1', '169.254.1.1'])
    assert.notEqual(refusalOfIp(loopback, ip), undefined, ip);
  const network = allowing('10.1.0.0/16', 'fd12:3456::/32', '192.168.7.7');
  for (const ip of [
    '10.1.0.0',
    '10.1.255.255',
    '::ffff:10.1.2.3',
    '64:ff9b::10.1.2.3',
    'fd12:3456:1::1',
    '192.168.7.7',
  ])
    assert.equal(refusalOfIp(network, ip), undefined, ip);
  for (const ip of ['10.0.255.255', '10.2.0.0', 'fd12:3457::1', '192.168.7.8'])
    assert.notEqual(refusalOfIp(network, ip), undefined, ip);
});

it('refusalOfIp checks the IPv4 address inside an allowed IPv6 address too', () => {
  for (const [range, form] of [
    ['64:ff9b:1::/48', (ip: string) => `64:ff9b:1::${ip}`],
    ['2002::/16', (ip: string) => `2002:${groupsOf(ip)}::1`],
    ['2001::/32', (ip: string) => `2001:0:4136:e378:8000:63bf:${groupsOf(ip, 255)}`],
    ['::/96', (ip: string) => `::${ip}`],
  ] as const) {
    const rules = allowing(range);
    assert.equal(refusalOfIp(rules, form('1.1.1.1')), undefined, range);
    for (const ip of ['127.0.0.1', '10.0.0.1', '169.254.169.254'])
      assert.ok(refusalOfIp(rules, form(ip))?.message.includes(`leads to ${ip},`), range);
    assert.equal(refusalOfIp(allowing(range, '10.0.0.0/8'), form('10.0.0.1')), undefined, range);
  }
  assert.equal(refusalOfIp({ allowLoopback: true, allowedAddresses: ['::/96'] }, '::1'), undefined);
});

it('refusalOfIp allows services of clouds only by their exact address', () => {
  for (const ip of ['169.254.169.254', '168.63.129.16', 'fd00:ec2::254']) {
    for (const range of ['0.0.0.0/0', '169.254.0.0/16', '169.254.169.254/31', '168.63.129.16/30', '::/0', 'fc00::/7'])
      assert.equal(refusalOfIp(allowing(range), ip)?.code, 'cloud-service', ip);
    assert.equal(refusalOfIp(allowing(ip), ip), undefined, ip);
  }
  assert.equal(refusalOfIp(allowing('::ffff:169.254.169.254'), '::ffff:a9fe:a9fe'), undefined);
  assert.equal(refusalOfIp(allowing('169.254.0.0/16'), '169.254.1.1'), undefined);
});

it('refusalOfIp allows nothing for text that is not a range', () => {
  assert.notEqual(refusalOfIp(allowing('10.0.0.0/99', 'all', ''), '10.0.0.1'), undefined);
});

it('adds to a refusal how the operator can allow it', () => {
  const refused: Refused<AddressRefusalCode> = { code: 'special-address', message: '10.0.0.1 is private' };
  assert.equal(
    refusalText(refused, { 'special-address': 'to allow it, ask' }),
    '10.0.0.1 is private (to allow it, ask)',
  );
  assert.equal(refusalText(refused, { loopback: 'to allow it, ask' }), '10.0.0.1 is private');
  assert.equal(refusalText(refused), '10.0.0.1 is private');
});
