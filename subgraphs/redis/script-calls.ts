import type { SinkBatch } from '../../fanout/sink.ts';
import type { StreamEvent, StreamEventOf } from '../../schema/events/index.ts';
import { keys, trendingHalfLifeMs } from './keys.ts';
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
  const plays = batch.events.filter(isPlay);
  return {
    keys: [
      ...[keys.positions(batch.topic), keys.leaderboard, keys.trending, keys.trendingLandmark],
      ...plays.flatMap(({ id, data }) => [keys.views(data.movieId), seenKey(id)]),
    ],
    args: [
      ...placeOf(batch, knownPosition),
      ...[trendingHalfLifeMs, maxHalfLives, rememberSeconds].map(String),
      ...plays.flatMap((play) => [play.id, play.data.movieId, String(watchedAtMs(play)), forgottenFlag(play.id)]),
    ],
  };
}

/** The call of `apply-posts.lua`; its parameters are those of `playsCall`. */
export function postsCall(batch: SinkBatch, knownPosition: string): ScriptCall {
  const entries = batch.events.flatMap(postEntry);
  return {
    keys: [
      ...[keys.positions(batch.topic), keys.deletedPosts],
      ...entries.flatMap(({ eventId, postId }) => [keys.postViews(postId), keys.postLikes(postId), seenKey(eventId)]),
    ],
    args: [
      ...placeOf(batch, knownPosition),
      String(rememberSeconds),
      ...entries.flatMap(({ kind, postId, who, detail }) => [kind, postId, who, detail]),
    ],
  };
}

const placeOf = ({ partition, firstOffset, nextOffset }: SinkBatch, knownPosition: string) =>
  [partition, firstOffset, nextOffset, knownPosition].map(String);

const forgottenFlag = (eventId: string) => (mayBeForgotten(eventId) ? '1' : '0');

type Play = StreamEventOf<'watch.recorded'>;

const isPlay = (event: StreamEvent): event is Play => event.type === 'watch.recorded' && event.data.action === 'PLAY';

/** When it was watched, but not after it was recorded: one wrong clock must not outweigh everybody else's views. */
const watchedAtMs = ({ time, data }: Play) => Math.min(Date.parse(data.watchedAt), Date.parse(time));

interface PostEntry {
  kind: 'view' | 'like' | 'deletion';
  eventId: string;
  postId: string;
  who: string;
  detail: string;
}

/** What the script has to know of an event; nothing where it tells of no post. */
function postEntry({ id: eventId, type, version, data }: StreamEvent): PostEntry[] {
  switch (type) {
    case 'post.viewed':
      return [{ kind: 'view', eventId, postId: data.postId, who: eventId, detail: forgottenFlag(eventId) }];
    case 'like.changed': {
      const { kind, targetId: postId, userId: who, likes } = data;
      return kind === 'POST'
        ? [{ kind: 'like', eventId, postId, who, detail: String(likes ? version : -version) }]
        : [];
    }
    case 'post.deleted':
      return [{ kind: 'deletion', eventId, postId: data.postId, who: '', detail: '' }];
    default:
      return [];
  }
}
