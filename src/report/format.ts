import type { PercentileName, Percentiles } from '../summary/percentiles.ts';
import type { SeriesPoint } from '../summary/summary.ts';

const MISSING = '–';

/** A whole number with thousands separators: `2,293`. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** A count with its noun: `1 request`, `1,234 requests`. */
export function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Milliseconds without a unit, as precise as a reader needs: `0.42`, `8.4`, `331`, `1,411`; a dash when null. */
export function formatMs(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return MISSING;
  if (ms < 0.995) return ms.toFixed(2);
  if (ms < 9.95) return ms.toFixed(1);
  return formatCount(ms);
}

/** One of several percentiles in milliseconds, with `≥` when it is only a lower bound. */
export function formatPercentile(percentiles: Percentiles | null | undefined, name: PercentileName): string {
  if (percentiles === null || percentiles === undefined) return MISSING;
  const bound = percentiles.atLeast?.includes(name) === true ? '≥ ' : '';
  return `${bound}${formatMs(percentiles[name])}`;
}

/** One of the percentiles of an interval, likewise. */
export function formatPoint({ atLeast, ...point }: SeriesPoint, name: 'p50' | 'p95' | 'p99'): string {
  const ms = point[`${name}Ms`];
  return ms !== null && atLeast?.includes(name) ? `≥ ${formatMs(ms)}` : formatMs(ms);
}

/** A round number on an axis: `0`, `0.5`, `1,500`. */
export function formatTick(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 6 });
}

/** Events per second: `0.0022`, `0.09`, `2.49`, `24.1`, `1,204`. Small rates keep two significant digits. */
export function formatRate(perSecond: number): string {
  if (perSecond === 0) return '0';
  if (perSecond < 0.095) return String(Number(perSecond.toPrecision(2)));
  if (perSecond < 9.995) return perSecond.toFixed(2);
  if (perSecond < 99.95) return perSecond.toFixed(1);
  return formatCount(perSecond);
}

/** A fraction in per cent: `0.13 %`. Only exact 0 and 1 read as `0 %` and `100 %`. */
export function formatShare(fraction: number): string {
  if (fraction === 0) return '0 %';
  if (fraction === 1) return '100 %';
  if (fraction < 0.0001) return '<0.01 %';
  if (fraction > 0.9999) return '>99.99 %';
  const percent = fraction * 100;
  return `${percent < 10 || percent > 99 ? percent.toFixed(2) : percent.toFixed(1)} %`;
}

/** A value compared with a limit, exact to the microsecond, so that a missed limit never reads as met. */
export function formatObserved(value: number | null): string {
  if (value === null) return MISSING;
  return value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) < 1 ? 6 : 3 });
}

/** A duration with its unit: `8 ms`, `4.2 s`, `15 min 21 s`, `2 h 3 min`. */
export function formatDuration(seconds: number): string {
  if (seconds > 0 && seconds < 0.95) return `${formatMs(seconds * 1000)} ms`;
  if (seconds < 59.95) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A moment of the run as minutes and seconds since its start: `0:30`, `15:20`, `1:02:03`. */
export function formatMoment(seconds: number): string {
  const tenths = Math.round(seconds * 10) / 10;
  const rest = Number((tenths % 60).toFixed(1));
  const minutes = Math.floor(tenths / 60) % 60;
  const hours = Math.floor(tenths / 3600);
  const padded = rest < 10 ? `0${rest}` : String(rest);
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${padded}` : `${minutes}:${padded}`;
}

/** An ISO 8601 instant as UTC date and time, to the second and without the zone: `2026-05-09 14:02:11`. */
export function formatInstant(iso: string): string {
  const milliseconds = Date.parse(iso);
  if (Number.isNaN(milliseconds)) return iso;
  return new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ');
}

/** Like {@link formatInstant}, but only the time of day when the instant is on the same UTC day as `dayOf`. */
export function formatTimeOfDay(iso: string, dayOf: string): string {
  const [day, time] = formatInstant(iso).split(' ');
  return time !== undefined && day === formatInstant(dayOf).slice(0, 10) ? time : formatInstant(iso);
}

/**
 * A copy of a value in which every string is one harmless line. Messages and names come from targets: escape sequences
 * could control a terminal, and bidirectional controls could reorder what a reader sees. Every rendering for people
 * starts with this, so that no other place has to.
 */
export function printable<T>(value: T): T {
  if (typeof value === 'string') return printableText(value) as T;
  if (Array.isArray(value)) return value.map(printable) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, printable(each)])) as T;
}

/** Line breaks become spaces, other controls become visible. */
function printableText(text: string): string {
  return withVisibleControls(text.toWellFormed().replace(/[\s\p{Zl}\p{Zp}]+/gu, ' '));
}

/** The text with its line breaks, and with everything visible that could drive a terminal or reorder what it shows. */
export function withVisibleControls(text: string): string {
  return text.toWellFormed().replace(/(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, controlPicture);
}

/** ASCII controls have pictures from U+2400; all others become the replacement character. */
function controlPicture(control: string): string {
  const code = control.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? '␡' : '\uFFFD';
}
