import { randomBytes } from 'node:crypto';

/** A new run's id: sorts by time, and only `[a-z0-9-]`, because Durable Functions puts it into URLs as it is. */
export function newRunId(nowMs: number): string {
  const time = new Date(nowMs)
    .toISOString()
    .replace(/\.(\d{3})Z$/, '$1')
    .replace(/[-:]/g, '')
    .replace('T', '-');
  return `${time}-${randomBytes(4).toString('hex')}`;
}

/** The form of every run id. */
export const runIdPattern = /^\d{8}-\d{9}-[0-9a-f]{8}$/;
