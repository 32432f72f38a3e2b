import { randomUUID } from 'node:crypto';
import { readSettings } from '../../config.ts';
import type { SinkBatch } from '../../fanout/sink.ts';
import type { LikeKind, StreamEvent } from '../../schema/events/index.ts';
import { makeEvent } from '../../schema/events/make.ts';
import type { Random } from '../../seed/generate/random.ts';
import { type Neo4jStore, openNeo4j } from './store.ts';

/** A part of the shared graph that is one test's alone: nodes that nobody else has. */
export interface OwnCorner extends AsyncDisposable {
  store: Neo4jStore;
  /** An id that ends in what is this corner's own: equal names give equal ids. */
  id(name: string): string;
  /** Every relationship that begins at a node of the corner, as `a FOLLOWS b` with its properties, sorted. */
  relationships(): Promise<string[]>;
  /** Every node of the corner with its properties, sorted. */
  nodes(): Promise<string[]>;
}

/** Opens a corner of the migrated graph; it is swept at the end. */
export async function openCorner(): Promise<OwnCorner> {
  const store = openNeo4j(readSettings().neo4j);
  await store.migrate();
  const own = `-${randomUUID()}`;
  const named = (text: string) => text.replaceAll(own, '');
  const lines = async (cypher: string) => {
    const { records } = await store.read(cypher, { own });
    return records.map((record) => named(record.get('line'))).sort();
  };
  return {
    store,
    id: (name) => `${name}${own}`,
    relationships: () =>
      lines(`MATCH (from:User)-[edge]->(to) WHERE from.id ENDS WITH $own
RETURN from.id + ' ' + type(edge) + ' ' + coalesce(to.id, to.name) +
  coalesce(' v' + edge.version, ' ' + toString(edge.lastWatchedAt), '') AS line`),
    nodes: () =>
      lines(`MATCH (node:User|Movie|Post|Tag) WHERE coalesce(node.id, node.name) ENDS WITH $own
RETURN labels(node)[0] + ' ' + coalesce(node.id, node.name) +
  coalesce(' "' + CASE WHEN node:User THEN node.name ELSE node.title END + '" v' + node.version, '') +
  coalesce(' profile v' + node.profileVersion, '') AS line`),
    async [Symbol.asyncDispose]() {
      await store.write(
        'MATCH (node:User|Movie|Post|Tag) WHERE coalesce(node.id, node.name) ENDS WITH $own DETACH DELETE node',
        { own },
      );
      await store.close();
    },
  };
}

/** A batch of these events; the sink does not look at the offsets. */
export const batchOf = (events: readonly StreamEvent[]): SinkBatch => ({
  ...{ topic: 'social_events', partition: 0, firstOffset: 0n, nextOffset: BigInt(events.length) },
  events,
});

/** Every event once or more often, in any order, cut anyhow: after one event in `length`, more or less. */
export function delivered(events: readonly StreamEvent[], random: Random, length = 5): StreamEvent[][] {
  const copies = events.flatMap((event) => Array.from({ length: random.int(1, 3) }, () => event));
  const batches: StreamEvent[][] = [[]];
  for (const event of random.shuffle(copies)) {
    if (random.chance(1 / length)) batches.push([]);
    batches.at(-1)?.push(event);
  }
  return batches;
}

/** An instant, so many seconds after a day in the past. */
export const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1_000).toISOString();

export function signedUp(userId: string, name: string, version = 1): StreamEvent {
  const data = { userId, name, createdAt: at(0) };
  return event('user.signed_up', { key: userId, subject: userId, version, actor: userId, data });
}

export function profileChanged(userId: string, interests: readonly string[], version = 1): StreamEvent {
  const data = { userId, bio: '', links: [], interests: [...interests], changedAt: at(version) };
  return event('profile.changed', { key: userId, subject: userId, version, actor: userId, data });
}

export function movieChanged(movieId: string, title: string, version = 1): StreamEvent {
  const data = { movieId, title, synopsis: '', releaseYear: 2010, runtimeMinutes: 90, genres: [], tags: [] };
  return event('movie.changed', { key: movieId, subject: movieId, version, actor: null, data });
}

export function followChanged(
  [followerId, followeeId]: readonly [string, string],
  version: number,
  follows = version % 2 === 1,
): StreamEvent {
  const subject = `${followerId}/${followeeId}`;
  const data = { followerId, followeeId, follows, changedAt: at(version) };
  return event('follow.changed', { key: followerId, subject, version, actor: followerId, data });
}

export function blockChanged(
  [blockerId, blockedId]: readonly [string, string],
  version: number,
  blocks = version % 2 === 1,
): StreamEvent {
  const subject = `${blockerId}/${blockedId}`;
  const data = { blockerId, blockedId, blocks, changedAt: at(version) };
  return event('block.changed', { key: blockerId, subject, version, actor: blockerId, data });
}

export function likeChanged(
  [userId, kind, targetId]: readonly [string, LikeKind, string],
  version: number,
  likes = version % 2 === 1,
): StreamEvent {
  const subject = `${userId}/${kind}/${targetId}`;
  const data = { userId, kind, targetId, likes, changedAt: at(version) };
  return event('like.changed', { key: userId, subject, version, actor: userId, data });
}

export function watched(
  [userId, movieId]: readonly [string, string],
  version: number,
  lastWatchedAt = at(version),
): StreamEvent {
  const playback = { lastWatchedAt, previousWatchedAt: null, positionSeconds: 0, completed: false };
  return event('watch.recorded', {
    ...{ key: userId, subject: `${userId}/${movieId}`, version, actor: userId },
    data: {
      ...{ userId, movieId, action: 'PLAY', watchedAt: lastWatchedAt, positionSeconds: 0, durationSeconds: 0 },
      ...{ device: 'WEB', quality: 'HD', playback },
    },
  });
}

const event: (...parts: TailOf<typeof makeEvent>) => StreamEvent = (type, parts) =>
  makeEvent('/streamshop/postgres', type, parts).event as StreamEvent;

type TailOf<F> = F extends (first: never, ...tail: infer Tail) => unknown ? Tail : never;
