import { concurrently } from '../../gateway/batches.ts';
import type { Page, Place } from '../../gateway/connection.ts';
import type { CommentDocument, PostDocument } from './documents.ts';
import { aggregateAll, findEach } from './pages-in-shell.ts';
import type { MongoStore } from './store.ts';

/** Lists of documents, one for each value of a field, in the order of time. */
export interface Lists {
  collection: 'posts' | 'comments';
  /** What they are listed by. */
  field: 'movieId' | 'authorId' | 'postId';
  /** What else must hold. */
  filter: Record<string, unknown>;
  /** -1: newest first; 1: oldest first. */
  direction: 1 | -1;
}

export interface PageKey {
  /** The field's value. */
  value: string;
  page: Page;
  /** The authors whose documents are left out. */
  hidden: readonly string[];
}

type Listed = PostDocument | CommentDocument;

/**
 * Pages of lists, in the order of keys; each holds one document more than its page, where there is one. Keys that want the same
 * page of different lists are one call: of posts one statement, and of comments, of which one post may have very many, a bounded
 * one for each.
 */
export async function pagesOf(store: MongoStore, lists: Lists, keys: readonly PageKey[]): Promise<Listed[][]> {
  const samePage = Map.groupBy(keys, ({ page, hidden }) => JSON.stringify([page, hidden]));
  const found = new Map<PageKey, Listed[]>();
  await Promise.all(
    [...samePage.values()].map(async (group) => {
      const isLong = lists.collection === 'comments';
      const pages = await (isLong || group.length === 1 ? eachAlone : allAtOnce)(store, lists, group);
      for (const [n, key] of group.entries()) found.set(key, pages[n] ?? []);
    }),
  );
  return keys.map((key) => found.get(key) ?? []);
}

const sortOf = ({ direction }: Lists) => ({ createdAt: direction, _id: direction });

/** So many lists are asked for at the same time; others want connections, too. */
const findsAtOnce = 8;

/** What the documents of a page have in common. The hidden are left out here and not of the answer: a page stays full. */
function conditions({ field, filter, direction }: Lists, { page, hidden }: PageKey, among: object) {
  const nin = { $nin: hidden };
  return {
    [field]: among,
    ...filter,
    ...(hidden.length > 0 && { authorId: field === 'authorId' ? { ...among, ...nin } : nin }),
    ...(page.after && placesBehind(page.after, direction)),
  };
}

/**
 * The same page of several lists, a statement for each. With the index each reads the documents of its page and no other,
 * however long the list is.
 */
async function eachAlone(store: MongoStore, lists: Lists, keys: readonly PageKey[]): Promise<Listed[][]> {
  const { collection } = lists;
  const [{ page }] = keys as [PageKey];
  const options = { projection: { outbox: 0 }, sort: sortOf(lists), limit: page.first + 1 };
  return await store.call(findEach<Listed>(lists, keys), async ({ db }) => {
    const pages: Listed[][] = [];
    await concurrently(findsAtOnce, keys.entries(), async ([n, key]) => {
      const where: object = conditions(lists, key, { $eq: key.value });
      pages[n] = await db.collection<Listed>(collection).find(where, options).toArray();
    });
    return pages;
  });
}

/**
 * The same page of several lists, in one statement: $group collects the ids of each list, in order, $slice keeps the first
 * ones, and only their documents are fetched. All that comes before $lookup is in the index; but unlike a find with a limit
 * it reads the index to the lists' ends, and holds all of their ids.
 */
async function allAtOnce(store: MongoStore, lists: Lists, keys: readonly PageKey[]): Promise<Listed[][]> {
  const { collection, field } = lists;
  const [key] = keys as [PageKey];
  const values = keys.map(({ value }) => value);
  const pipeline = [
    { $match: conditions(lists, key, { $in: values }) },
    { $sort: sortOf(lists) },
    { $group: { _id: `$${field}`, ids: { $push: '$_id' } } },
    { $project: { ids: { $slice: ['$ids', key.page.first + 1] } } },
    { $lookup: { from: collection, localField: 'ids', foreignField: '_id', as: 'documents' } },
    { $project: { 'documents.outbox': 0 } },
  ];
  const groups = await store.call(
    aggregateAll<Group>(lists, keys),
    async ({ db }) => await db.collection(collection).aggregate<Group>(pipeline).toArray(),
  );
  const byValue = new Map(groups.map(({ _id, documents }) => [_id, documents]));
  // $lookup promises no order.
  return values.map((value) => (byValue.get(value) ?? []).sort(inOrderOf(lists)));
}

interface Group {
  _id: string;
  documents: Listed[];
}

/**
 * What stands behind a place: a later time, or the same and a greater id; the other way round where newest come first. The
 * first condition is implied by the second; it is the one that the index can begin at.
 */
function placesBehind({ time, id }: Place, direction: Lists['direction']) {
  const [from, beyond] = direction === 1 ? ['$gte', '$gt'] : ['$lte', '$lt'];
  const createdAt = new Date(time);
  return {
    createdAt: { [from]: createdAt },
    $or: [{ createdAt: { [beyond]: createdAt } }, { createdAt, _id: { [beyond]: id } }],
  };
}

function inOrderOf({ direction }: Lists) {
  return (a: Listed, b: Listed) =>
    direction * (a.createdAt.getTime() - b.createdAt.getTime() || (a._id < b._id ? -1 : Number(a._id > b._id)));
}
