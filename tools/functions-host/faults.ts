import { createHash } from 'node:crypto';

/**
 * Faults and delays of the platform that the host makes on request. Without them, messages take no time, timers fire on
 * time, and nothing is delivered twice.
 */
export type Faults = {
  /** Seed of everything that is drawn. Default: 1. */
  readonly seed?: number;
  /**
   * For this long after a worker's exit the host has no worker, and what becomes due fails: an orchestration fails for
   * good. On Azure these are a few milliseconds. Default: 0, so that only what was in flight is lost.
   */
  readonly workerGapMs?: number;
  /**
   * The longest time that a message to an orchestration takes, drawn evenly from 0. Without it, everything that a
   * worker's exit brings about becomes due in the gap, parents included. Default: 0.
   */
  readonly messageDelayMs?: number;
  /** How late durable timers act, drawn evenly between the two; a negative number is early. Default: exactly on time. */
  readonly timerOffsetMs?: readonly [from: number, to: number];
  /** Which activities are delivered a second time. Default: none. */
  readonly deliverTwice?: SecondDeliveries;
  /**
   * When the queues deliver again what a host had that died, or a worker that is frozen. It replaces
   * `controlQueueVisibilityTimeout` and `workItemQueueVisibilityTimeout` of host.json, which are a minute at least.
   */
  readonly visibilityTimeoutMs?: number;
  /** How long timer triggers are silent in a host that follows one that died. About 74,000 on Azure. Default: 0. */
  readonly timerSilenceMs?: number;
};

/** A choice of activities, or a function that chooses. */
export type SecondDeliveries = SecondDeliveryDraw | ((activity: NamedActivity) => SecondDelivery | undefined);

/** A draw for each activity of some functions. */
export type SecondDeliveryDraw = {
  /** Names of the functions. Default: all activities. */
  readonly names?: readonly string[];
  /** The probability for each activity. Default: 1. */
  readonly share?: number;
  /** How long after the first delivery began, drawn evenly between the two. Default: at the same time. */
  readonly afterMs?: readonly [from: number, to: number];
  readonly onAnotherWorker?: boolean;
};

type NamedActivity = {
  readonly name: string;
  /** JSON text. */
  readonly input: string;
};

export type SecondDelivery = {
  /** How long after the first delivery began; 0 is at the same time. */
  readonly afterMs: number;
  /** Not on the worker of the first delivery, if there is another durable worker. */
  readonly onAnotherWorker: boolean;
};

/** Decides for an activity that begins whether it is delivered a second time. */
export function secondDelivery(
  deliverTwice: SecondDeliveries | undefined,
  activity: NamedActivity,
  draws: Draws,
): SecondDelivery | undefined {
  if (deliverTwice === undefined) return undefined;
  if (typeof deliverTwice === 'function') return deliverTwice(activity);
  const { names, share = 1, afterMs = [0, 0], onAnotherWorker = false } = deliverTwice;
  if (names?.includes(activity.name) === false || draws.next('second delivery') >= share) return undefined;
  return { afterMs: between(afterMs, draws.next('second delivery after')), onAnotherWorker };
}

/** The point in a range that a draw stands for. */
export function between([from, to]: readonly [from: number, to: number], drawn: number): number {
  return from + (to - from) * drawn;
}

/**
 * Numbers that are drawn evenly from 0 up to, but not including, 1. Every kind of draw has a sequence of its own, which
 * depends on nothing but the seed, so that a fault is met again as long as things happen in the same order.
 */
export class Draws {
  readonly #seed: number;
  readonly #drawn = new Map<string, number>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  next(kind: string): number {
    const index = (this.#drawn.get(kind) ?? 0) + 1;
    this.#drawn.set(kind, index);
    const digest = createHash('sha1').update(`${this.#seed} ${kind} ${index}`).digest();
    return digest.readUInt32BE(0) / 2 ** 32;
  }
}
