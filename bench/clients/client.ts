export type ClientOptions = {
  readonly url: string;
  /** How many send at a time, each the next request when it has the answer to the one before. */
  readonly sessions: number;
};

/** A client in a closed loop. */
export type Client = {
  /** Sends so many requests and waits for all answers. @throws when one is not as it should be */
  send(requests: number): Promise<void>;
  close(): Promise<void>;
};

/** How many each of the sessions has to send. */
export function shareOf(requests: number, sessions: number): number {
  return Math.ceil(requests / sessions);
}
