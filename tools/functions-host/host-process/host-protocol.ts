import type { SecondDeliveryDraw } from '../faults.ts';
import type { FunctionsHost, FunctionsHostOptions } from '../functions-host.ts';
import type { LogLine } from '../log.ts';

/** Options of a host in a process of its own: those that can be sent to it. */
export type SentOptions = Omit<FunctionsHostOptions, 'faults' | 'hubFolder' | 'log' | 'onInvocation'> & {
  /** Folder of the task hub: what lasts when the process is killed. */
  readonly hubFolder: string;
  readonly faults?: Omit<NonNullable<FunctionsHostOptions['faults']>, 'deliverTwice'> & {
    readonly deliverTwice?: SecondDeliveryDraw;
  };
};

/** What can be asked of the host, with the arguments and the result of each question. */
export type Questions = {
  readonly workerPids: FunctionsHost['workerPids'];
  readonly freezeWorker: FunctionsHost['freezeWorker'];
  readonly thawWorker: FunctionsHost['thawWorker'];
  readonly rpcBaseUrl: () => string;
  readonly status: FunctionsHost['durable']['status'];
  readonly history: FunctionsHost['durable']['history'];
  readonly instances: FunctionsHost['durable']['instances'];
};

export type ToHost =
  | { readonly kind: 'start'; readonly options: SentOptions }
  | {
      readonly kind: 'ask';
      readonly number: number;
      readonly question: keyof Questions;
      readonly args: readonly unknown[];
    };

export type FromHost =
  | { readonly kind: 'started'; readonly port: number }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'answer'; readonly number: number; readonly value?: unknown; readonly error?: string }
  | { readonly kind: 'log'; readonly line: LogLine };
