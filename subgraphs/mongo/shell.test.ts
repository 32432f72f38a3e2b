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
  importProfiles,
  reportPost,
  updateProfile,
  voteId,
  votePoll,
  type WrittenPost,
} from './commands.ts';
import {
  commentsByPost,
  discussions,
  eventsById,
  isWithoutPosts,
  postsByAuthor,
  postsById,
  profilesByUser,
  usedUploads,
  votesById,
} from './queries.ts';
import { inMongosh } from './shell.ts';
import { mongoSource } from './source.ts';
import {
  comment,
  newId,
  newUploadId,
  openTestDatabase,
  openTestMongo,
  pollPost,
  post,
  type TestDatabase,
  type TestMongo,
  theseUploads,
} from './testing.ts';

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

test('what leaves out whom the viewer blocks gives the same when it is pasted', async () => {
  const { store } = room;
  const [movieId, authorId, blocked] = [newId('m'), newId('u'), newId('u')];
  const createdAt = new Date(1_767_000_000_000);
  const posts = [authorId, blocked, authorId].map((by) => ({
    ...{ id: newId('p'), authorId: by, movieId, title: awkward, body: 'Body', createdAt },
  }));
  await importPosts(store, posts);
  const [{ id: postId }] = posts as [(typeof posts)[0]];
  for (const by of [authorId, blocked]) await addComment(store, comment(by, postId));
  const place = { page: { first: 5, after: { time: 1_768_000_000_000, id: 'p' } }, hidden: [blocked, awkward] };
  const calls = await endedCalls(async () => {
    await discussions(store, [{ id: movieId, ...place }]);
    await discussions(
      store,
      [movieId, newId('m')].map((id) => ({ id, ...place })),
    );
    await postsByAuthor(store, [{ id: blocked, ...place }]);
    await postsByAuthor(
      store,
      [authorId, blocked].map((id) => ({ id, ...place })),
    );
    const oldest = { page: { first: 5, after: null }, hidden: place.hidden };
    await commentsByPost(store, [{ id: postId, ...oldest }]);
    await commentsByPost(
      store,
      [postId, newId('p')].map((id) => ({ id, ...oldest })),
    );
  });
  for (const call of calls) {
    expect(await paste(pasted(call), room)).toEqual(answersOf(call));
    expect(call.statement).not.toContain(blocked);
  }
  expect(calls.map(({ result, rowsOf }) => rowsOf?.(result))).toEqual([2, 2, 0, 2, 1, 1]);
});

test('what votes, profiles and uploads are asked for gives the same when it is pasted', async () => {
  const { store } = room;
  const authorId = newId('u');
  const id = newUploadId(authorId);
  const input = pollPost(authorId, { options: ['A', awkward] });
  const attachments = [{ type: 'IMAGE' as const, uploadId: id }];
  const { post: asking } = await createPost(store, { ...input, attachments }, theseUploads({ id, ownerId: authorId }));
  await votePoll(store, { userId: authorId, postId: asking.id, option: 1 });
  await updateProfile(store, { userId: authorId, bio: awkward });
  let found: unknown[] = [];
  const calls = await endedCalls(async () => {
    found = [
      await votesById(store, [voteId(asking.id, authorId), awkward]),
      await profilesByUser(store, [authorId, awkward]),
      await usedUploads(store, [id, newUploadId(authorId)]),
      await isWithoutPosts(store),
    ];
  });
  expect(found).toMatchObject([[1, null], [{ bio: awkward }, null], new Set([id]), false]);
  for (const call of calls) expect(await paste(pasted(call), room)).toEqual(answersOf(call));
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
    const { post: asking } = await createPost(room.store, pollPost(authorId, { options: ['A', awkward] }));
    await votePoll(room.store, { userId: authorId, postId: asking.id, option: 1 });
    await reportPost(room.store, { reporterId: newId('u'), postId: asking.id, reason: 'OTHER', details: awkward });
    await updateProfile(room.store, { userId: authorId, bio: awkward });
    await updateProfile(room.store, { userId: authorId, interests: [awkward] });
    const createdAt = new Date(1_767_000_000_000);
    const parts = { id: importedId, authorId, movieId: null, title: awkward, body: 'Body', createdAt };
    await importPosts(room.store, [parts]);
    await importProfiles(room.store, [{ userId: importedId, bio: awkward, links: [], interests: [] }]);
    await importComments(
      room.store,
      [1, 2].map((n) => ({ id: newId('c'), postId: importedId, authorId, body: `${n}`, createdAt })),
    );
  });
  for (const call of calls) await paste(pasted(call), other);
  const contentOf = async ({ db }: TestDatabase) => ({
    posts: await db.collection('posts').find({ authorId }).sort({ _id: 1 }).toArray(),
    comments: await db.collection('comments').find({ authorId }).sort({ _id: 1 }).toArray(),
    votes: await db.collection('poll_votes').find({ userId: authorId }).toArray(),
    reports: await db.collection('post_reports').find({ details: awkward }).toArray(),
    profiles: await db
      .collection<{ _id: string }>('profiles')
      .find({ _id: { $in: [authorId, importedId] } })
      .sort({ _id: 1 })
      .toArray(),
    notes: await db.collection('outbox_pending').find({ actorId: authorId }).sort({ _id: 1 }).toArray(),
  });
  const expected = await contentOf(room);
  expect(Object.values(expected).map(({ length }) => length)).toEqual([4, 3, 1, 1, 2, expect.any(Number)]);
  expect(await contentOf(other)).toEqual(expected);
});
