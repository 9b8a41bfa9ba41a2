/** Figures from runs on machines that are shared and noisy. */

/** The middle of some figures. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** Range that four of five figures lie in. */
export interface Spread {
  /** Not above nine of ten figures. */
  low: number;
  /** Not below nine of ten figures. */
  high: number;
}

/** Returns the 10th and the 90th of 100 figures; the extremes where there are less than ten. */
export function spreadOf(figures: readonly number[]): Spread {
  const sorted = figures.toSorted((a, b) => a - b);
  const skip = Math.floor(sorted.length / 10);
  return { low: sorted[skip] ?? NaN, high: sorted[sorted.length - 1 - skip] ?? NaN };
}
