import type { StreamEvent } from '../../schema/events/index.ts';

/** One thing that somebody did beyond watching. */
export interface Deed {
  userId: string;
  /** ISO 8601. */
  happenedAt: string;
  kind: 'FOLLOWED' | 'UNFOLLOWED' | 'LIKED' | 'UNLIKED' | 'POSTED' | 'EDITED' | 'DELETED' | 'COMMENTED';
  targetUserId: string | null;
  postId: string | null;
  movieId: string | null;
  tag: string | null;
  /** A post's title, the beginning of a comment. */
  details: string | null;
}

const longestDetails = 100;
const nothing = { targetUserId: null, postId: null, movieId: null, tag: null, details: null };

/** What an event tells of what its actor did; undefined where that is not kept here. */
export function deedOf({ type, data }: StreamEvent): Deed | undefined {
  switch (type) {
    case 'follow.changed':
      // One that a block has ended is not the follower's own doing, and nothing that they are told.
      if (data.endedBy !== undefined) return undefined;
      return {
        ...{ ...nothing, userId: data.followerId, targetUserId: data.followeeId, happenedAt: data.changedAt },
        kind: data.follows ? 'FOLLOWED' : 'UNFOLLOWED',
      };
    case 'like.changed': {
      const target = { POST: 'postId', MOVIE: 'movieId', TAG: 'tag' } as const;
      return {
        ...{ ...nothing, userId: data.userId, happenedAt: data.changedAt, [target[data.kind]]: data.targetId },
        kind: data.likes ? 'LIKED' : 'UNLIKED',
      };
    }
    case 'post.changed':
      return {
        ...{ ...nothing, userId: data.authorId, postId: data.postId, movieId: data.movieId },
        ...{ details: beginning(data.title), happenedAt: data.editedAt ?? data.createdAt },
        kind: data.editedAt === null ? 'POSTED' : 'EDITED',
      };
    case 'post.deleted':
      return {
        ...{ ...nothing, userId: data.authorId, postId: data.postId, movieId: data.movieId },
        ...{ happenedAt: data.deletedAt, kind: 'DELETED' },
      };
    case 'comment.added':
      return {
        ...{ ...nothing, userId: data.authorId, postId: data.postId },
        ...{ details: beginning(data.body), happenedAt: data.createdAt, kind: 'COMMENTED' },
      };
    default:
      return undefined;
  }
}

/** By characters, not by halves of a surrogate pair. */
const beginning = (text: string) => [...text].slice(0, longestDetails).join('');
