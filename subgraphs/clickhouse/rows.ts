import type { StreamEvent, StreamEventOf } from '../../schema/events/index.ts';
import { retentionDays, trendRetentionDays } from './migrations.ts';

/** A row of `movie_watch_events`. */
export const watchRow = ({ id, data }: StreamEventOf<'watch.recorded'>) => ({
  event_id: id,
  movie_id: data.movieId,
  user_id: data.userId,
  action: data.action,
  watched_at: data.watchedAt,
  position_seconds: data.positionSeconds,
  duration_seconds: data.durationSeconds,
  device: data.device,
  quality: data.quality,
});

/** A row of `post_engagement_events`. */
export interface EngagementRow {
  event_id: string;
  post_id: string;
  kind: 'VIEW' | 'LIKE' | 'COMMENT';
  user_id: string;
  /** ISO 8601. */
  happened_at: string;
}

/** What an event tells of what somebody did with a post; nothing where it tells of something else. */
export function engagementRows({ id: event_id, type, data }: StreamEvent): EngagementRow[] {
  switch (type) {
    case 'post.viewed':
      return [{ event_id, post_id: data.postId, kind: 'VIEW', user_id: data.userId, happened_at: data.viewedAt }];
    case 'like.changed': {
      const row = { event_id, post_id: data.targetId, user_id: data.userId, happened_at: data.changedAt };
      return data.kind === 'POST' && data.likes ? [{ ...row, kind: 'LIKE' }] : [];
    }
    case 'comment.added':
      return [{ event_id, post_id: data.postId, kind: 'COMMENT', user_id: data.authorId, happened_at: data.createdAt }];
    default:
      return [];
  }
}

/** A row of `posts`. */
export interface PostRow {
  post_id: string;
  author_id: string;
  is_deleted: 0 | 1;
}

/** What an event tells of a post itself. */
export function postRows({ type, data }: StreamEvent): PostRow[] {
  if (type !== 'post.changed' && type !== 'post.deleted') return [];
  return [{ post_id: data.postId, author_id: data.authorId, is_deleted: type === 'post.deleted' ? 1 : 0 }];
}

/** A row of `post_likes`. */
export interface LikeRow {
  post_id: string;
  user_id: string;
  version: number;
  likes: 0 | 1;
  /** ISO 8601. */
  changed_at: string;
}

/** What an event tells of how a like of a post stands. */
export function likeRows({ type, version, data }: StreamEvent): LikeRow[] {
  if (type !== 'like.changed' || data.kind !== 'POST') return [];
  const { targetId: post_id, userId: user_id, likes, changedAt: changed_at } = data;
  return [{ post_id, user_id, version, likes: likes ? 1 : 0, changed_at }];
}

const dayMs = 24 * 3_600_000;

/**
 * Whether what happened then is still kept. What is not would expire at once; and as partitions are months, a few
 * hundred rows of an import could name more partitions than ClickHouse lets one INSERT have.
 */
export const isKept = (happenedAt: string) => Date.parse(happenedAt) > Date.now() - retentionDays * dayMs;

/** Likewise, for what only the trending score needs. */
export const isKeptForTrending = (happenedAt: string) =>
  Date.parse(happenedAt) > Date.now() - trendRetentionDays * dayMs;

/**
 * From then on everything is certainly there. Whole hours, because the materialized views have no finer ones; a day of
 * margin, because what expires during a check must not count.
 */
export const certainlyKeptSince = () =>
  new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000 - (retentionDays - 1) * dayMs);
