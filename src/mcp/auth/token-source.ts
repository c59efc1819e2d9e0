import { createHash } from 'node:crypto';
import type { AuthHeader, Authorizer } from './authorizer.ts';

/** An access token and when it ends, epoch milliseconds. */
export type Token = { readonly value: string; readonly expiresAtMs: number };

/** Fetches a new token; rejects with a message that names the endpoint and never a secret. */
export type FetchToken = () => Promise<Token>;

/** Hears how the fetch ended that its question set off. */
export type OnFetch = (fetch: { readonly ok: boolean; readonly tookMs: number }) => void;

/** A token is renewed this long before it ends, or after four fifths of its life when that is later. */
const RENEW_BEFORE_MS = 300_000;
const RENEW_AFTER_SHARE = 0.8;
/** After a failed fetch, requests fail without asking again for this long, so that a dead endpoint is not hammered. */
const RETRY_AFTER_MS = 1000;
/** A token may be echoed long after the next one came, by a reply that was slow. */
const KEPT_TOKENS = 8;

/**
 * Bearer tokens that expire, for all of a process that may use them: one fetch at a time, and a new token in the
 * background while the old one still holds, so that no request waits for one but the first.
 */
export class TokenSource {
  readonly #fetchToken: FetchToken;
  readonly #now: () => number;
  #header: AuthHeader | undefined;
  #renewAtMs = 0;
  #expiresAtMs = 0;
  #fetching: Promise<AuthHeader> | undefined;
  #failure: { readonly error: unknown; readonly untilMs: number } | undefined;
  /** The latest tokens, newest first. */
  #values: readonly string[] = [];

  /** @param now epoch milliseconds */
  constructor(fetchToken: FetchToken, now: () => number) {
    this.#fetchToken = fetchToken;
    this.#now = now;
  }

  /** The latest tokens, which must be redacted from messages. */
  get secretValues(): readonly string[] {
    return this.#values;
  }

  /**
   * The header with the token that holds now, or a promise of the next one.
   * @param onFetch told only if this very question sets a fetch off
   * @throws (rejects) when no token can be had
   */
  header(onFetch: OnFetch): AuthHeader | Promise<AuthHeader> {
    const now = this.#now();
    if (this.#header !== undefined && now < this.#expiresAtMs) {
      // A failed renewal is no failure yet: the old token still holds, and the failure is counted.
      if (now >= this.#renewAtMs) this.#fetch(now, onFetch).catch(() => {});
      return this.#header;
    }
    return this.#fetch(now, onFetch);
  }

  /** Throws the token away that the target did not take, unless another has come since. */
  discard(header: AuthHeader | undefined): void {
    if (header === this.#header) this.#header = undefined;
  }

  #fetch(now: number, onFetch: OnFetch): Promise<AuthHeader> {
    if (this.#failure !== undefined && now < this.#failure.untilMs) return Promise.reject(this.#failure.error);
    this.#fetching ??= this.#fetchOnce(now, onFetch).finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetchOnce(startMs: number, onFetch: OnFetch): Promise<AuthHeader> {
    try {
      const token = await this.#fetchToken();
      const now = this.#now();
      const header = { name: 'authorization', value: `Bearer ${token.value}` };
      this.#header = header;
      this.#values = [token.value, ...this.#values].slice(0, KEPT_TOKENS);
      this.#expiresAtMs = token.expiresAtMs;
      this.#renewAtMs = Math.max(
        token.expiresAtMs - RENEW_BEFORE_MS,
        now + (token.expiresAtMs - now) * RENEW_AFTER_SHARE,
      );
      this.#failure = undefined;
      onFetch({ ok: true, tookMs: now - startMs });
      return header;
    } catch (error) {
      const now = this.#now();
      this.#failure = { error, untilMs: now + RETRY_AFTER_MS };
      onFetch({ ok: false, tookMs: now - startMs });
      throw error;
    }
  }
}

/** Far more than the targets of all plans that one process works on at a time. */
const MAX_SOURCES = 100;

/** The token sources of one process, so that its slices fetch a target's token once and not each for itself. */
export class TokenSources {
  /** By the hash of what they depend on, least recently asked for first. */
  readonly #sources = new Map<string, TokenSource>();
  readonly #maxSources: number;

  constructor(maxSources = MAX_SOURCES) {
    this.#maxSources = maxSources;
  }

  /**
   * The source for these parts, opened when there is none yet. One that was let go to make room still serves those who
   * hold it.
   * @param parts all that decides which tokens come, secret values among them, so that a rotated secret has a source of
   *   its own; as JSON. Only their hash is kept.
   */
  get(parts: readonly unknown[], open: () => TokenSource): TokenSource {
    const key = createHash('sha256').update(JSON.stringify(parts)).digest('base64');
    const source = this.#sources.get(key) ?? open();
    this.#sources.delete(key);
    this.#sources.set(key, source);
    const [oldest] = this.#sources.keys();
    if (this.#sources.size > this.#maxSources && oldest !== undefined) this.#sources.delete(oldest);
    return source;
  }
}

/** One client's use of a token source, which it may share with others of the process. */
export class TokenAuthorizer implements Authorizer {
  readonly #source: TokenSource;
  #fetched = 0;
  #failed = 0;
  #maxMs = 0;
  readonly #count: OnFetch = ({ ok, tookMs }) => {
    if (ok) this.#fetched++;
    else this.#failed++;
    this.#maxMs = Math.max(this.#maxMs, tookMs);
  };

  constructor(source: TokenSource) {
    this.#source = source;
  }

  get tokens() {
    return { fetched: this.#fetched, failed: this.#failed, maxMs: this.#maxMs };
  }

  get secretValues(): readonly string[] {
    return this.#source.secretValues;
  }

  async prepare(): Promise<void> {
    // Whoever needs the token next meets the same failure, and has a sample to show it on.
    await Promise.resolve(this.header()).catch(() => {});
  }

  header(): AuthHeader | Promise<AuthHeader> {
    return this.#source.header(this.#count);
  }

  rejected(header: AuthHeader | undefined): boolean {
    this.#source.discard(header);
    return true;
  }
}
