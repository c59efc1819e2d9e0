import { Cron } from 'croner';
import { timeSpanMs } from './time-span.ts';

export interface TimerSchedule {
  /** The first time to run strictly after `afterMs` (both Unix milliseconds), or undefined when there is none. */
  nextMs(afterMs: number): number | undefined;
}

/**
 * Reads a timer trigger's schedule: NCRONTAB with six fields (seconds first) or five, in UTC, or a time span
 * (`hh:mm:ss`) that is the pause between two runs.
 * @throws Error when it is neither
 */
export function timerSchedule(text: string): TimerSchedule {
  const spanMs = timeSpanMs(text);
  if (spanMs !== undefined) {
    if (spanMs <= 0) {
      throw new Error(`Schedule "${text}": a time span must be longer than nothing.`);
    }
    return { nextMs: (afterMs) => afterMs + spanMs };
  }
  const cron = parseCron(text);
  return { nextMs: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime() };
}

function parseCron(text: string): Cron {
  try {
    // NCRONTAB runs when day of month and day of week both match; croner alone would take either.
    return new Cron(text.trim(), { timezone: 'UTC', domAndDow: true, paused: true, mode: '5-or-6-parts' });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`Schedule "${text}" is neither NCRONTAB (six fields, seconds first) nor hh:mm:ss: ${why}`);
  }
}
