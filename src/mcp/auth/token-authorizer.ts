import type { AuthHeader, Authorizer } from './authorizer.ts';

/** An access token and when it ends, epoch milliseconds. */
export type Token = { readonly value: string; readonly expiresAtMs: number };

/** Fetches a new token; rejects with a message that names the endpoint and never a secret. */
export type FetchToken = () => Promise<Token>;

/** A token is renewed this long before it ends, or after four fifths of its life when that is later. */
const RENEW_BEFORE_MS = 300_000;
const RENEW_AFTER_SHARE = 0.8;
/** After a failed fetch, requests fail without asking again for this long, so that a dead endpoint is not hammered. */
const RETRY_AFTER_MS = 1000;
/** A token may be echoed long after the next one came, by a reply that was slow. */
const KEPT_TOKENS = 8;

/**
 * Bearer tokens that expire: one fetch at a time for all sessions, and a new token in the background while the old one
 * still holds, so that no request waits for one but the first.
 */
export class TokenAuthorizer implements Authorizer {
  readonly #fetchToken: FetchToken;
  readonly #now: () => number;
  #header: AuthHeader | undefined;
  #renewAtMs = 0;
  #expiresAtMs = 0;
  #fetching: Promise<AuthHeader> | undefined;
  #failure: { readonly error: unknown; readonly untilMs: number } | undefined;
  #fetched = 0;
  #failed = 0;
  #maxMs = 0;
  /** The latest tokens, newest first. */
  #values: readonly string[] = [];

  /** @param now epoch milliseconds */
  constructor(fetchToken: FetchToken, now: () => number) {
    this.#fetchToken = fetchToken;
    this.#now = now;
  }

  get tokens() {
    return { fetched: this.#fetched, failed: this.#failed, maxMs: this.#maxMs };
  }

  get secretValues(): readonly string[] {
    return this.#values;
  }

  header(): AuthHeader | Promise<AuthHeader> {
    const now = this.#now();
    if (this.#header !== undefined && now < this.#expiresAtMs) {
      // A failed renewal is no failure yet: the old token still holds, and the failure is counted.
      if (now >= this.#renewAtMs) this.#fetch(now).catch(() => {});
      return this.#header;
    }
    return this.#fetch(now);
  }

  rejected(header: AuthHeader | undefined): boolean {
    if (header === this.#header) this.#header = undefined;
    return true;
  }

  #fetch(now: number): Promise<AuthHeader> {
    if (this.#failure !== undefined && now < this.#failure.untilMs) return Promise.reject(this.#failure.error);
    this.#fetching ??= this.#fetchOnce(now).finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetchOnce(startMs: number): Promise<AuthHeader> {
    try {
      const token = await this.#fetchToken();
      const now = this.#now();
      this.#header = { name: 'authorization', value: `Bearer ${token.value}` };
      this.#values = [token.value, ...this.#values].slice(0, KEPT_TOKENS);
      this.#expiresAtMs = token.expiresAtMs;
      this.#renewAtMs = Math.max(
        token.expiresAtMs - RENEW_BEFORE_MS,
        now + (token.expiresAtMs - now) * RENEW_AFTER_SHARE,
      );
      this.#fetched++;
      this.#failure = undefined;
      return this.#header;
    } catch (error) {
      this.#failed++;
      this.#failure = { error, untilMs: this.#now() + RETRY_AFTER_MS };
      throw error;
    } finally {
      this.#maxMs = Math.max(this.#maxMs, this.#now() - startMs);
    }
  }
}
