import ipaddr from 'ipaddr.js';

/** A block of IP addresses with the same leading bits; a single address is a block of itself. */
export type IpRange = {
  /** The first address of the block. */
  readonly address: ipaddr.IPv4 | ipaddr.IPv6;
  /** How many leading bits the block's addresses share. */
  readonly prefix: number;
};

/** Which addresses the operator allows beyond those of the public internet. */
export type AddressRules = {
  /** 127.0.0.0/8 and ::1. */
  readonly allowLoopback: boolean;
  /** Single addresses and CIDR blocks, e.g. of a virtual network. */
  readonly allowedAddresses: readonly string[];
  /** Added to the messages of refusals. */
  readonly howToAllow?: HowToAllow<AddressRefusalCode>;
};

/**
 * Why an address is refused: it is this machine, it is not a public server's, clouds answer only their own machines on
 * it, or the text is not an IP address.
 */
export type AddressRefusalCode = 'loopback' | 'special-address' | 'cloud-service' | 'not-an-address';

/** Something that the operator does not allow. The message says what; each front end adds how to allow it. */
export type Refused<Code extends string> = { readonly code: Code; readonly message: string };

/** How the operator allows what is refused, by code; a code is absent where the operator cannot allow it. */
export type HowToAllow<Code extends string> = Readonly<Partial<Record<Code, string>>>;

type Special = { readonly range: IpRange; readonly is: string; readonly code: AddressRefusalCode };

const PREFIX = /^(?:0|[1-9]\d{0,2})$/;
const DOTTED_END = /^(.*:)([^:]*\.[^:]*)$/;

const special =
  (code: AddressRefusalCode) =>
  ([range, is]: readonly [string, string]): Special => ({ range: parseIpRange(range) as IpRange, is, code });

/**
 * Addresses that do not belong to public servers: the IANA special-purpose registries (RFC 6890), everything outside the
 * global unicast space, and the services of clouds for their own machines. The first range that covers an address counts.
 */
const SPECIAL: readonly Special[] = [
  ...(
    [
      ['169.254.169.254/32', "a cloud's metadata service"],
      ['169.254.170.2/32', "a cloud's credentials service"],
      ['fd00:ec2::254/128', "a cloud's metadata service"],
      ['fd20:ce::254/128', "a cloud's metadata service"],
      ['168.63.129.16/32', "Azure's wire server"],
    ] as const
  ).map(special('cloud-service')),
  ...(
    [
      ['127.0.0.0/8', 'this machine (loopback, RFC 1122 §3.2.1.3)'],
      ['::1/128', 'this machine (loopback, RFC 4291 §2.5.3)'],
    ] as const
  ).map(special('loopback')),
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
  ).map(special('special-address')),
];

/** IPv4 addresses as a NAT64 shows them to machines without IPv4 (RFC 6052 §2.1): public when the IPv4 address is. */
const NAT64 = parseIpRange('64:ff9b::/96') as IpRange;

/** IPv6 ranges whose packets end at an IPv4 address inside the address: position of its first byte, and a mask to XOR. */
const EMBEDDING = (
  [
    ['64:ff9b::/96', 12, 0],
    ['64:ff9b:1::/48', 12, 0],
    ['::/96', 12, 0],
    ['2002::/16', 2, 0],
    ['2001::/32', 12, 0xff],
  ] as const
).map(([range, start, mask]) => ({ range: parseIpRange(range) as IpRange, start, mask }));

/**
 * Why connections to an address are refused; undefined when they are allowed.
 * @param ip in any notation of RFC 4291 or as dotted decimal numbers, perhaps with an IPv6 zone
 */
export function refusalOfIp(rules: AddressRules, ip: string): Refused<AddressRefusalCode> | undefined {
  const range = parseIpRange(ip.replace(/%.*$/, ''));
  if (range === undefined || range.prefix < bitsOf(range.address))
    return { code: 'not-an-address', message: `"${ip}" is not an IP address` };
  const allowed = rules.allowedAddresses.map(parseIpRange).filter((each) => each !== undefined);
  const own = covers(NAT64, range) ? undefined : specialOf(range, rules.allowLoopback, allowed);
  if (own !== undefined) return { code: own.code, message: `${ip} is ${own.is}, which is not allowed here` };
  const embedded = embeddedIn(range);
  if (embedded === undefined) return undefined;
  const inner = specialOf(embedded, rules.allowLoopback, allowed);
  if (inner === undefined) return undefined;
  const message = `${ip} leads to ${embedded.address}, ${inner.is}, which is not allowed here`;
  return { code: inner.code, message };
}

