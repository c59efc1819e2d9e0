import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '../log.ts';
import type { HubStorage, StoredInstance } from './task-hub.ts';

/** The file that says which host uses the folder. */
type Owner = {
  readonly pid: number;
  /** Differs with every host, even in the same process. */
  readonly token: string;
  /** Unix milliseconds of the last sign of life. */
  readonly aliveMs: number;
  /** True when the host stopped in an orderly way. */
  readonly hasStopped: boolean;
};

const OWNER_FILE = 'owner.json';
const RENEW_MS = 250;
/** A host without a sign of life for this long no longer owns the folder. */
const STALE_MS = 5_000;

/**
 * A task hub in a folder, with one JSON file for each instance. A file is replaced as a whole, so that a host that is
 * killed leaves either the state before a change or the state after it.
 */
export class HubFolder implements HubStorage {
  readonly #folder: string;
  readonly #token = randomUUID();
  readonly #renewal: NodeJS.Timeout;
  /** When the previous host was last alive, in Unix milliseconds; undefined when it stopped in an orderly way. */
  readonly diedMs: number | undefined;
  readonly stored: readonly StoredInstance[];

  /**
   * Takes a folder over, and makes it if there is none. `lost` is called when another host has taken it over, which
   * happens to a host that showed no sign of life for a while.
   * @throws Error when a host that is alive uses the folder, or a file in it cannot be read
   */
  constructor(folder: string, lost: () => void) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    const owner = this.#readOwner();
    if (owner !== undefined && !owner.hasStopped && isAlive(owner)) {
      const who = `the host in process ${owner.pid}`;
      throw new Error(`The task hub ${folder} is in use by ${who}. Stop it first, or choose another folder.`);
    }
    this.diedMs = owner === undefined || owner.hasStopped ? undefined : owner.aliveMs;
    this.stored = this.#readInstances();
    this.#writeOwner(false);
    this.#renewal = setInterval(() => {
      if (this.#readOwner()?.token === this.#token) {
        this.#writeOwner(false);
      } else {
        clearInterval(this.#renewal);
        lost();
      }
    }, RENEW_MS);
    this.#renewal.unref();
  }

  save(instance: StoredInstance): void {
    this.#replace(fileName(instance.instanceId), JSON.stringify(instance));
  }

  remove(instanceId: string): void {
    rmSync(path.join(this.#folder, fileName(instanceId)), { force: true });
  }

  /** Releases the folder for another host. */
  close(): void {
    clearInterval(this.#renewal);
    if (this.#readOwner()?.token === this.#token) this.#writeOwner(true);
  }

  #readInstances(): StoredInstance[] {
    return readdirSync(this.#folder)
      .filter((name) => name.endsWith('.json') && name !== OWNER_FILE)
      .map((name) => this.#readJson<StoredInstance>(name));
  }

  #readOwner(): Owner | undefined {
    try {
      return JSON.parse(readFileSync(path.join(this.#folder, OWNER_FILE), 'utf8')) as Owner;
    } catch {
      return undefined;
    }
  }

  #writeOwner(hasStopped: boolean): void {
    const owner: Owner = { pid: process.pid, token: this.#token, aliveMs: Date.now(), hasStopped };
    this.#replace(OWNER_FILE, JSON.stringify(owner));
  }

  #readJson<T>(name: string): T {
    const file = path.join(this.#folder, name);
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as T;
    } catch (error) {
      throw new Error(
        `The task hub's file ${file} cannot be read: ${messageOf(error)}. Delete it to go on without it.`,
      );
    }
  }

  #replace(name: string, text: string): void {
    const file = path.join(this.#folder, name);
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  }
}

function isAlive({ pid, aliveMs }: Owner): boolean {
  // A process id may belong to another process by now.
  if (Date.now() - aliveMs > STALE_MS) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A name that is legible, and differs for ids that differ in case or in characters that no file name can contain. */
function fileName(instanceId: string): string {
  const legible = instanceId.replace(/[^\w-]/g, '_').slice(0, 80);
  return `${legible}-${createHash('sha256').update(instanceId).digest('hex').slice(0, 16)}.json`;
}
