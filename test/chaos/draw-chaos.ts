import { seededRandom } from '../../fleet/seeded-random.ts';

/** A fault and when it happens, in milliseconds after the planned start of the load; before it when negative. */
export type Fault =
  | { readonly kind: 'kill worker'; readonly atMs: number; readonly worker: number }
  | { readonly kind: 'freeze process'; readonly atMs: number; readonly worker: number; readonly forMs: number }
  | { readonly kind: 'freeze instance'; readonly atMs: number; readonly worker: number; readonly forMs: number }
  | { readonly kind: 'kill host'; readonly atMs: number; readonly forMs: number }
  | { readonly kind: 'stop host'; readonly atMs: number; readonly forMs: number }
  | { readonly kind: 'storage'; readonly atMs: number; readonly forMs: number; readonly fault: StorageFault }
  | { readonly kind: 'stop run'; readonly atMs: number }
  | { readonly kind: 'terminate'; readonly atMs: number };

/** `refuse`: 503. `throttle`: 429 with Retry-After. `hang`: no answer. `lose`: done, but not answered. `mixed`: a third fails. */
export type StorageFault = 'refuse' | 'throttle' | 'hang' | 'lose' | 'mixed';

/** One run with faults, drawn from a seed. */
export type Chaos = {
  readonly seed: number;
  /** Starts a second, over all lanes. */
  readonly rate: number;
  readonly durationSeconds: number;
  readonly lanes: number;
  readonly windowSeconds: number;
  /** The share of activities that are delivered twice, and how long after the first the second comes. */
  readonly deliverTwice: { readonly share: number; readonly afterMs: readonly [number, number] } | undefined;
  readonly faults: readonly Fault[];
};

const STORAGE_FAULTS: readonly StorageFault[] = ['refuse', 'throttle', 'hang', 'lose', 'mixed'];

/** Draws a run and its faults; the same seed gives the same ones. */
export function drawChaos(seed: number): Chaos {
  const random = seededRandom('chaos', seed);
  const between = (from: number, to: number) => Math.round(from + random() * (to - from));
  const oneOf = <Value>(values: readonly Value[]) => values[between(0, values.length - 1)] as Value;
  const durationSeconds = between(3, 6);
  const atMs = () => between(-500, durationSeconds * 1000);
  const draw = (): Fault => {
    switch (between(0, 9)) {
      case 0:
      case 1:
        return { kind: 'kill worker', atMs: atMs(), worker: between(0, 1) };
      case 2:
        return { kind: 'freeze process', atMs: atMs(), worker: between(0, 1), forMs: between(500, 7000) };
      case 3:
        return { kind: 'freeze instance', atMs: atMs(), worker: between(0, 1), forMs: between(500, 7000) };
      case 4:
        return { kind: 'kill host', atMs: atMs(), forMs: between(200, 3000) };
      case 5:
        return { kind: 'stop host', atMs: atMs(), forMs: between(200, 2000) };
      case 6:
      case 7:
        return { kind: 'storage', atMs: atMs(), forMs: between(300, 6000), fault: oneOf(STORAGE_FAULTS) };
      case 8:
        return { kind: 'stop run', atMs: atMs() };
      default:
        return { kind: 'terminate', atMs: atMs() };
    }
  };
  return {
    seed,
    rate: 20 * between(1, 2),
    durationSeconds,
    lanes: 2,
    windowSeconds: oneOf([2, 3, 10]),
    deliverTwice: random() < 0.4 ? { share: 0.3 + random() * 0.7, afterMs: [0, between(0, 3000)] } : undefined,
    faults: Array.from({ length: between(1, 3) }, draw).toSorted((a, b) => a.atMs - b.atMs),
  };
}

/** One line that says what a seed draws, for the name of a test. */
export function chaosSentence({ rate, durationSeconds, windowSeconds, deliverTwice, faults }: Chaos): string {
  const twice = deliverTwice === undefined ? [] : [`${Math.round(deliverTwice.share * 100)} % delivered twice`];
  const described = faults.map((fault) => {
    const what = fault.kind === 'storage' ? `storage ${fault.fault}` : fault.kind;
    const which = 'worker' in fault ? ` ${fault.worker}` : '';
    const duration = 'forMs' in fault ? ` for ${fault.forMs} ms` : '';
    return `${what}${which} at ${fault.atMs} ms${duration}`;
  });
  return `${rate}/s for ${durationSeconds} s in windows of ${windowSeconds} s: ${[...twice, ...described].join(', ')}`;
}
