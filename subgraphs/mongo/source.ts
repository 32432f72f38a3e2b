import type { AggregateFact, CommentFact, PostFact, Source } from '../../fanout/sink.ts';
import type { CommentDocument, PostDocument } from './documents.ts';
import type { MongoStore } from './store.ts';

const documentsPerChunk = 1_000;

/** Everything that derived stores must show of posts and comments, read in chunks by _id. */
export function mongoSource(store: MongoStore): Pick<Source, 'posts' | 'comments' | 'aggregates'> {
  return {
    async *posts() {
      for await (const posts of chunksOf<PostDocument>(store, 'posts')) yield posts.map(postFact);
    },
    async *comments() {
      for await (const comments of chunksOf<CommentDocument>(store, 'comments')) {
        const deleted = await deletedAmong(store, new Set(comments.map(({ postId }) => postId)));
        yield comments.filter(({ postId }) => !deleted.has(postId)).map(commentFact);
      }
    },
    async *aggregates() {
      for await (const posts of chunksOf<PostDocument>(store, 'posts')) yield posts.map(aggregateFact);
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

const aggregateFact = ({ _id, isDeleted, change }: PostDocument): AggregateFact => ({
  type: isDeleted ? 'post.deleted' : 'post.changed',
  id: _id,
  ...change,
});

/** The deletion of a post and that of its comments are two writes: those in between, or left behind, do not count. */
async function deletedAmong(store: MongoStore, postIds: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const ids = [...postIds];
  const posts = await store.call(
    { text: 'db.posts.find({ _id: { $in: IDS } }, { isDeleted: 1 })', parameters: { IDS: ids }, isRead: true },
    async ({ posts }) => await posts.find({ _id: { $in: ids } }, { isDeleted: 1 }).lean(),
  );
  return new Set(posts.filter(({ isDeleted }) => isDeleted).map(({ _id }) => _id));
}

/** Chunk after chunk, each begun behind the last document of the one before. */
async function* chunksOf<T extends { _id: string }>(store: MongoStore, collection: 'posts' | 'comments') {
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
