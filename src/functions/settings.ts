import { z } from 'zod';
import { type HowToAllow, parseIpRange } from '../net/address-rules.ts';
import type { RefusalCode } from '../plan/policy.ts';

const seconds = (standard: number) =>
  z.coerce
    .number()
    .positive()
    .default(standard)
    .transform((value) => value * 1000);
const count = (standard: number) => z.coerce.number().int().positive().default(standard);

const commaList = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  );
const addressRange = z.string().refine((text) => parseIpRange(text) !== undefined, {
  error: ({ input }) =>
    `expected an IP address or a CIDR range with no bits beyond its prefix, e.g. 10.1.0.0/16, got "${String(input)}"`,
});

const settingsSchema = z.object({
  /** Exact origins that plans may aim at, separated by commas. */
  SURGE_ALLOWED_ORIGINS: commaList,
  /** Addresses and CIDR ranges beside those of the public internet that may be connected to, separated by commas. */
  SURGE_ALLOWED_ADDRESSES: commaList.pipe(z.array(addressRange)),
  /** `true` lets plans aim at this machine; for local runs only. */
  SURGE_ALLOW_LOOPBACK: z.stringbool().default(false),
  SURGE_MAX_VUS: count(500),
  SURGE_MAX_DURATION_SECONDS: seconds(3600),
  SURGE_MAX_RATE: count(2000),
  SURGE_VUS_PER_LANE: count(100),
  /** Starts a second, of scenarios whose starts come at a rate. */
  SURGE_RATE_PER_LANE: count(500),
  SURGE_WINDOW_SECONDS: seconds(300),
  /** From preflight to the first traffic: time for instances to be started. */
  SURGE_START_DELAY_SECONDS: seconds(60),
  AZURE_CLIENT_ID: z.string().optional(),
});

export type Settings = z.output<typeof settingsSchema>;

/** What the operator of the app does to allow what a policy refuses. */
export const HOW_TO_ALLOW: HowToAllow<RefusalCode> = {
  origin: 'to allow it, add it to SURGE_ALLOWED_ORIGINS',
  loopback: 'to allow it, set SURGE_ALLOW_LOOPBACK to true',
  'special-address': 'to allow it, add it to SURGE_ALLOWED_ADDRESSES',
  'cloud-service': 'to allow it, add it to SURGE_ALLOWED_ADDRESSES as a single address',
  'too-many-vus': 'to allow more, raise SURGE_MAX_VUS',
  'rate-too-high': 'to allow more, raise SURGE_MAX_RATE',
  'too-long': 'to allow more, raise SURGE_MAX_DURATION_SECONDS',
};

/** Reads the app settings. @throws naming every setting that cannot be used */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  // An app setting that is there but empty means the same as one that is not there.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = settingsSchema.safeParse(given);
  if (!parsed.success) throw new Error(`App settings cannot be used:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
