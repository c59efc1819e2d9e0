/** True when a URL's host is this machine by name or address; URL parsing has already normalised odd notations. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

/** A block of IP addresses with the same leading bits; a single address is the block of itself. */
export type IpRange = {
  /** 32 for IPv4, 128 for IPv6. */
  readonly bits: 32 | 128;
  readonly first: bigint;
  /** How many leading bits the block's addresses share. */
  readonly prefix: number;
};

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = new RegExp(`^(?:${OCTET}\\.){3}${OCTET}$`);
const PREFIX = /^(?:0|[1-9]\d{0,2})$/;
/** What the first 96 bits of an IPv4-mapped address add up to. */
const MAPPED = 0xffffn;

/**
 * Reads an address or a block in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3). An IPv4-mapped IPv6 address is read as the
 * IPv4 address, which is what a connection to it reaches (RFC 4291 §2.5.5.2).
 * @returns undefined when the text is neither, or when the address has bits beyond the prefix
 */
export function parseIpRange(text: string): IpRange | undefined {
  const [address = '', length, ...more] = text.split('/');
  const bits = address.includes(':') ? 128 : 32;
  const first = bits === 128 ? parseIpv6(address) : parseIpv4(address);
  if (first === undefined || more.length > 0) return undefined;
  if (length !== undefined && !PREFIX.test(length)) return undefined;
  const prefix = length === undefined ? bits : Number(length);
  if (prefix > bits || BigInt.asUintN(bits - prefix, first) !== 0n) return undefined;
  const mapped = bits === 128 && prefix >= 96 && first >> 32n === MAPPED;
  return mapped ? { bits: 32, first: BigInt.asUintN(32, first), prefix: prefix - 96 } : { bits, first, prefix };
}

/** True when all of the other block is within the range; never between IPv4 and IPv6. */
export function covers(range: IpRange, other: IpRange): boolean {
  if (range.bits !== other.bits || range.prefix > other.prefix) return false;
  return (range.first ^ other.first) >> BigInt(range.bits - range.prefix) === 0n;
}

/** Four decimal numbers and nothing else: a leading zero would be octal to some readers. */
function parseIpv4(text: string): bigint | undefined {
  if (!IPV4.test(text)) return undefined;
  return text.split('.').reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
}

