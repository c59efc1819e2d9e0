import type { Timed, UnderWay } from '../http/in-flight-requests.ts';
import type { Timeouts } from './deadline.ts';

/** What an exchange needs of the connection it runs on. */
export type ExchangeHost<Hosted extends Timed> = {
  readonly now: () => number;
  /** Holds the exchange from its making to its end, and tells it when its time is up. */
  readonly underWay: UnderWay<Hosted>;
  /** False to read event streams to their end, however long they stay open after their answer. */
  readonly cutsHeldStreams: boolean;
  readonly timeouts: Timeouts;
  /** Called once, when nothing more can come: now the sample is complete. Must not throw. */
  readonly onFinished: (exchange: Hosted) => void;
  /** Hears of a bug of ours, which must not pass for a fault of the target. Must not throw. */
  readonly onBug: (error: unknown) => void;
};
