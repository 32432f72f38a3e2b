import { v7 as uuidv7 } from 'uuid';
import type { Statement } from '../../../gateway/seam.ts';
import type { CommentDocument, PostDocument } from '../documents.ts';
import { collections, entryOf, noteOf, type OutboxEntry, writeCompanions } from '../outbox.ts';
import type { MongoStore } from '../store.ts';
import { writeNotes } from './post-event.ts';

export type NewComment = Omit<CommentDocument, 'eventId'>;

/**
 * Appends comments to their posts, those of a post in their order, each with its event `comment.added`. A comment whose id is
 * taken is not written again.
 *
 * The event goes into the post's outbox first, in one update with the post's version, and carries the comment's document: from
 * there the comment counts as written. Its row in `comments` follows; where the command dies in between, the relay writes the
 * row, before it takes the event out. So no row is there without its event, and no event goes without its row.
 * @returns by id, each comment as it was written, now or before, or why it was not: its post is unknown, or deleted
 */
export async function appendComments(
  store: MongoStore,
  comments: readonly NewComment[],
): Promise<Map<string, CommentDocument | 'unknown' | 'deleted'>> {
  const answers = new Map<string, CommentDocument | 'unknown' | 'deleted'>();
  const withoutRow: CommentDocument[] = [];
  // One event for each comment, noted once, however often its update has to be tried.
  const eventIds = new Map(comments.map(({ _id }) => [_id, uuidv7()]));
  const noted = new Set<string>();

  // Each round that leaves something is one in which others' changes of the same posts succeeded.
  for (let rest = comments; rest.length > 0; rest = rest.filter(({ _id }) => !answers.has(_id))) {
    const { posts, rows } = await readState(store, rest);
    for (const { _id, postId } of rest) {
      const post = posts.get(postId);
      const waiting = post?.waiting.get(_id);
      const answer = !post ? 'unknown' : post.isDeleted ? 'deleted' : (rows.get(_id) ?? waiting);
      if (answer) answers.set(_id, answer);
      if (waiting && answer === waiting) withoutRow.push(waiting);
    }

    const news = rest
      .filter(({ _id }) => !answers.has(_id))
      .map((comment): CommentDocument => ({ ...comment, eventId: eventIds.get(comment._id) as string }));
    const appends = [...Map.groupBy(news, ({ postId }) => postId)].map(([postId, some]) =>
      appendTo(posts.get(postId) as ReadPost, some),
    );
    const unnoted = appends.flatMap(({ entries }) => entries).filter(({ event }) => !noted.has(event.id));
    if (unnoted.length > 0) await writeNotes(store, unnoted.map(noteOf));
    for (const { event } of unnoted) noted.add(event.id);
    if (await updateAll(store, appends)) {
      for (const comment of news) answers.set(comment._id, comment);
      withoutRow.push(...news);
    }
  }

  if (withoutRow.length > 0) {
    const text = 'db.comments.insertMany(COMMENTS, { ordered: false })';
    await store.call({ text, parameters: { COMMENTS: withoutRow } }, ({ db }) =>
      writeCompanions(db, withoutRow.map(rowOf)),
    );
  }
  return answers;
}

interface ReadPost extends Pick<PostDocument, '_id' | 'isDeleted' | 'version'> {
  /** Those of the wanted comments whose events wait in its outbox, by id. */
  waiting: Map<string, CommentDocument>;
}

interface State {
  posts: Map<string, ReadPost>;
  rows: Map<string, CommentDocument>;
}

async function readState(store: MongoStore, wanted: readonly NewComment[]): Promise<State> {
  const ids = wanted.map(({ _id }) => _id);
  const postIds = [...new Set(wanted.map(({ postId }) => postId))];
  // The rest of the outbox, which grows while Kafka is away, stays where it is.
  const text = `db.posts.aggregate([
  { $match: { _id: { $in: POST_IDS } } },
  { $project: { isDeleted: 1, version: 1, outbox: {
    $filter: { input: '$outbox', as: 'entry', cond: { $in: ['$$entry.companion.insert._id', IDS] } } } } }
])
db.comments.find({ _id: { $in: IDS } })`;
  const statement: Statement<State> = {
    text,
    parameters: { IDS: ids, POST_IDS: postIds },
    isRead: true,
    rowsOf: ({ posts, rows }) => posts.size + rows.size,
  };
  return await store.call(statement, async ({ posts, comments }) => {
    const outbox = {
      $filter: { input: '$outbox', as: 'entry', cond: { $in: ['$$entry.companion.insert._id', ids] } },
    };
    const found = await posts.aggregate<Omit<ReadPost, 'waiting'> & { outbox: OutboxEntry[] }>([
      { $match: { _id: { $in: postIds } } },
      { $project: { isDeleted: 1, version: 1, outbox } },
    ]);
    // After the posts: a comment that has left the outbox by then had its row before it left.
    const rows = await comments.find({ _id: { $in: ids } }).lean();
    return {
      posts: new Map(
        found.map(({ outbox, ...post }): [string, ReadPost] => [post._id, { ...post, waiting: commentsOf(outbox) }]),
      ),
      rows: new Map(rows.map((row): [string, CommentDocument] => [row._id, row])),
    };
  });
}

const rowOf = (comment: CommentDocument) => ({ collection: collections.comments, insert: { ...comment } });

/** The comments that events carry, by id. */
function commentsOf(entries: readonly OutboxEntry[]): Map<string, CommentDocument> {
  const rows = entries.flatMap(({ companion }) => (companion && 'insert' in companion ? [companion.insert] : []));
  return new Map(rows.map((row) => [row._id, row as unknown as CommentDocument]));
}

interface Append {
  post: ReadPost;
  entries: OutboxEntry[];
}

/** The entries that comments add to their post's outbox, each raising the version by one. */
function appendTo(post: ReadPost, comments: readonly CommentDocument[]): Append {
  const entries = comments.map((comment, n) => {
    const { _id: commentId, postId, authorId, body, createdAt, eventId } = comment;
    return entryOf('comment.added', {
      ...{ eventId, subject: postId, version: post.version + n + 1, actor: authorId, companion: rowOf(comment) },
      data: { commentId, postId, authorId, body, createdAt: createdAt.toISOString() },
    });
  });
  return { post, entries };
}

/** Does updates that each hold only for the version that was read; tells whether all of them did. */
async function updateAll(store: MongoStore, appends: readonly Append[]): Promise<boolean> {
  if (appends.length === 0) return true;
  const statement = {
    text: `db.posts.bulkWrite(APPENDS.map(({ _id, version, entries }) => ({
  updateOne: {
    filter: { _id, version },
    update: { $set: { version: version + entries.length }, $push: { outbox: { $each: entries } } }
  }
})), { ordered: false })`,
    parameters: { APPENDS: appends.map(({ post: { _id, version }, entries }) => ({ _id, version, entries })) },
    rowsOf: () => appends.length,
  };
  const { matchedCount } = await store.call(
    statement,
    async ({ posts }) =>
      await posts.bulkWrite(
        appends.map(({ post: { _id, version }, entries }) => ({
          updateOne: {
            filter: { _id, version },
            update: { $set: { version: version + entries.length }, $push: { outbox: { $each: entries } } },
          },
        })),
        { ordered: false },
      ),
  );
  return matchedCount === appends.length;
}
