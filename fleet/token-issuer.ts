import { randomUUID } from 'node:crypto';

/** Hands out bearer tokens that stop being valid after a fixed lifetime. */
export class TokenIssuer {
  readonly lifetimeSeconds: number;
  readonly #nowMs: () => number;
  readonly #expiryMsByToken = new Map<string, number>();

  /** @param nowMs A clock that never steps back, in milliseconds. */
  constructor(lifetimeSeconds: number, nowMs: () => number) {
    this.lifetimeSeconds = lifetimeSeconds;
    this.#nowMs = nowMs;
  }

  issue(): string {
    this.#forgetExpired();
    const token = `fleet-${randomUUID()}`;
    this.#expiryMsByToken.set(token, this.#nowMs() + this.lifetimeSeconds * 1000);
    return token;
  }

  isValid(token: string): boolean {
    const expiryMs = this.#expiryMsByToken.get(token);
    return expiryMs !== undefined && this.#nowMs() < expiryMs;
  }

  #forgetExpired(): void {
    // All tokens live equally long, so the map is in order of expiry.
    for (const [token, expiryMs] of this.#expiryMsByToken) {
      if (expiryMs > this.#nowMs()) return;
      this.#expiryMsByToken.delete(token);
    }
  }
}
