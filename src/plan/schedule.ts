import { Cron } from 'croner';

/** One field: a list of `*`, numbers, names and ranges, each with an optional step. */
const FIELD = /^(\*|\w+(-\w+)?)(\/\d+)?(,(\*|\w+(-\w+)?)(\/\d+)?)*$/;

/**
 * True for an NCRONTAB expression with six fields (seconds first), as Azure timer triggers take it. Narrower than what
 * the cron parser knows: a trigger with `L`, `W`, `#`, `?` or a seventh day of the week keeps the app from starting.
 */
export function isSchedule(text: string): boolean {
  const fields = text.trim().split(/\s+/);
  const [, , , dayOfMonth, , dayOfWeek] = fields;
  if (fields.length !== 6 || !fields.every((field) => FIELD.test(field))) return false;
  if (/[a-z]/i.test(dayOfMonth as string) || /7|(^|[\d,-])l/i.test((dayOfWeek as string).replace(/\/\d+/g, '')))
    return false;
  try {
    // Made paused: this only parses.
    new Cron(text, { paused: true, timezone: 'UTC' });
    return true;
  } catch {
    return false;
  }
}
