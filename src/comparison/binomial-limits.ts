/**
 * The exact limits of a share (Clopper and Pearson, "The Use of Confidence or Fiducial Limits Illustrated in the Case of
 * the Binomial", 1934): they hold the true share at least as often as the confidence says, however few the requests.
 * @param successes 0 to `trials`
 * @param trials above 0
 */
export function binomialLimits(
  successes: number,
  trials: number,
  confidence: number,
): readonly [low: number, high: number] {
  const tail = (1 - confidence) / 2;
  const failures = trials - successes;
  return [
    successes <= 0 ? 0 : betaQuantile(tail, successes, failures + 1),
    failures <= 0 ? 1 : betaQuantile(1 - tail, successes + 1, failures),
  ];
}

/** By bisection, to the precision of a double. */
function betaQuantile(probability: number, a: number, b: number): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (betaBelow(middle, a, b) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The probability that a beta variable is below x: the regularised incomplete beta function. */
function betaBelow(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast on this side of the mean only.
  if (x > (a + 1) / (a + b + 2)) return 1 - betaBelow(1 - x, b, a);
  const logFront = a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b);
  return (Math.exp(logFront) / a) * betaFraction(x, a, b);
}

/** The continued fraction of the incomplete beta function: Abramowitz and Stegun, 26.5.8, by Lentz's method. */
function betaFraction(x: number, a: number, b: number): number {
  const nonZero = (value: number) => (Math.abs(value) < 1e-300 ? 1e-300 : value);
  let [numerator, denominator] = [1, 1 / nonZero(1 - ((a + b) * x) / (a + 1))];
  let result = denominator;
  // Takes some multiple of the square root of the greater parameter.
  for (let m = 1; m < 100_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    let factor = 1;
    for (const term of [even, odd]) {
      denominator = 1 / nonZero(1 + term * denominator);
      numerator = nonZero(1 + term / numerator);
      factor = numerator * denominator;
      result *= factor;
    }
    if (Math.abs(factor - 1) < 1e-13) break;
  }
  return result;
}

/** The logarithm of the gamma function: Abramowitz and Stegun, 6.1.41, moved to where the series is exact. */
function logGamma(x: number): number {
  let [shift, at] = [0, x];
  for (; at < 10; at++) shift += Math.log(at);
  const square = 1 / (at * at);
  const series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))) / at;
  return (at - 0.5) * Math.log(at) - at + Math.log(2 * Math.PI) / 2 + series - shift;
}
