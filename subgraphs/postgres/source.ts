import type { AggregateFact, PlaybackFact, Source, WatchFact } from '../../fanout/sink.ts';
import type { PostgresStore } from './store.ts';

const rowsPerChunk = 5_000;

/** Everything that derived stores must show, read in chunks by primary key: no chunk is counted off from the start. */
export function postgresSource({ db }: PostgresStore): Pick<Source, 'watches' | 'playbacks' | 'aggregates'> {
  return {
    watches: () =>
      chunks<WatchFact>(
        (last) => db.$queryRaw`
          SELECT event_id AS "eventId", user_id AS "userId", movie_id AS "movieId", action, watched_at AS "watchedAt"
          FROM user_watch
          WHERE event_id > ${last?.eventId ?? '00000000-0000-0000-0000-000000000000'}::uuid
          ORDER BY event_id LIMIT ${rowsPerChunk}`,
      ),
    playbacks: () =>
      chunks<PlaybackFact>(
        (last) => db.$queryRaw`
          SELECT user_id AS "userId", movie_id AS "movieId", last_watched_at AS "lastWatchedAt",
                 position_seconds AS "positionSeconds", completed
          FROM playback
          WHERE (user_id, movie_id) > (${last?.userId ?? ''}, ${last?.movieId ?? ''})
          ORDER BY user_id, movie_id LIMIT ${rowsPerChunk}`,
      ),
    async *aggregates() {
      yield* chunks<AggregateFact>(
        (last) => db.$queryRaw`
          SELECT 'user.signed_up' AS type, id, version, event_id AS "eventId"
          FROM users WHERE id > ${last?.id ?? ''} ORDER BY id LIMIT ${rowsPerChunk}`,
      );
      yield* chunks<AggregateFact>(
        (last) => db.$queryRaw`
          SELECT 'movie.changed' AS type, id, version, event_id AS "eventId"
          FROM movies WHERE id > ${last?.id ?? ''} ORDER BY id LIMIT ${rowsPerChunk}`,
      );
    },
  };
}

/** Chunk after chunk, each begun behind the last row of the one before. */
async function* chunks<Row>(read: (last: Row | undefined) => Promise<Row[]>): AsyncGenerator<Row[]> {
  for (let rows = await read(undefined); rows.length > 0; rows = await read(rows.at(-1))) yield rows;
}
