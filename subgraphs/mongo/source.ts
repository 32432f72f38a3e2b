import type {
  AggregateFact,
  CommentFact,
  PostFact,
  ProfileFact,
  ReportFact,
  Source,
  VoteFact,
} from '../../fanout/sink.ts';
import type { CommentDocument, PostDocument, ProfileDocument, ReportDocument, VoteDocument } from './documents.ts';
import { collections } from './outbox.ts';
import type { MongoStore } from './store.ts';

const documentsPerChunk = 1_000;

/** What this room is the source of. */
type MongoSource = Pick<Source, 'posts' | 'comments' | 'votes' | 'reports' | 'profiles' | 'aggregates'>;

/** Everything that derived stores must show of what this room keeps, read in chunks by _id. */
export function mongoSource(store: MongoStore): MongoSource {
  const posts = () => chunksOf<PostDocument>(store, collections.posts);
  const profiles = () => chunksOf<ProfileDocument>(store, collections.profiles);
  return {
    async *posts() {
      for await (const some of posts()) yield some.map(postFact);
    },
    async *comments() {
      for await (const comments of standing(store, chunksOf<CommentDocument>(store, collections.comments))) {
        yield comments.map(commentFact);
      }
    },
    async *votes() {
      for await (const votes of standing(store, chunksOf<VoteDocument>(store, collections.votes))) {
        yield votes.map(voteFact);
      }
    },
    async *reports() {
      for await (const reports of chunksOf<ReportDocument>(store, collections.reports)) yield reports.map(reportFact);
    },
    async *profiles() {
      for await (const some of profiles()) yield some.map(profileFact);
    },
    async *aggregates() {
      for await (const some of posts()) yield some.map(aggregateFact);
      for await (const some of profiles()) {
        yield some.map(
          ({ _id, version, eventId }): AggregateFact => ({ type: 'profile.changed', id: _id, version, eventId }),
        );
      }
    },
  };
}

const postFact = ({ _id, change, ...post }: PostDocument): PostFact => {
  const { authorId, movieId, title, body, tags, createdAt, isDeleted } = post;
  return { id: _id, authorId, movieId, title, body, tags, createdAt, isDeleted, ...change };
};

const commentFact = ({ _id, postId, authorId, createdAt, eventId }: CommentDocument): CommentFact => ({
  ...{ id: _id, postId, authorId, createdAt, eventId },
});

const voteFact = ({ postId, userId, option, votedAt, eventId }: VoteDocument): VoteFact => ({
  ...{ postId, userId, option, votedAt, eventId },
});

const reportFact = ({ postId, reportedAt, eventId }: ReportDocument): ReportFact => ({ postId, reportedAt, eventId });

const profileFact = ({ _id, interests, version, eventId }: ProfileDocument): ProfileFact => ({
  ...{ userId: _id, interests, version, eventId },
});

const aggregateFact = ({ _id, isDeleted, change }: PostDocument): AggregateFact => ({
  type: isDeleted ? 'post.deleted' : 'post.changed',
  id: _id,
  ...change,
});

/** The deletion of a post and that of its rows are two writes: those in between, or left behind, do not count. */
async function* standing<Row extends { postId: string }>(store: MongoStore, chunks: AsyncIterable<Row[]>) {
  for await (const rows of chunks) {
    const deleted = await deletedAmong(store, new Set(rows.map(({ postId }) => postId)));
    yield rows.filter(({ postId }) => !deleted.has(postId));
  }
}

async function deletedAmong(store: MongoStore, postIds: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const ids = [...postIds];
  const posts = await store.call(
    { text: 'db.posts.find({ _id: { $in: IDS } }, { isDeleted: 1 })', parameters: { IDS: ids }, isRead: true },
    async ({ posts }) => await posts.find({ _id: { $in: ids } }, { isDeleted: 1 }).lean(),
  );
  return new Set(posts.filter(({ isDeleted }) => isDeleted).map(({ _id }) => _id));
}

/** Chunk after chunk, each begun behind the last document of the one before. */
async function* chunksOf<T extends { _id: string }>(store: MongoStore, collection: string) {
  const text = `db.${collection}.find({ _id: { $gt: LAST } }, { outbox: 0 }).sort({ _id: 1 }).limit(${documentsPerChunk})`;
  for (let last = ''; ; ) {
    const chunk = await store.call(
      { text, parameters: { LAST: last }, isRead: true },
      async ({ db }) =>
        await db
          .collection<T & { _id: string }>(collection)
          .find({ _id: { $gt: last } } as object, {
            sort: { _id: 1 },
            limit: documentsPerChunk,
            projection: { outbox: 0 },
          })
          .toArray(),
    );
    const end = chunk.at(-1);
    if (!end) return;
    yield chunk as unknown as T[];
    last = end._id;
  }
}
