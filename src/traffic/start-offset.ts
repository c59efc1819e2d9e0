/** Virtual users begin this far apart, or closer when that would take longer than a second in all. */
const STEP_MS = 20;
const SPREAD_MS = 1000;

/**
 * How long after the start of the load a virtual user begins. All of them in the same instant would measure a crowd that
 * only the generator makes, on the target and in our own event loop; agents do not come like that.
 * @param vu the virtual user's number in the run, from 0
 * @param vus how many virtual users the run has
 */
export function startOffsetMs(vu: number, vus: number): number {
  return vu * Math.min(STEP_MS, SPREAD_MS / vus);
}
