/** What a number of connections did while all of them were busy. */
export interface Steady {
  /** Of each request that ended then, from when it was sent until its answer was there. */
  wallMs: number[];
  /** Requests that ended then, a second; NaN where there are too few to tell. */
  perSecond: number;
}

/**
 * Leaves out how a block begins and how it ends: as many requests as there are connections on either side. The first ones are sent all
 * at once to a server that does nothing; the last ones have company that dwindles. Whatever ends in between had it all the time.
 * @param ended the requests in the order in which they ended, asked for by connections that ask again as soon as they are answered
 */
export function steadyOf(ended: readonly { atMs: number; wallMs: number }[], connections: number): Steady {
  const steady = ended.slice(connections, -connections);
  const elapsedMs = (steady.at(-1)?.atMs ?? Number.NaN) - (ended[connections - 1]?.atMs ?? Number.NaN);
  return { wallMs: steady.map(({ wallMs }) => wallMs), perSecond: (steady.length * 1_000) / elapsedMs };
}
