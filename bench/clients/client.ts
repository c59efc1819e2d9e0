export type ClientOptions = {
  readonly url: string;
  /** Sessions that send concurrently; each sends its next request after the answer to the previous one. */
  readonly sessions: number;
};

/** A client in a closed loop. */
export type Client = {
  /** Sends this many requests and waits for all answers. @throws if one is not as expected */
  send(requests: number): Promise<void>;
  close(): Promise<void>;
};

/** Requests that each session sends. */
export function shareOf(requests: number, sessions: number): number {
  return Math.ceil(requests / sessions);
}
