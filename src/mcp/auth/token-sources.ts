import { createHash } from 'node:crypto';
import type { TokenSource } from './token-source.ts';

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
