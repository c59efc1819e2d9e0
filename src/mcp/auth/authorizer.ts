/** A header that proves who sends a request. */
export type AuthHeader = { readonly name: string; readonly value: string };

/** Gives requests to one target their authorization. */
export type Authorizer = {
  /** Fetches what the first requests need, so that none of them waits for it. A failure shows at them: as AUTH_TOKEN. */
  prepare(): Promise<void>;
  /**
   * The header to send now; a promise only while a token is being fetched, so that the hot path need not wait.
   * @throws (rejects) when no token can be had
   */
  header(): AuthHeader | undefined | Promise<AuthHeader | undefined>;
  /**
   * Hears that the target answered 401 to a header.
   * @returns true when asking again may bring another header
   */
  rejected(header: AuthHeader | undefined): boolean;
  /**
   * The token fetches that this authorizer set off, timed apart from all requests to the target: what another one in the
   * process fetched is counted there.
   */
  readonly tokens: { readonly fetched: number; readonly failed: number; readonly maxMs: number };
  /**
   * What it got at run time and must be redacted from messages now, as a target may echo it; secrets that the plan
   * names are not among them.
   */
  readonly secretValues: readonly string[];
};

/** An authorizer whose header never changes; undefined for targets that ask for none. */
export function fixedAuthorizer(header: AuthHeader | undefined): Authorizer {
  return {
    prepare: async () => {},
    header: () => header,
    rejected: () => false,
    tokens: { fetched: 0, failed: 0, maxMs: 0 },
    secretValues: [],
  };
}
