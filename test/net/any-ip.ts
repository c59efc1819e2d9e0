import fc from 'fast-check';

/** Addresses of both families in several notations, with many runs of zeros. */
export const anyIp: fc.Arbitrary<string> = fc.oneof(
  fc.ipV4(),
  fc.ipV4().map((ip) => `::ffff:${ip}`),
  fc.ipV6(),
  fc
    .array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
    .map((groups) => groups.map((group) => group.toString(16)).join(':')),
);
