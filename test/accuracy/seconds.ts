/** Sessions open while the rate rises; then it stays, and only that is in the figures. */
export const RISE_SECONDS = 3;
export const SECONDS = 8;
