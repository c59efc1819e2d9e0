import { readFile } from 'node:fs/promises';

/**
 * A recording of a real Functions host, to compare the local host with. What differs from run to run (ids, times, ports,
 * keys, stack frames) is replaced by a word on both sides. Everything else must be equal.
 */
export type Recording = {
  readonly durableClientBinding: Record<string, unknown>;
  readonly clientHttp: readonly RecordedRequest[];
  readonly invocations: readonly RecordedInvocation[];
  readonly statuses: Readonly<Record<string, unknown>>;
};

export type RecordedRequest = {
  readonly request: string;
  readonly body: unknown;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly response: unknown;
};

export type RecordedInvocation = {
  readonly function: string;
  readonly input: {
    readonly orchestrationTrigger?: EpisodeInput;
    readonly activityTrigger?: { readonly string: string };
  };
  readonly triggerMetadataKeys: readonly string[];
  readonly output: { readonly json?: string };
  readonly result: { readonly exception?: { readonly message: string } };
};

export type EpisodeInput = {
  readonly instanceId: string;
  readonly isReplaying: boolean;
  readonly history: readonly RecordedEvent[];
};

export type RecordedEvent = {
  readonly EventType: number;
  readonly EventId: number;
  readonly IsPlayed: boolean;
  readonly TaskScheduledId?: number;
};

export const fixture = new URL('./fixtures/durable-traffic/', import.meta.url);

export async function readRecording(): Promise<Recording> {
  return JSON.parse(await readFile(new URL('recording.json', fixture), 'utf8')) as Recording;
}

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)/g;
const ID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|\b[0-9a-f]{32}\b/g;

/** A value in which everything that differs from run to run is replaced. */
export function scrub(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return scrubText(value, key);
  if (Array.isArray(value)) return value.map((item) => scrub(item));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, scrub(member, name)]));
  }
  // Stack frames of .NET, which the local host does not have.
  return key === 'StackTrace' ? 'STACK' : value;
}

function scrubText(text: string, key: string): unknown {
  if (key === 'RemoteStackTrace' || key === 'StackTrace' || key === 'stackTrace') return 'STACK';
  if (text.includes('$OutOfProcData$:')) {
    // The recorder cut these messages after a few hundred characters, inside the exception at the end.
    return text.split('{\\"$type')[0];
  }
  // The text of a failure ends with the JSON of an exception.
  const at = text.indexOf('{"$type"');
  if (at >= 0) return [text.slice(0, at), scrub(JSON.parse(text.slice(at)))];
  return text
    .replace(/\nStack: [\s\S]*$/, '\nStack: STACK')
    .replace(/(code=)[\w-]+/, '$1KEY')
    .replace(/http:\/\/(localhost|127\.0\.0\.1):\d+/, 'http://$1:PORT')
    .replace(TIME, 'TIME')
    .replace(ID, 'ID');
}

const STARTED = 12;
const COMPLETED = 13;
const schedulings = [4, 7, 10];

/**
 * A history as a list of episodes, each with the events that drove it and the events that it scheduled. An episode that
 * scheduled nothing is joined with the next one, and the driving events are sorted by their task. The reason is timing:
 * it decides how many completions share an episode, and in which order tasks of equal length end.
 */
export function episodes(history: readonly RecordedEvent[]): unknown[] {
  const found: { drivers: RecordedEvent[]; scheduled: RecordedEvent[] }[] = [];
  for (const event of history) {
    const last = found.at(-1);
    if (event.EventType === STARTED) {
      if (last === undefined || last.scheduled.length > 0) found.push({ drivers: [], scheduled: [] });
    } else if (schedulings.includes(event.EventType)) {
      last?.scheduled.push(event);
    } else if (event.EventType !== COMPLETED) {
      last?.drivers.push(event);
    }
  }
  return found.map(({ drivers, scheduled }) => {
    const sorted = drivers.toSorted((a, b) => (a.TaskScheduledId ?? -1) - (b.TaskScheduledId ?? -1));
    return scrub({ drivers: sorted.map(({ IsPlayed: _, ...event }) => event), scheduled });
  });
}

/**
 * Checks what durable-functions relies on for replay: `IsPlayed` of every event, and the events that start and end each
 * episode. Returns one line for each wrong event.
 */
export function framing(history: readonly RecordedEvent[]): string[] {
  const lastStart = history.findLastIndex(({ EventType }) => EventType === STARTED);
  return history.flatMap((event, index) => {
    const isFrame =
      event.EventType === STARTED || event.EventType === COMPLETED || schedulings.includes(event.EventType);
    const isWrong = event.IsPlayed !== (!isFrame && index < lastStart);
    const next = history[index + 1]?.EventType;
    const isUnframed = event.EventType === COMPLETED ? next !== STARTED : next === STARTED;
    return isWrong || isUnframed ? [`event ${index} (type ${event.EventType}) is out of place`] : [];
  });
}
