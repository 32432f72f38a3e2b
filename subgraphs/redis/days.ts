/** Days in UTC, by their number since 1970-01-01. */
export const dayMs = 24 * 3_600_000;

export const dayOf = (atMs: number): number => Math.floor(atMs / dayMs);

/** `YYYY-MM-DD`, as keys have it. */
export const nameOfDay = (day: number): string => new Date(day * dayMs).toISOString().slice(0, 10);
