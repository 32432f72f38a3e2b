import type { StreamEvent, StreamEventOf } from '../../schema/events/index.ts';
import { retentionDays } from './migrations.ts';

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

const dayMs = 24 * 3_600_000;

/**
 * Whether what happened then is still kept. What is not would expire at once; and as partitions are months, a few
 * hundred rows of an import could name more partitions than ClickHouse lets one INSERT have.
 */
export const isKept = (happenedAt: string) => Date.parse(happenedAt) > Date.now() - retentionDays * dayMs;

/**
 * From then on everything is certainly there. Whole hours, because the materialized views have no finer ones; a day of
 * margin, because what expires during a check must not count.
 */
export const certainlyKeptSince = () =>
  new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000 - (retentionDays - 1) * dayMs);
