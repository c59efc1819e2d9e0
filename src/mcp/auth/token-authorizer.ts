import type { AuthHeader, Authorizer } from './authorizer.ts';
import type { OnFetch, TokenSource } from './token-source.ts';

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
