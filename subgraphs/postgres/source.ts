import type {
  AggregateFact,
  BlockFact,
  FollowFact,
  LikeFact,
  PlaybackFact,
  Source,
  WatchFact,
} from '../../fanout/sink.ts';
import type { PostgresStore } from './store.ts';

const rowsPerChunk = 5_000;

/** What this room is the source of. */
type PostgresSource = Pick<Source, 'watches' | 'playbacks' | 'follows' | 'blocks' | 'likes' | 'aggregates'>;

/** Everything that derived stores must show, read in chunks by primary key: no chunk is counted off from the start. */
export function postgresSource({ db }: PostgresStore): PostgresSource {
  const follows = () =>
    chunks<FollowFact>(
      (last) => db.$queryRaw`
        SELECT follower_id AS "followerId", followee_id AS "followeeId", follows, changed_at AS "changedAt", version,
               event_id AS "eventId"
        FROM follow
        WHERE (follower_id, followee_id) > (${last?.followerId ?? ''}, ${last?.followeeId ?? ''})
        ORDER BY follower_id, followee_id LIMIT ${rowsPerChunk}`,
    );
  const blocks = () =>
    chunks<BlockFact>(
      (last) => db.$queryRaw`
        SELECT blocker_id AS "blockerId", blocked_id AS "blockedId", blocks, changed_at AS "changedAt", version,
               event_id AS "eventId"
        FROM block
        WHERE (blocker_id, blocked_id) > (${last?.blockerId ?? ''}, ${last?.blockedId ?? ''})
        ORDER BY blocker_id, blocked_id LIMIT ${rowsPerChunk}`,
    );
  const likes = () =>
    chunks<LikeFact>(
      (last) => db.$queryRaw`
        SELECT user_id AS "userId", kind, target_id AS "targetId", likes, changed_at AS "changedAt", version,
               event_id AS "eventId"
        FROM user_like
        WHERE (user_id, kind, target_id) > (${last?.userId ?? ''}, ${last?.kind ?? ''}, ${last?.targetId ?? ''})
        ORDER BY user_id, kind, target_id LIMIT ${rowsPerChunk}`,
    );
  return {
    follows,
    blocks,
    likes,
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
      for await (const edges of follows()) {
        yield edges.map(
          ({ followerId, followeeId, version, eventId }): AggregateFact => ({
            ...{ type: 'follow.changed', id: `${followerId}/${followeeId}`, version, eventId },
          }),
        );
      }
      for await (const edges of blocks()) {
        yield edges.map(
          ({ blockerId, blockedId, version, eventId }): AggregateFact => ({
            ...{ type: 'block.changed', id: `${blockerId}/${blockedId}`, version, eventId },
          }),
        );
      }
      for await (const edges of likes()) {
        yield edges.map(
          ({ userId, kind, targetId, version, eventId }): AggregateFact => ({
            ...{ type: 'like.changed', id: `${userId}/${kind}/${targetId}`, version, eventId },
          }),
        );
      }
    },
  };
}

/** Chunk after chunk, each begun behind the last row of the one before. */
async function* chunks<Row>(read: (last: Row | undefined) => Promise<Row[]>): AsyncGenerator<Row[]> {
  for (let rows = await read(undefined); rows.length > 0; rows = await read(rows.at(-1))) yield rows;
}
