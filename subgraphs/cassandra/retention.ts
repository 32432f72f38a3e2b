import { retentionDays } from './migrations.ts';

const dayMs = 24 * 3_600_000;

/**
 * How long a row about that moment has to live, so that it expires when its time has come, however late it is written;
 * null where it has come already. (To Cassandra a TTL of 0 is none at all, and a negative one an error.)
 */
export function ttlSecondsOf(happenedAtMs: number, keptDays: number = retentionDays): number | null {
  const ttlSeconds = Math.ceil((happenedAtMs + keptDays * dayMs - Date.now()) / 1_000);
  return ttlSeconds > 0 ? ttlSeconds : null;
}

/** What happened since then is certainly there; a day of margin, as what expires during a check must not count. */
export const certainlyKeptSince = (keptDays: number = retentionDays) => new Date(Date.now() - (keptDays - 1) * dayMs);
