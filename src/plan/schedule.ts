import { Cron } from 'croner';

/** True for an NCRONTAB expression with six fields (seconds first), as Azure timer triggers take it. */
export function isSchedule(text: string): boolean {
  if (text.trim().split(/\s+/).length !== 6) return false;
  try {
    // Made paused: this only parses.
    new Cron(text, { paused: true, timezone: 'UTC' });
    return true;
  } catch {
    return false;
  }
}
