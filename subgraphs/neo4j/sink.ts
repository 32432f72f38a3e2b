import type { Sink } from '../../fanout/sink.ts';
import type { EventType, LikeKind, StreamEvent, StreamEventOf } from '../../schema/events/index.ts';
import type { Neo4jStore } from './store.ts';
import { verify } from './verify.ts';
import { writes } from './writes.ts';

/** Merges nodes and relationships, each with the version of its newest event: so any order and any repetition end alike. */
export function neo4jSink(store: Neo4jStore): Sink {
  return {
    async apply({ events }) {
      for (const { statement, rows, ids } of writesOf(events)) {
        if (rows.length > 0) await store.write(statement, { rows, ...ids });
      }
    },
    async probe() {
      await store.write("MERGE (probe:SinkProbe {id: 'probe'}) SET probe.at = datetime()");
    },
    verify: (source) => verify(store, source),
  };
}

/** The statements that a batch needs: one for each kind of node or relationship, whatever the number of events. */
function writesOf(events: readonly StreamEvent[]) {
  const users = newest(events, 'user.signed_up').map(({ version, data }) => ({
    ...{ userId: data.userId, name: data.name, version: BigInt(version) },
  }));
  const interests = newest(events, 'profile.changed').map(({ version, data }) => ({
    ...{ userId: data.userId, interests: [...new Set(data.interests)], version: BigInt(version) },
  }));
  // Also tags that a newer profile of the batch does not name any more: which ones there are must not depend on batches.
  const toldTags = sorted(events, ({ type, data }) => (type === 'profile.changed' ? data.interests : []));
  const movies = newest(events, 'movie.changed').map(({ version, data }) => ({
    ...{ movieId: data.movieId, title: data.title, version: BigInt(version) },
  }));
  const follows = newest(events, 'follow.changed').map(({ version, data }) => ({
    ...{ userId: data.followerId, targetId: data.followeeId, holds: data.follows },
    ...{ at: data.changedAt, version: BigInt(version) },
  }));
  const blocks = newest(events, 'block.changed').map(({ version, data }) => ({
    ...{ userId: data.blockerId, targetId: data.blockedId, holds: data.blocks },
    ...{ at: data.changedAt, version: BigInt(version) },
  }));
  const likes = Object.groupBy(newest(events, 'like.changed'), ({ data }) => data.kind);
  const likesOf = (kind: LikeKind) =>
    (likes[kind] ?? []).map(({ version, data }) => ({
      ...{ userId: data.userId, targetId: data.targetId, holds: data.likes },
      ...{ at: data.changedAt, version: BigInt(version) },
    }));
  // The newest version of a playback knows when it was last watched, whatever came before.
  const watches = newest(events, 'watch.recorded').map(({ data }) => ({
    ...{ userId: data.userId, movieId: data.movieId, at: data.playback.lastWatchedAt },
  }));

  const liking = (kind: LikeKind) => {
    const rows = likesOf(kind);
    const ids = { userIds: sorted(rows, ({ userId }) => userId), targetIds: sorted(rows, ({ targetId }) => targetId) };
    return { statement: writes.likes[kind], rows, ids };
  };
  const bothUsers = ({ userId, targetId }: { userId: string; targetId: string }) => [userId, targetId];
  return [
    { statement: writes.users, rows: users, ids: { userIds: sorted(users, ({ userId }) => userId) } },
    {
      statement: writes.interests,
      rows: interests,
      ids: { userIds: sorted(interests, ({ userId }) => userId), targetIds: toldTags },
    },
    { statement: writes.movies, rows: movies, ids: { movieIds: sorted(movies, ({ movieId }) => movieId) } },
    { statement: writes.follows, rows: follows, ids: { userIds: sorted(follows, bothUsers) } },
    { statement: writes.blocks, rows: blocks, ids: { userIds: sorted(blocks, bothUsers) } },
    ...(['POST', 'MOVIE', 'TAG'] as const).map(liking),
    {
      statement: writes.watches,
      rows: watches,
      ids: { userIds: sorted(watches, ({ userId }) => userId), movieIds: sorted(watches, ({ movieId }) => movieId) },
    },
  ];
}

/** The newest event of each aggregate, among those of one type. */
function newest<T extends EventType>(events: readonly StreamEvent[], type: T): StreamEventOf<T>[] {
  const found = new Map<string, StreamEventOf<T>>();
  for (const event of events) {
    if (event.type !== type) continue;
    const known = found.get(event.subject);
    if (!known || known.version < event.version) found.set(event.subject, event as unknown as StreamEventOf<T>);
  }
  return [...found.values()];
}

/** The ids that rows name, each once, in the order in which every write locks its nodes. */
function sorted<Row>(rows: readonly Row[], idsOf: (row: Row) => string | string[]): string[] {
  return [...new Set(rows.flatMap(idsOf))].sort();
}
