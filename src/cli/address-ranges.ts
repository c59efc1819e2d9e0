import { parseIpRange } from '../plan/ip-range.ts';
import { UsageError } from './usage-error.ts';

/**
 * Checks a list of IP addresses and CIDR ranges.
 * @param source the option or variable that they came by
 * @throws UsageError naming it and what is no address
 */
export function readAddressRanges(source: string, texts: readonly string[]): readonly string[] {
  const wrong = texts.find((text) => parseIpRange(text) === undefined);
  if (wrong === undefined) return texts;
  throw new UsageError(
    `${source} takes an IP address or a CIDR range with no bits beyond its prefix, e.g. 10.1.0.0/16, got "${wrong}".`,
  );
}
