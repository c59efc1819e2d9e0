/** A header with the credentials of a request. */
export type AuthHeader = { readonly name: string; readonly value: string };

/** Authorizes the requests to one target. */
export type Authorizer = {
  /** True if the header is always the same, or there is none; false by default. */
  readonly isFixed?: boolean;
  /** Fetches what the first requests need, so that they do not wait. They report a failure: as AUTH_TOKEN. */
  prepare(): Promise<void>;
  /**
   * The header to send now. A promise only while a token is being fetched, so that the hot path does not wait.
   * @throws (rejects) when no token could be fetched
   */
  header(): AuthHeader | undefined | Promise<AuthHeader | undefined>;
  /**
   * Called when the target has answered 401 to a header.
   * @returns true when the next header may be a different one
   */
  rejected(header: AuthHeader | undefined): boolean;
  /**
   * The token fetches that this authorizer started, timed separately from the requests to the target. A fetch that
   * another authorizer of the process started counts there.
   */
  readonly tokens: { readonly fetched: number; readonly failed: number; readonly maxMs: number };
  /** The authorization server that got the plan's credentials, when the target and not the plan names that server. */
  readonly discoveredIssuer?: string | undefined;
  /** Ends its use: tokens that are issued from now on are not added to its redactor any more. */
  close(): void;
};

/** An authorizer whose header never changes. @param header undefined for targets without authorization */
export function fixedAuthorizer(header: AuthHeader | undefined): Authorizer {
  return {
    isFixed: true,
    prepare: async () => {},
    header: () => header,
    rejected: () => false,
    tokens: { fetched: 0, failed: 0, maxMs: 0 },
    close: () => {},
  };
}
