import { build, decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js';
import type { Percentiles } from './percentiles.ts';

/**
 * An HDR histogram of microseconds, up to more than an hour.
 * @param digits significant decimal digits: 3 keep values within 0.1 %, 2 within 1 % at an eighth of the size
 */
export function emptyHistogram(digits: 2 | 3): Histogram {
  return build({
    bitBucketSize: 32,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 2 ** 32,
    numberOfSignificantValueDigits: digits,
    autoResize: false,
  });
}

/** Reads what encodeIntoCompressedBase64 wrote. */
export function readHistogram(text: string): Histogram {
  return decodeFromCompressedBase64(text, 32, false);
}

/** Percentiles in milliseconds, each the end of its bucket and so as exact as the histogram; null when the histogram is empty. */
export function histogramPercentiles(histogram: Histogram): Percentiles | null {
  if (histogram.totalCount === 0) return null;
  const ms = (percent: number) => histogram.getValueAtPercentile(percent) / 1000;
  return {
    min: ms(0),
    mean: histogram.mean / 1000,
    p50: ms(50),
    p75: ms(75),
    p90: ms(90),
    p95: ms(95),
    p99: ms(99),
    p999: ms(99.9),
    // Not maxValue: it is exact until the histogram has been stored, and then less exact than the percentiles.
    max: ms(100),
  };
}
