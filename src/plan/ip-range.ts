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
