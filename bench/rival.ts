import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** One client in a separate process, which sends requests on command. */
export class Rival {
  readonly #child: ChildProcess;
  readonly #name: string;

  private constructor(child: ChildProcess, name: string) {
    this.#child = child;
    this.#name = name;
  }

  /** Starts a client and waits until it has warmed up. @throws if its process ends before that */
  static async start(name: string, url: string, sessions: number, warmUp: number): Promise<Rival> {
    const module = fileURLToPath(new URL('./measure.ts', import.meta.url));
    const rival = new Rival(fork(module, [name, url, String(sessions), String(warmUp)]), name);
    await rival.#answer();
    return rival;
  }

  /** Sends this many requests. @returns the microseconds of CPU that they took. @throws if the process ends */
  async send(requests: number): Promise<number> {
    this.#child.send(requests);
    return (await this.#answer()) as number;
  }

  end(): void {
    this.#child.disconnect();
  }

  async #answer(): Promise<unknown> {
    const done = new AbortController();
    const { signal } = done;
    try {
      const [answer] = await Promise.race([
        once(this.#child, 'message', { signal }),
        once(this.#child, 'exit', { signal }).then(([code]) =>
          Promise.reject(new Error(`${this.#name}: exit ${code}`)),
        ),
      ]);
      return answer;
    } finally {
      done.abort();
    }
  }
}
