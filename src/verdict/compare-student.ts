/**
 * By how much an interval from the percentiles of a bootstrap over few clusters is to be stretched: such intervals are
 * too narrow by about sqrt((n-1)/n), and by as much as the normal distribution is narrower than Student's t (Hesterberg,
 * "What Teachers Should Know About the Bootstrap", 2015, section 4, which moves the percentiles to the same effect).
 * @param clusters that were resampled, 5 or more
 * @param confidence level of a two-sided interval, between 0.5 and 0.999
 */
export function smallSampleStretch(clusters: number, confidence: number): number {
  return Math.sqrt(clusters / (clusters - 1)) * tOverNormal(clusters - 1, normalQuantile((1 - confidence) / 2));
}

/** Student's t quantile as a multiple of the normal one: Abramowitz and Stegun, 26.7.5; within 2 % from 4 degrees on. */
function tOverNormal(degrees: number, normal: number): number {
  const square = normal * normal;
  const g1 = (square + 1) / 4;
  const g2 = ((5 * square + 16) * square + 3) / 96;
  const g3 = (((3 * square + 19) * square + 17) * square - 15) / 384;
  const g4 = ((((79 * square + 776) * square + 1482) * square - 1920) * square - 945) / 92_160;
  return 1 + g1 / degrees + g2 / degrees ** 2 + g3 / degrees ** 3 + g4 / degrees ** 4;
}

/** What a standard normal variable exceeds with a probability of at most a half: Abramowitz and Stegun, 26.2.23. */
function normalQuantile(upperTail: number): number {
  const t = Math.sqrt(-2 * Math.log(upperTail));
  const top = (0.010_328 * t + 0.802_853) * t + 2.515_517;
  const bottom = ((0.001_308 * t + 0.189_269) * t + 1.432_788) * t + 1;
  return t - top / bottom;
}
