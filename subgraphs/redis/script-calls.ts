import type { SinkBatch } from '../../fanout/sink.ts';
import type { StreamEvent, StreamEventOf } from '../../schema/events/index.ts';
import { keys, trendingHalfLifeMs } from './keys.ts';
import { isOnLeaderboards, leaderboardsOf, leaderboardsPerDay } from './leaderboards.ts';
import { dayOfPlay, playedAtMs } from './plays.ts';
import { mayBeForgotten, rememberSeconds, seenKey } from './seen.ts';

/** Keys and arguments of a script, whose head describes them. */
export interface ScriptCall {
  keys: string[];
  args: string[];
}

/** From here on trending's weights come near the end of a double (2^1024): half of the way there. */
const maxHalfLives = 512;

/**
 * The call of `apply-plays.lua`.
 * @param knownPosition what the sink last saw in Redis: an offset, `none`, or `?` when it has seen nothing
 */
export function playsCall(batch: SinkBatch, knownPosition: string): ScriptCall {
  const plays = batch.events.filter(isPlay).map(({ id: eventId, data }) => {
    const play = { eventId, movieId: data.movieId, watchedAt: new Date(data.watchedAt) };
    return { ...play, atMs: playedAtMs(play), day: dayOfPlay(play) };
  });
  const days = [...new Set(plays.map(({ day }) => day))].filter((day) => isOnLeaderboards(day, Date.now()));
  const leaderboards = days.flatMap(leaderboardsOf);
  return {
    keys: [
      ...[keys.positions(batch.topic), keys.leaderboard, keys.trending, keys.trendingLandmark],
      ...leaderboards.map(({ key }) => key),
      ...plays.flatMap(({ eventId, movieId }) => [keys.views(movieId), seenKey(eventId)]),
    ],
    args: [
      ...placeOf(batch, knownPosition),
      ...[trendingHalfLifeMs, maxHalfLives, rememberSeconds, days.length, leaderboardsPerDay].map(String),
      ...leaderboards.map(({ expiresAt }) => String(expiresAt)),
      ...plays.flatMap(({ eventId, movieId, atMs, day }) => {
        const place = days.indexOf(day) + 1;
        return [eventId, movieId, String(atMs), forgottenFlag(eventId), String(place)];
      }),
    ],
  };
}

/** The call of `apply-posts.lua`; its parameters are those of `playsCall`. */
export function postsCall(batch: SinkBatch, knownPosition: string): ScriptCall {
  const events = batch.events.filter((event) => event.type === 'post.viewed' || event.type === 'post.deleted');
  return {
    keys: [
      ...[keys.positions(batch.topic), keys.deletedPosts],
      ...events.flatMap(({ id, data: { postId } }) => [keys.postViews(postId), keys.postLikes(postId), seenKey(id)]),
    ],
    args: [
      ...placeOf(batch, knownPosition),
      String(rememberSeconds),
      ...events.flatMap(({ type, id, data: { postId } }) => [
        ...[type === 'post.viewed' ? 'view' : 'deletion', postId, id, forgottenFlag(id)],
      ]),
    ],
  };
}

/** The call of `apply-edges.lua`; its parameters are those of `playsCall`. */
export function edgesCall(batch: SinkBatch, knownPosition: string): ScriptCall {
  const edges = batch.events.flatMap(edgeOf);
  return {
    keys: [...[keys.positions(batch.topic), keys.deletedPosts], ...edges.map(({ set }) => set)],
    args: [
      ...placeOf(batch, knownPosition),
      ...edges.flatMap(({ postId, member, version }) => [postId, member, String(version)]),
    ],
  };
}

const placeOf = ({ partition, firstOffset, nextOffset }: SinkBatch, knownPosition: string) =>
  [partition, firstOffset, nextOffset, knownPosition].map(String);

const forgottenFlag = (eventId: string) => (mayBeForgotten(eventId) ? '1' : '0');

const isPlay = (event: StreamEvent): event is StreamEventOf<'watch.recorded'> =>
  event.type === 'watch.recorded' && event.data.action === 'PLAY';

interface Edge {
  set: string;
  member: string;
  /** Negative where it was taken back. */
  version: number;
  /** The post that is liked; empty where it is no like. */
  postId: string;
}

/** The edge that an event tells of; none where it is of no use here. */
function edgeOf({ type, version, data }: StreamEvent): Edge[] {
  switch (type) {
    case 'like.changed': {
      const { kind, targetId: postId, userId: member, likes } = data;
      if (kind !== 'POST') return [];
      return [{ set: keys.postLikes(postId), member, version: likes ? version : -version, postId }];
    }
    case 'block.changed': {
      const { blockerId, blockedId: member, blocks } = data;
      return [{ set: keys.blocks(blockerId), member, version: blocks ? version : -version, postId: '' }];
    }
    default:
      return [];
  }
}
