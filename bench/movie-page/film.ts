import { viewsLast24h, viewsPerHour } from '../../subgraphs/clickhouse/queries.ts';
import { moviesById } from '../../subgraphs/postgres/queries.ts';
import { playbackQuality } from '../../subgraphs/questdb/queries.ts';
import { movieCounters } from '../../subgraphs/redis/queries.ts';
import { one } from '../answers.ts';
import { readMedia } from '../media.ts';
import type { Stores } from '../stores.ts';

/** What is told of the film itself, and needs nothing but its id. */
export async function readFilm({ postgres, redis, clickhouse, s3, questdb }: Stores, id: string) {
  const [row, counters, lastDay, hours, media, minutes] = await Promise.all([
    one(moviesById(postgres, [id])),
    one(movieCounters(redis, [id])),
    one(viewsLast24h(clickhouse, [id])),
    one(viewsPerHour(clickhouse, [{ id, last: 24 }])),
    readMedia(s3, id),
    one(playbackQuality(questdb, [{ id, lastMinutes: 60 }])),
  ]);
  const { imdbId, tmdbId, ...shown } = row;
  return {
    ...shown,
    ...counters,
    viewsLast24h: lastDay,
    viewsPerHour: hours,
    ...media,
    playbackQuality: minutes.map(({ startsAt, averageBitrateKbps, bufferingCountAverage }) => ({
      ...{ startsAt, averageBitrateKbps, bufferingCountAverage },
    })),
  };
}

export type Film = Awaited<ReturnType<typeof readFilm>>;
