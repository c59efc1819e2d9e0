import { build, decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js';

/** What a histogram holds at most, as much as a column of a block. */
const MOST_US = 2 ** 32;

/** An HDR histogram of microseconds, up to more than an hour, within 1 %: enough for a look while a run is under way. */
export function emptyHistogram(): Histogram {
  return build({
    bitBucketSize: 32,
    lowestDiscernibleValue: 1,
    highestTrackableValue: MOST_US,
    numberOfSignificantValueDigits: 2,
    autoResize: false,
  });
}

/** Counts a duration; one that is longer than the histogram reaches counts as the longest. */
export function recordMicroseconds(histogram: Histogram, us: number): void {
  histogram.recordValue(Math.min(MOST_US, us));
}

/** Reads what encodeIntoCompressedBase64 wrote. */
export function readHistogram(text: string): Histogram {
  return decodeFromCompressedBase64(text, 32, false);
}