/** The message of a refusal, followed by how the operator can allow it. */
export function refusalText<Code extends string>(refused: Refused<Code>, howToAllow?: HowToAllow<Code>): string {
  const how = howToAllow?.[refused.code];
  return how === undefined ? refused.message : `${refused.message} (${how})`;
}

/**
 * Reads an address or a block in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3). An IPv4-mapped IPv6 address is read as the
 * IPv4 address, which is what a connection to it reaches (RFC 4291 §2.5.5.2).
 * @returns undefined when the text is neither, or when the address has bits beyond the prefix
 */
export function parseIpRange(text: string): IpRange | undefined {
  const [start = '', length, ...more] = text.split('/');
  const address = parseIpv4(start) ?? parseIpv6(start);
  if (address === undefined || more.length > 0) return undefined;
  if (length !== undefined && !PREFIX.test(length)) return undefined;
  const bits = bitsOf(address);
  const prefix = length === undefined ? bits : Number(length);
  if (prefix > bits || hasBitsBeyond(address, prefix)) return undefined;
  const isMapped = address instanceof ipaddr.IPv6 && prefix >= 96 && address.isIPv4MappedAddress();
  return isMapped ? { address: address.toIPv4Address(), prefix: prefix - 96 } : { address, prefix };
}

/** True when the range contains the whole other block; never between IPv4 and IPv6. */
export function covers(range: IpRange, other: IpRange): boolean {
  if (range.address.kind() !== other.address.kind() || range.prefix > other.prefix) return false;
  return other.address.match(range.address, range.prefix);
}

/** True when a URL's host is this machine by name or address; URL parsing has already normalised odd notations. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

/** Four decimal numbers and nothing else: a leading zero would be octal to some readers. */
function parseIpv4(text: string): ipaddr.IPv4 | undefined {
  return ipaddr.IPv4.isValidFourPartDecimal(text) ? ipaddr.IPv4.parse(text) : undefined;
}

/** IPv6 without a zone. A dotted end becomes hexadecimal groups first: the library takes `::10.0.0.1` as IPv4-mapped. */
function parseIpv6(text: string): ipaddr.IPv6 | undefined {
  const [, head, dotted] = DOTTED_END.exec(text) ?? [];
  if (dotted !== undefined) {
    const groups = parseIpv4(dotted)?.toIPv4MappedAddress().parts.slice(-2);
    return groups && parseIpv6(`${head}${groups.map((group) => group.toString(16)).join(':')}`);
  }
  return !text.includes('%') && ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text) : undefined;
}

function bitsOf(address: IpRange['address']): 32 | 128 {
  return address.kind() === 'ipv4' ? 32 : 128;
}

function hasBitsBeyond(address: IpRange['address'], prefix: number): boolean {
  return address
    .toByteArray()
    .some((byte, index) => (byte & (0xff >> Math.max(0, Math.min(8, prefix - 8 * index)))) > 0);
}

/** The special range that an address belongs to; undefined for public addresses and for what the operator allows. */
function specialOf(ip: IpRange, allowLoopback: boolean, allowed: readonly IpRange[]): Special | undefined {
  const found = SPECIAL.find(({ range }) => covers(range, ip));
  if (found === undefined || (found.code === 'loopback' && allowLoopback)) return undefined;
  // Allowing a range must not allow the metadata service inside it; that needs its own entry.
  const entries = allowed.filter(({ address, prefix }) => found.code !== 'cloud-service' || prefix === bitsOf(address));
  return entries.some((entry) => covers(entry, ip)) ? undefined : found;
}

/** The IPv4 address that packets to an IPv6 address reach, if any; `::` and `::1` only look as if they contained one. */
function embeddedIn(range: IpRange): IpRange | undefined {
  const bytes = range.address.toByteArray();
  if (bytes.slice(0, -1).every((byte) => byte === 0) && (bytes.at(-1) as number) <= 1) return undefined;
  const form = EMBEDDING.find((embedding) => covers(embedding.range, range));
  if (form === undefined) return undefined;
  const inner = bytes.slice(form.start, form.start + 4).map((byte) => byte ^ form.mask);
  return { address: new ipaddr.IPv4(inner), prefix: 32 };
}
