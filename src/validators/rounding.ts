/** Rounded up to so many decimals, at least one step: a distance of zero would read as reached. */
export function roundedUp(figure: number, decimals: number): number {
  const steps = 10 ** decimals;
  // 0.8 - 0.77 is 0.030000000000000027 in binary; the dust must not become a step of its own.
  return Math.max(Math.ceil(Number((figure * steps).toFixed(6))), 1) / steps;
}