/** The URL parser knows every notation of IPv6 and writes them all as hexadecimal groups with one `::` at most. */
function parseIpv6(text: string): bigint | undefined {
  const url = `http://[${text}]`;
  if (!/^[0-9a-f:.]+$/i.test(text) || !URL.canParse(url)) return undefined;
  const [left = [], right = []] = new URL(url).hostname
    .slice(1, -1)
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

/** Which addresses the operator opens beyond those of the public internet. */
export type AddressRules = {
  /** 127.0.0.0/8 and ::1. */
  readonly allowLoopback: boolean;
  /** Single addresses and CIDR blocks, e.g. of a virtual network. */
  readonly allowedAddresses: readonly string[];
};

type Special = { readonly range: IpRange; readonly is: string; readonly opens: string };

const BY_LIST = 'SURGE_ALLOWED_ADDRESSES';
const BY_NAME = 'SURGE_ALLOWED_ADDRESSES, as a single address';
const BY_LOOPBACK = 'SURGE_ALLOW_LOOPBACK';

const special =
  (opens: string) =>
  ([range, is]: readonly [string, string]): Special => ({ range: parseIpRange(range) as IpRange, is, opens });

/**
 * Addresses that are not a public server's: the IANA special-purpose registries (RFC 6890), what lies outside of the
 * global unicast space, and what clouds answer their own machines on. The first one that covers an address counts.
 */
const SPECIAL: readonly Special[] = [
  ...(
    [
      ['169.254.169.254/32', "a cloud's metadata service"],
      ['169.254.170.2/32', "a cloud's service for credentials"],
      ['fd00:ec2::254/128', "a cloud's metadata service"],
      ['fd20:ce::254/128', "a cloud's metadata service"],
      ['168.63.129.16/32', "Azure's wire server"],
    ] as const
  ).map(special(BY_NAME)),
  ...(
    [
      ['127.0.0.0/8', 'this machine (loopback, RFC 1122 §3.2.1.3)'],
      ['::1/128', 'this machine (loopback, RFC 4291 §2.5.3)'],
    ] as const
  ).map(special(BY_LOOPBACK)),
  ...(
    [
      ['0.0.0.0/8', 'an address of "this network" (RFC 1122 §3.2.1.3)'],
      ['10.0.0.0/8', 'a private address (RFC 1918)'],
      ['100.64.0.0/10', "an address behind a carrier's NAT (RFC 6598)"],
      ['169.254.0.0/16', 'a link-local address (RFC 3927)'],
      ['172.16.0.0/12', 'a private address (RFC 1918)'],
      ['192.0.0.0/24', 'a reserved address (RFC 6890)'],
      ['192.0.2.0/24', 'a documentation address (RFC 5737)'],
      ['192.88.99.0/24', 'an address of former 6to4 relays (RFC 7526)'],
      ['192.168.0.0/16', 'a private address (RFC 1918)'],
      ['198.18.0.0/15', 'an address for benchmarks (RFC 2544)'],
      ['198.51.100.0/24', 'a documentation address (RFC 5737)'],
      ['203.0.113.0/24', 'a documentation address (RFC 5737)'],
      ['224.0.0.0/4', 'a multicast address (RFC 5771)'],
      ['255.255.255.255/32', 'the broadcast address (RFC 919)'],
      ['240.0.0.0/4', 'a reserved address (RFC 1112)'],
      ['::/128', 'the unspecified address (RFC 4291 §2.5.2)'],
      ['::/96', 'an IPv4-compatible address (RFC 4291 §2.5.5.1)'],
      ['64:ff9b:1::/48', 'an address of a local NAT64 (RFC 8215)'],
      ['100::/64', 'a discard address (RFC 6666)'],
      ['2001::/32', 'a Teredo address (RFC 4380)'],
      ['2001:2::/48', 'an address for benchmarks (RFC 5180)'],
      ['2001::/23', 'a reserved address (RFC 2928)'],
      ['2001:db8::/32', 'a documentation address (RFC 3849)'],
      ['2002::/16', 'a 6to4 address (RFC 3056)'],
      ['3fff::/20', 'a documentation address (RFC 9637)'],
      ['fc00::/7', 'a private address (RFC 4193)'],
      ['fe80::/10', 'a link-local address (RFC 4291 §2.5.6)'],
      ['ff00::/8', 'a multicast address (RFC 4291 §2.7)'],
      ['::/3', 'a reserved address (RFC 4291 §2.4)'],
      ['4000::/2', 'a reserved address (RFC 4291 §2.4)'],
      ['8000::/1', 'a reserved address (RFC 4291 §2.4)'],
    ] as const
  ).map(special(BY_LIST)),
];

/** What a NAT64 makes of an IPv4 address for machines without IPv4 (RFC 6052 §2.1): public when that address is. */
const NAT64 = parseIpRange('64:ff9b::/96') as IpRange;

/** Forms of IPv6 addresses whose packets end at an IPv4 address within them; how far from the right, and what inverts it. */
const EMBEDDING = (
  [
    ['64:ff9b::/96', 0n, 0n],
    ['64:ff9b:1::/48', 0n, 0n],
    ['::/96', 0n, 0n],
    ['2002::/16', 80n, 0n],
    ['2001::/32', 0n, 0xffff_ffffn],
  ] as const
).map(([range, shift, mask]) => ({ range: parseIpRange(range) as IpRange, shift, mask }));

/**
 * Why no connection may be made to an address, with the setting that would allow it; undefined when one may.
 * @param ip in any notation of RFC 4291 or as dotted decimal numbers, perhaps with an IPv6 zone
 */
export function problemOfIp(rules: AddressRules, ip: string): string | undefined {
  const address = parseIpRange(ip.replace(/%.*$/, ''));
  if (address === undefined || address.prefix < address.bits) return `"${ip}" is no IP address`;
  const opened = rules.allowedAddresses.map(parseIpRange).filter((range) => range !== undefined);
  const own = covers(NAT64, address) ? undefined : specialOf(address, rules.allowLoopback, opened);
  if (own !== undefined) return `${ip} is ${own.is}, which is not allowed here (${own.opens})`;
  const embedded = embeddedIn(address);
  if (embedded === undefined) return undefined;
  const inner = specialOf(embedded, rules.allowLoopback, opened);
  return inner && `${ip} leads to ${dotted(embedded)}, ${inner.is}, which is not allowed here (${inner.opens})`;
}

/** What an address is, if not a public server's, unless the operator has opened it. */
function specialOf(address: IpRange, allowLoopback: boolean, opened: readonly IpRange[]): Special | undefined {
  const found = SPECIAL.find(({ range }) => covers(range, address));
  if (found === undefined || (found.opens === BY_LOOPBACK && allowLoopback)) return undefined;
  // A range is opened for what else is in it; nobody means the credentials of the machine by that.
  const named = opened.filter(({ bits, prefix }) => found.opens !== BY_NAME || prefix === bits);
  return named.some((range) => covers(range, address)) ? undefined : found;
}

/** The IPv4 address that an IPv6 address stands for; `::` and `::1` look like such addresses and are none. */
function embeddedIn(address: IpRange): IpRange | undefined {
  const form = address.first > 1n ? EMBEDDING.find(({ range }) => covers(range, address)) : undefined;
  return form && { bits: 32, first: BigInt.asUintN(32, address.first >> form.shift) ^ form.mask, prefix: 32 };
}

function dotted({ first }: IpRange): string {
  return [24n, 16n, 8n, 0n].map((shift) => (first >> shift) & 0xffn).join('.');
}
