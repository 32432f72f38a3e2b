import { v7 as uuidv7 } from 'uuid';
import type { Statement } from '../../../gateway/seam.ts';
import type { PostDocument } from '../documents.ts';
import { type Companion, type collections, noteOf, type OutboxEntry, writeCompanions } from '../outbox.ts';
import type { MongoStore } from '../store.ts';
import { writeNotes } from './post-event.ts';

/** A document of its own that belongs to a post, and that an event of the post tells of. */
export interface RowOfPost {
  _id: string;
  postId: string;
  eventId: string;
}

export type NewRow<Row extends RowOfPost> = Omit<Row, 'eventId'> & Pick<RowOfPost, '_id' | 'postId'>;

/** What is known of a post that rows are to be appended to. */
export type PostBefore = Pick<PostDocument, '_id' | 'authorId' | 'isDeleted' | 'poll' | 'version'>;

/** How rows of one kind are appended. */
export interface Appending<Row extends RowOfPost> {
  collection: (typeof collections)['comments' | 'votes' | 'reports'];
  /** @throws where the post does not take the row */
  check?(post: PostBefore, row: NewRow<Row>): void;
  /** The event of a row, as it goes into the post's outbox. */
  entryOf(row: Row, parts: { eventId: string; subject: string; version: number; companion: Companion }): OutboxEntry;
  /** What else the rows change of their post, in the same update. */
  changesOf?(post: PostBefore, rows: readonly Row[]): Record<string, unknown>;
}

/**
 * Appends rows to their posts, those of a post in their order, each with its event. A row whose id is taken is not written again.
 *
 * The event goes into the post's outbox first, in one update with the post's version, and carries the row: from there the row
 * counts as written. The row itself follows; where the command dies in between, the relay writes it, before it takes the event
 * out. So no row is there without its event, and no event goes without its row.
 * @returns by id, each row as it was written, now or before, or why it was not: its post is unknown, or deleted
 * @throws what `check` throws
 */
export async function appendRows<Row extends RowOfPost>(
  store: MongoStore,
  kind: Appending<Row>,
  wanted: readonly NewRow<Row>[],
): Promise<Map<string, Row | 'unknown' | 'deleted'>> {
  const answers = new Map<string, Row | 'unknown' | 'deleted'>();
  const withoutRow: Row[] = [];
  // One event for each row, noted once, however often its update has to be tried.
  const eventIds = new Map(wanted.map(({ _id }) => [_id, uuidv7()]));
  const noted = new Set<string>();

  // Each round that leaves something is one in which others' changes of the same posts succeeded.
  for (let rest = wanted; rest.length > 0; rest = rest.filter(({ _id }) => !answers.has(_id))) {
    const { posts, rows } = await readState(store, kind, rest);
    for (const { _id, postId } of rest) {
      const post = posts.get(postId);
      const waiting = post?.waiting.get(_id);
      const answer = !post ? 'unknown' : post.isDeleted ? 'deleted' : (rows.get(_id) ?? waiting);
      if (answer) answers.set(_id, answer);
      if (waiting && answer === waiting) withoutRow.push(waiting);
    }

    const news = rest.filter(({ _id }) => !answers.has(_id));
    for (const row of news) kind.check?.(posts.get(row.postId) as ReadPost<Row>, row);
    const events = news.map((row) => ({ ...row, eventId: eventIds.get(row._id) }) as unknown as Row);
    const appends = [...Map.groupBy(events, ({ postId }) => postId)].map(([postId, some]) =>
      appendTo(posts.get(postId) as ReadPost<Row>, kind, some),
    );
    const unnoted = appends.flatMap(({ entries }) => entries).filter(({ event }) => !noted.has(event.id));
    if (unnoted.length > 0) await writeNotes(store, unnoted.map(noteOf));
    for (const { event } of unnoted) noted.add(event.id);
    if (await updateAll(store, appends)) {
      for (const row of events) answers.set(row._id, row);
      withoutRow.push(...events);
    }
  }

  if (withoutRow.length > 0) {
    const text = `db.${kind.collection}.insertMany(ROWS, { ordered: false })`;
    await store.call({ text, parameters: { ROWS: withoutRow } }, ({ db }) =>
      writeCompanions(
        db,
        withoutRow.map((row) => companionOf(kind, row)),
      ),
    );
  }
  return answers;
}

interface ReadPost<Row> extends PostBefore {
  /** Those of the wanted rows whose events wait in its outbox, by id. */
  waiting: Map<string, Row>;
}

