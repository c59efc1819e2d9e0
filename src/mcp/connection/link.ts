/**
 * One connection to a target as the requests on it see it. Whichever request comes first over a connection was the first
 * that could not go without it, so that one carries what making it took.
 */
export type Link = {
  /** What making the connection took; undefined once a request has taken it. */
  fresh: { readonly connectMs: number; readonly tlsMs: number | undefined } | undefined;
};
