import type { types } from 'cassandra-driver';
import type { CommentFact, Difference, FollowFact, LikeFact, PostFact, Source } from '../../fanout/sink.ts';
import type { Deed } from './deeds.ts';
import { certainlyKeptSince } from './retention.ts';
import type { CassandraStore } from './store.ts';

/**
 * Compares what users did beyond watching. The sources tell of the newest event of each follow, like and post, and of every
 * comment: these rows must be there, and tell the same. Rows of older events must be of a follow, like or post that the
 * sources know. (With a deleted post its comments have gone from the source; they stay here, as what their authors did. That a
 * follow was ended by a block of the other's is told to nobody, so it may be missing where there has been such a block.)
 */
export async function compareDeeds(store: CassandraStore, source: Source): Promise<Difference[]> {
  const since = certainlyKeptSince();
  const { newest, subjects, untold } = await deedsOf(source);
  const found = new Set<string>();
  const differences: Difference[] = [];
  const rows = `SELECT user_id, activity_time, event_id, kind, target_user_id, post_id, movie_id, tag
FROM ${store.keyspace}.social_activity_by_user`;
  for await (const page of store.scan(rows)) {
    for (const row of page) {
      const [eventId, deed] = [String(row.event_id), deedOfRow(row)];
      const [expected, actual] = [newest.get(eventId)?.text, textOf(deed)];
      if (expected !== undefined) found.add(eventId);
      const isRight = expected === undefined ? subjects.has(subjectOf(deed)) : expected === actual;
      if (isRight || row.activity_time < since) continue;
      differences.push({ what: `social activity ${eventId}`, expected: expected ?? 'absent', actual });
    }
  }
  for (const [eventId, { text, keptSince }] of newest) {
    if (found.has(eventId) || untold.has(eventId) || keptSince < since) continue;
    differences.push({ what: `social activity ${eventId}`, expected: text, actual: 'absent' });
  }
  return differences;
}

type ToldDeed = Omit<Deed, 'details' | 'happenedAt'> & { happenedAt: Date };

interface NewestDeed {
  text: string;
  /** It happened then or later. */
  keptSince: Date;
}

/** The newest deeds by the ids of their events, and all that there can be deeds about. */
async function deedsOf(source: Source) {
  const newest = new Map<string, NewestDeed>();
  const subjects = new Set<string>();
  /** The newest events of follows that may have been ended by a block. */
  const untold = new Set<string>();
  const blocked = new Set<string>();
  for await (const blocks of source.blocks()) {
    for (const { blockerId, blockedId } of blocks) blocked.add(`${blockedId}/${blockerId}`);
  }
  const note = (eventId: string, deed: ToldDeed) => {
    newest.set(eventId, { text: textOf(deed), keptSince: deed.happenedAt });
    subjects.add(subjectOf(deed));
  };
  for await (const follows of source.follows()) {
    for (const fact of follows) {
      note(fact.eventId, deedOfFollow(fact));
      const isEnded = !fact.follows && blocked.has(`${fact.followerId}/${fact.followeeId}`);
      if (isEnded) untold.add(fact.eventId);
    }
  }
  for await (const likes of source.likes()) for (const fact of likes) note(fact.eventId, deedOfLike(fact));
  for await (const posts of source.posts()) {
    for (const fact of posts) {
      note(fact.eventId, deedOfPost(fact));
      if (fact.isDeleted) subjects.add(commentOn(fact.id));
    }
  }
  for await (const comments of source.comments()) {
    for (const fact of comments) {
      newest.set(fact.eventId, { text: textOf(deedOfComment(fact)), keptSince: fact.createdAt });
    }
  }
  return { newest, subjects, untold };
}

const noTarget = { targetUserId: null, postId: null, movieId: null, tag: null };

const deedOfFollow = ({ followerId, followeeId, follows, changedAt }: FollowFact): ToldDeed => ({
  ...{ ...noTarget, userId: followerId, targetUserId: followeeId, happenedAt: changedAt },
  kind: follows ? 'FOLLOWED' : 'UNFOLLOWED',
});

const likeTarget = { POST: 'postId', MOVIE: 'movieId', TAG: 'tag' } as const;

const deedOfLike = ({ userId, kind, targetId, likes, changedAt }: LikeFact): ToldDeed => ({
  ...{ ...noTarget, userId, [likeTarget[kind]]: targetId, happenedAt: changedAt },
  kind: likes ? 'LIKED' : 'UNLIKED',
});

/** The source does not tell when a post was edited or deleted: after it was written, at any rate. */
const deedOfPost = ({ id, authorId, movieId, createdAt, isDeleted, version }: PostFact): ToldDeed => ({
  ...{ ...noTarget, userId: authorId, postId: id, movieId, happenedAt: createdAt },
  kind: isDeleted ? 'DELETED' : version === 1 ? 'POSTED' : 'EDITED',
});

const deedOfComment = ({ authorId, postId, createdAt }: CommentFact): ToldDeed => ({
  ...{ ...noTarget, userId: authorId, postId, happenedAt: createdAt, kind: 'COMMENTED' },
});

const deedOfRow = (row: types.Row): ToldDeed => ({
  ...{ userId: row.user_id, kind: row.kind, happenedAt: row.activity_time },
  ...{ targetUserId: row.target_user_id, postId: row.post_id, movieId: row.movie_id, tag: row.tag },
});

/** What can be compared of a deed, in words. */
function textOf({ userId, kind, targetUserId, postId, movieId, tag, happenedAt }: ToldDeed): string {
  const targets = Object.entries({ user: targetUserId, post: postId, movie: movieId, tag });
  const target = targets.flatMap(([name, id]) => (id === null ? [] : [`${name} ${id}`])).join(' about ');
  const time = kind === 'EDITED' || kind === 'DELETED' ? '' : ` at ${happenedAt.toISOString()}`;
  return `user ${userId} ${kind} ${target}${time}`;
}

const commentOn = (postId: string | null) => `comment on ${postId}`;

/** The follow, like or post that a deed is about: what all its events have in common. */
function subjectOf({ userId, kind, targetUserId, postId, movieId, tag }: ToldDeed): string {
  switch (kind) {
    case 'FOLLOWED':
    case 'UNFOLLOWED':
      return JSON.stringify(['follow', userId, targetUserId]);
    case 'LIKED':
    case 'UNLIKED':
      return JSON.stringify(['like', userId, postId, movieId, tag]);
    case 'COMMENTED':
      return commentOn(postId);
    default:
      return JSON.stringify(['post', userId, postId]);
  }
}
