import { createHash } from 'node:crypto';
import type { Redactor } from '../../secrets/redact.ts';
import type { AuthHeader, Authorizer } from './authorizer.ts';

/** An access token. */
export type Token = {
  readonly value: string;
  /** Epoch milliseconds. */
  readonly expiresAtMs: number;
  /** The authorization server that issued it, when the target and not the plan names that server. */
  readonly discoveredIssuer?: string;
};

/** Fetches a new token. Rejects with a message that names the endpoint and contains no secret. */
export type FetchToken = () => Promise<Token>;

/** Called when the fetch that this caller started has ended. */
type OnFetch = (fetch: { readonly ok: boolean; readonly tookMs: number }) => void;

/** A token is renewed this long before it expires, or after four fifths of its lifetime if that is later. */
const RENEW_BEFORE_MS = 300_000;
const RENEW_AFTER_SHARE = 0.8;
/** After a failed fetch, requests fail without a new fetch for this long, so that a dead endpoint is not flooded. */
const RETRY_AFTER_MS = 1000;
/** A slow reply may echo a token that has been replaced since. */
const KEPT_TOKENS = 8;

/**
 * Expiring Bearer tokens, shared by all authorizers of a process that use the same credentials. One fetch runs at a
 * time. A token is renewed in the background while it is still valid, so that only the first request waits.
 */
export class TokenSource {
  readonly #fetchToken: FetchToken;
  readonly #now: () => number;
  #header: AuthHeader | undefined;
  #renewAtMs = 0;
  #expiresAtMs = 0;
  #fetching: Promise<AuthHeader> | undefined;
  #failure: { readonly error: unknown; readonly untilMs: number } | undefined;
  /** The latest tokens, oldest first. */
  #latest: readonly string[] = [];
  #discoveredIssuer: string | undefined;
  /** Add a new token to the redactors of those who use it. */
  readonly #redactions = new Set<(token: string) => void>();

  /** @param now epoch milliseconds */
  constructor(fetchToken: FetchToken, now: () => number) {
    this.#fetchToken = fetchToken;
    this.#now = now;
  }

  /**
   * Feeds a redactor: adds the latest tokens, and each further one before anybody can send it.
   * @returns stops the feeding
   */
  feed(redactor: Pick<Redactor, 'add'>): () => void {
    for (const token of this.#latest) redactor.add(token);
    const add = (token: string) => redactor.add(token);
    this.#redactions.add(add);
    return () => this.#redactions.delete(add);
  }

  /** The authorization server that issued the latest token, when the target and not the plan names that server. */
  get discoveredIssuer(): string | undefined {
    return this.#discoveredIssuer;
  }

  /**
   * The header with the current token, or a promise of the next one.
   * @param onFetch called only if this call starts a fetch
   * @throws (rejects) when no token could be fetched
   */
  header(onFetch: OnFetch): AuthHeader | Promise<AuthHeader> {
    const now = this.#now();
    if (this.#header !== undefined && now < this.#expiresAtMs) {
      // A failed renewal is counted, but fails no request: the old token is still valid.
      if (now >= this.#renewAtMs) this.#fetch(now, onFetch).catch(() => {});
      return this.#header;
    }
    return this.#fetch(now, onFetch);
  }

  /** Drops the token that the target refused, unless it has been replaced since. */
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
      this.#discoveredIssuer = token.discoveredIssuer;
      this.#latest = [...this.#latest, token.value].slice(-KEPT_TOKENS);
      for (const add of this.#redactions) add(token.value);
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

/** Far more than the targets of all plans that one process runs at a time. */
const MAX_SOURCES = 100;

/** The token sources of one process. Its slices share them, so that a target's token is fetched once. */
export class TokenSources {
  /** By the hash of what they depend on, least recently used first. */
  readonly #sources = new Map<string, TokenSource>();
  readonly #maxSources: number;

  constructor(maxSources = MAX_SOURCES) {
    this.#maxSources = maxSources;
  }

  /**
   * The source for these parts, opened when there is none yet. A source that is dropped to make room still works for
   * those who have it.
   * @param parts everything that decides which tokens are issued, as JSON. Secret values are included, so that a
   * rotated secret gets its own source. Only the hash is kept.
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

/** One client's view of a token source that it may share with others of the process. */
export class TokenAuthorizer implements Authorizer {
  readonly #source: TokenSource;
  readonly #stopFeeding: () => void;
  #fetched = 0;
  #failed = 0;
  #maxMs = 0;
  readonly #count: OnFetch = ({ ok, tookMs }) => {
    if (ok) this.#fetched++;
    else this.#failed++;
    this.#maxMs = Math.max(this.#maxMs, tookMs);
  };

  /** @param redactor is fed with the source's tokens until `close` */
  constructor(source: TokenSource, redactor: Pick<Redactor, 'add'>) {
    this.#source = source;
    this.#stopFeeding = source.feed(redactor);
  }

  get tokens() {
    return { fetched: this.#fetched, failed: this.#failed, maxMs: this.#maxMs };
  }

  get discoveredIssuer(): string | undefined {
    return this.#source.discoveredIssuer;
  }

  async prepare(): Promise<void> {
    // The next request meets the same failure and reports it in its sample.
    await Promise.resolve(this.header()).catch(() => {});
  }

  header(): AuthHeader | Promise<AuthHeader> {
    return this.#source.header(this.#count);
  }

  rejected(header: AuthHeader | undefined): boolean {
    this.#source.discard(header);
    return true;
  }

  close(): void {
    this.#stopFeeding();
  }
}
