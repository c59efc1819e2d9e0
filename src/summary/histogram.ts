import { build, decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js';

/** An HDR histogram of microseconds, up to more than an hour, within 1 %: enough for a look while a run is under way. */
export function emptyHistogram(): Histogram {
  return build({
    bitBucketSize: 32,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 2 ** 32,
    numberOfSignificantValueDigits: 2,
    autoResize: false,
  });
}

/** Reads what encodeIntoCompressedBase64 wrote. */
export function readHistogram(text: string): Histogram {
  return decodeFromCompressedBase64(text, 32, false);
}