interface State<Row> {
  posts: Map<string, ReadPost<Row>>;
  rows: Map<string, Row>;
}

async function readState<Row extends RowOfPost>(
  store: MongoStore,
  { collection }: Appending<Row>,
  wanted: readonly NewRow<Row>[],
): Promise<State<Row>> {
  const ids = wanted.map(({ _id }) => _id);
  const postIds = [...new Set(wanted.map(({ postId }) => postId))];
  // The rest of the outbox, which grows while Kafka is away, stays where it is.
  const text = `db.posts.aggregate([
  { $match: { _id: { $in: POST_IDS } } },
  { $project: { authorId: 1, isDeleted: 1, poll: 1, version: 1, outbox: {
    $filter: { input: '$outbox', as: 'entry', cond: { $and: [
      { $eq: ['$$entry.companion.collection', '${collection}'] },
      { $in: ['$$entry.companion.insert._id', IDS] } ] } } } } }
])
db.${collection}.find({ _id: { $in: IDS } })`;
  const statement: Statement<State<Row>> = {
    text,
    parameters: { IDS: ids, POST_IDS: postIds },
    isRead: true,
    rowsOf: ({ posts, rows }) => posts.size + rows.size,
  };
  return await store.call(statement, async ({ posts, db }) => {
    const isWanted = {
      $and: [{ $eq: ['$$entry.companion.collection', collection] }, { $in: ['$$entry.companion.insert._id', ids] }],
    };
    const outbox = { $filter: { input: '$outbox', as: 'entry', cond: isWanted } };
    const found = await posts.aggregate<PostBefore & { outbox: OutboxEntry[] }>([
      { $match: { _id: { $in: postIds } } },
      { $project: { authorId: 1, isDeleted: 1, poll: 1, version: 1, outbox } },
    ]);
    // After the posts: a row that has left the outbox by then was there before it left.
    const rows = await db
      .collection<{ _id: string }>(collection)
      .find({ _id: { $in: ids } })
      .toArray();
    return {
      posts: new Map(
        found.map(({ outbox, ...post }): [string, ReadPost<Row>] => [post._id, { ...post, waiting: rowsIn(outbox) }]),
      ),
      rows: new Map(rows.map((row) => [row._id, row as unknown as Row])),
    };
  });
}

const companionOf = <Row extends RowOfPost>({ collection }: Appending<Row>, row: Row): Companion => ({
  collection,
  insert: row as Row & Record<string, unknown>,
});

/** The rows that events carry, by id. */
function rowsIn<Row>(entries: readonly OutboxEntry[]): Map<string, Row> {
  const rows = entries.flatMap(({ companion }) => (companion && 'insert' in companion ? [companion.insert] : []));
  return new Map(rows.map((row) => [row._id, row as unknown as Row]));
}

interface Append {
  post: PostBefore;
  entries: OutboxEntry[];
  changes: Record<string, unknown>;
}

/** The entries that rows add to their post's outbox, each raising the version by one. */
function appendTo<Row extends RowOfPost>(post: PostBefore, kind: Appending<Row>, rows: readonly Row[]): Append {
  const entries = rows.map((row, n) => {
    const { postId: subject, eventId } = row;
    return kind.entryOf(row, { eventId, subject, version: post.version + n + 1, companion: companionOf(kind, row) });
  });
  return { post, entries, changes: kind.changesOf?.(post, rows) ?? {} };
}

/** Does updates that each hold only for the version that was read; tells whether all of them did. */
async function updateAll(store: MongoStore, appends: readonly Append[]): Promise<boolean> {
  if (appends.length === 0) return true;
  const statement = {
    text: `db.posts.bulkWrite(APPENDS.map(({ _id, version, changes, entries }) => ({
  updateOne: {
    filter: { _id, version },
    update: { $set: { ...changes, version: version + entries.length }, $push: { outbox: { $each: entries } } }
  }
})), { ordered: false })`,
    parameters: {
      APPENDS: appends.map(({ post: { _id, version }, changes, entries }) => ({ _id, version, changes, entries })),
    },
    rowsOf: () => appends.length,
  };
  const { matchedCount } = await store.call(
    statement,
    async ({ posts }) =>
      await posts.bulkWrite(
        appends.map(({ post: { _id, version }, changes, entries }) => ({
          updateOne: {
            filter: { _id, version },
            update: { $set: { ...changes, version: version + entries.length }, $push: { outbox: { $each: entries } } },
          },
        })),
        { ordered: false },
      ),
  );
  return matchedCount === appends.length;
}
