import { createContext, runInContext } from 'node:vm';
import type { mongo as driver } from 'mongoose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from '../../gateway/connection.ts';
import type { StoreCall } from '../../gateway/seam.ts';
import { endedCalls } from '../../gateway/testing.ts';
import {
  addComment,
  createPost,
  deletePost,
  editPost,
  importComments,
  importPosts,
  type WrittenPost,
} from './commands.ts';
import { commentsByPost, discussions, eventsById, postsByAuthor, postsById } from './queries.ts';
import { inMongosh } from './shell.ts';
import { mongoSource } from './source.ts';
import { comment, newId, openTestDatabase, openTestMongo, post, type TestDatabase, type TestMongo } from './testing.ts';

let room: TestMongo;
beforeAll(async () => {
  room = await openTestMongo();
});
afterAll(() => room[Symbol.asyncDispose]());

/** Text with all that a shell could take for its own. */
const awkward = 'it\'s "a" \\ \\n `IDS` IDS $in */ // \nnext line; 映画';

/** What mongosh knows of a collection, on the driver's. */
const shellCollection = (collection: driver.Collection) => ({
  find: (filter: object, projection?: object) => collection.find(filter, { projection }),
  findOne: (filter: object, projection?: object) => collection.findOne(filter, { projection }),
  aggregate: (pipeline: object[]) => collection.aggregate(pipeline),
  ...(Object.fromEntries(
    ['insertOne', 'insertMany', 'findOneAndUpdate', 'bulkWrite', 'deleteMany'].map((name) => [
      name,
      (...args: unknown[]) => (collection[name as 'insertOne'] as (...args: unknown[]) => unknown)(...args),
    ]),
  ) as object),
});

/** Runs a text as mongosh does: as JavaScript that knows `db` and `ISODate`, and shows what cursors give. */
async function paste(text: string, { db }: TestDatabase): Promise<unknown[]> {
  const shellDb = new Proxy({}, { get: (_, name) => shellCollection(db.collection(String(name))) });
  const context = createContext({ db: shellDb, ISODate: (iso: string) => new Date(iso) });
  const shown = async (value: unknown): Promise<unknown> => {
    if (Array.isArray(value)) return await Promise.all(value.map(shown));
    const cursor = value as { toArray?(): Promise<unknown> };
    return await (cursor?.toArray ? cursor.toArray() : value);
  };
  const answers: unknown[] = [];
  for (const statement of statementsOf(text)) answers.push(await shown(runInContext(statement, context)));
  return answers;
}

const pasted = ({ statement, parameters }: StoreCall) => inMongosh(statement, parameters);

test('what a query asks gives the same when it is pasted into mongosh', async () => {
  const { store } = room;
  const [movieId, authorId] = [newId('m'), newId('u')];
  const written: WrittenPost[] = [];
  for (const title of ['First', awkward, 'Third'])
    written.push(await createPost(store, post(authorId, { title, movieId })));
  const ids = written.map(({ post: { id } }) => id);
  const [first, second, third] = ids as [string, string, string];
  for (const body of ['a', awkward, 'c']) await addComment(store, comment('u1', first, { body }));
  await addComment(store, comment('u1', second));
  await deletePost(store, { authorId, postId: third });
  const page: Page = { first: 1, after: null };
  const [[newest] = []] = await discussions(store, [{ id: movieId, page }]);
  const after: Page = { first: 2, after: { time: newest?.createdAt.getTime() ?? 0, id: newest?.id ?? '' } };

  const calls = await endedCalls(async () => {
    await postsById(store, [...ids, awkward]);
    await discussions(store, [{ id: movieId, page }]);
    await discussions(store, [{ id: movieId, page: after }]);
    await postsByAuthor(
      store,
      [authorId, awkward].map((id) => ({ id, page: after })),
    );
    await commentsByPost(store, [{ id: first, page: { first: 2, after: null } }]);
    await commentsByPost(
      store,
      [first, second].map((id) => ({ id, page })),
    );
    await eventsById(
      store,
      written.map(({ eventId }) => eventId),
    );
    for await (const _ of mongoSource(store).comments()) break;
  });
  expect(calls).toHaveLength(9);
  for (const call of calls) {
    expect(await paste(pasted(call), room)).toEqual(answersOf(call));
    for (const id of [...ids, movieId, authorId]) expect(call.statement).not.toContain(id);
  }
  expect(calls.map(({ result, rowsOf }) => rowsOf?.(result) ?? (result as []).length)).toEqual([
    3, 2, 1, 1, 3, 3, 3, 4, 2,
  ]);
});

const statementsOf = (text: string) => text.split(/\n(?=db\.)/);

/** What a call answers, statement by statement: that of a single list is a list with one page. */
function answersOf({ statement, result }: StoreCall): unknown[] {
  const isPage = /^db\.\w+\.find\(.*\.limit\(LIMIT\)$/.test(statement);
  return isPage || statementsOf(statement).length > 1 ? (result as unknown[]) : [result];
}

test('what a command writes is written by what is pasted', async () => {
  await using other = await openTestDatabase();
  const [authorId, importedId] = [newId('u'), newId('p')];
  const calls = await endedCalls(async () => {
    const { post: first } = await createPost(room.store, post(authorId, { title: awkward }));
    await editPost(room.store, { authorId, postId: first.id, body: awkward, tags: ['a'] });
    await addComment(room.store, comment(authorId, first.id, { body: awkward }));
    const { post: second } = await createPost(room.store, post(authorId));
    await addComment(room.store, comment(authorId, second.id));
    await deletePost(room.store, { authorId, postId: second.id });
    const createdAt = new Date(1_767_000_000_000);
    const parts = { id: importedId, authorId, movieId: null, title: awkward, body: 'Body', createdAt };
    await importPosts(room.store, [parts]);
    await importComments(
      room.store,
      [1, 2].map((n) => ({ id: newId('c'), postId: importedId, authorId, body: `${n}`, createdAt })),
    );
  });
  for (const call of calls) await paste(pasted(call), other);
  const contentOf = async ({ db }: TestDatabase) => ({
    posts: await db.collection('posts').find({ authorId }).sort({ _id: 1 }).toArray(),
    comments: await db.collection('comments').find({ authorId }).sort({ _id: 1 }).toArray(),
    notes: await db.collection('outbox_pending').find({ actorId: authorId }).sort({ _id: 1 }).toArray(),
  });
  const expected = await contentOf(room);
  expect([expected.posts.length, expected.comments.length]).toEqual([3, 3]);
  expect(await contentOf(other)).toEqual(expected);
});
