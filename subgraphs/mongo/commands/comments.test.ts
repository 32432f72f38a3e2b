import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseEvent } from '../../../schema/events/index.ts';
import { addComment, createPost, deletePost, editPost, importComments } from '../commands.ts';
import { comment, newId, openTestMongo, post, type TestMongo } from '../testing.ts';

let room: TestMongo;
beforeAll(async () => {
  room = await openTestMongo();
});
afterAll(() => room[Symbol.asyncDispose]());

const rows = async (postId: string) => await room.db.collection('comments').find({ postId }).toArray();
const code = (name: string, argument?: string[]) => ({ extensions: { code: name, ...(argument && { argument }) } });

async function newPost(): Promise<{ postId: string; authorId: string }> {
  const authorId = newId('u');
  return { postId: (await createPost(room.store, post(authorId))).post.id, authorId };
}

test('writes the row, and raises the post’s version with the event in its outbox', async () => {
  const { postId } = await newPost();
  const authorId = newId('u');
  const body = '  A comment.\n';
  const { comment: written, eventId } = await addComment(room.store, comment(authorId, postId, { body }));
  expect(await rows(postId)).toEqual([
    { _id: written.id, postId, authorId, body, createdAt: written.createdAt, eventId },
  ]);
  expect(await room.posts.findOne({ _id: postId })).toMatchObject({ version: 2, change: { version: 1 } });
  const [, event] = await room.events(postId);
  expect(parseEvent(JSON.stringify(event))).toMatchObject({
    ...{ id: eventId, type: 'comment.added', subject: postId, version: 2, actor: authorId },
    data: { commentId: written.id, postId, authorId, body, createdAt: written.createdAt.toISOString() },
  });
  expect(await room.notes.findOne({ _id: eventId })).toMatchObject({
    documentId: postId,
    type: 'comment.added',
    actorId: authorId,
  });
});

test('the same key on the same post is the same comment, also at once; other text is refused', async () => {
  const [{ postId }, { postId: otherId }] = [await newPost(), await newPost()];
  const input = comment(newId('u'), postId);
  const answers = await Promise.all([1, 2, 3, 4].map(() => addComment(room.store, input)));
  expect(new Set(answers.map(({ eventId }) => eventId)).size).toBe(1);
  expect(await rows(postId)).toHaveLength(1);
  expect(await room.events(postId)).toHaveLength(2);
  expect(await addComment(room.store, input)).toEqual(answers[0]);
  await expect(addComment(room.store, { ...input, body: 'Other.' })).rejects.toMatchObject(
    code('BAD_USER_INPUT', ['input', 'idempotencyKey']),
  );
  const elsewhere = await addComment(room.store, { ...input, postId: otherId });
  expect(elsewhere.comment.id).not.toBe(answers[0]?.comment.id);
});

test('a command that died between event and row is completed by its repetition', async () => {
  const { postId } = await newPost();
  const input = comment(newId('u'), postId);
  const first = await addComment(room.store, input);
  await room.db.collection('comments').deleteMany({ postId });
  expect(await addComment(room.store, input)).toEqual(first);
  expect(await rows(postId)).toHaveLength(1);
  expect(await room.events(postId)).toHaveLength(2);
});

test('repeated comments are found among all that wait in their posts', async () => {
  const posts = await Promise.all(Array.from({ length: 2 }, newPost));
  const comments = Array.from({ length: 12 }, (_, n) => ({
    ...{ id: newId('c'), postId: posts[n % 2]?.postId as string, authorId: 'u1', body: `${n}`, createdAt: new Date() },
  }));
  await importComments(room.store, comments);
  for (const { postId } of posts) await room.db.collection('comments').deleteMany({ postId });
  await importComments(room.store, comments);
  for (const [n, { postId }] of posts.entries()) {
    const own = comments.filter((_, index) => index % 2 === n).map(({ id }) => id);
    expect((await rows(postId)).map(({ _id }) => String(_id)).sort()).toEqual(own.sort());
    expect(await room.events(postId)).toHaveLength(7);
  }
});

test('comments and edits at the same time all take effect, one version after the other', async () => {
  const { postId, authorId } = await newPost();
  const [comments] = await Promise.all([
    Promise.all(
      Array.from({ length: 12 }, (_, n) => addComment(room.store, comment(newId('u'), postId, { body: `${n}` }))),
    ),
    Promise.all(Array.from({ length: 4 }, (_, n) => editPost(room.store, { authorId, postId, title: `Edit ${n}` }))),
  ]);
  const events = await room.events(postId);
  expect(events.map(({ version }) => version)).toEqual(Array.from({ length: 17 }, (_, n) => n + 1));
  const told = events.filter(({ type }) => type === 'comment.added').map(({ id }) => id);
  expect(new Set(told)).toEqual(new Set(comments.map(({ eventId }) => eventId)));
  expect(await rows(postId)).toHaveLength(12);
});

test('a post that is not there, or no longer, takes none; with a post go its comments', async () => {
  const { postId, authorId } = await newPost();
  const input = comment(newId('u'), postId);
  await addComment(room.store, input);
  await deletePost(room.store, { authorId, postId });
  expect(await rows(postId)).toEqual([]);
  // Also one that was written before, though its event may still be in the outbox.
  await expect(addComment(room.store, input)).rejects.toMatchObject(code('NOT_FOUND', ['input', 'postId']));
  for (const gone of [postId, newId('p')]) {
    await expect(addComment(room.store, comment(newId('u'), gone))).rejects.toMatchObject(
      code('NOT_FOUND', ['input', 'postId']),
    );
    expect(await rows(gone)).toEqual([]);
  }
  await expect(addComment(room.store, comment('u', postId, { body: 'x'.repeat(10_001) }))).rejects.toMatchObject(
    code('BAD_USER_INPUT', ['input', 'body']),
  );
});

test('imports as they come, in their order, and nothing twice', async () => {
  const posts = await Promise.all(Array.from({ length: 5 }, newPost));
  const prefix = newId('c');
  const comments = Array.from({ length: 700 }, (_, n) => ({
    ...{ id: `${prefix}-${n}`, postId: posts[n % 5]?.postId as string, authorId: 'u123', body: `Comment ${n}` },
    createdAt: new Date(1_767_000_000_000 + n * 1_000),
  }));
  await importComments(room.store, comments.slice(0, 100));
  await importComments(room.store, comments);
  for (const [n, { postId }] of posts.entries()) {
    const own = comments.filter((_, index) => index % 5 === n).map(({ id }) => id);
    const told = (await room.events(postId)).slice(1);
    expect(told.map(({ data }) => (data as { commentId: string }).commentId)).toEqual(own);
    expect(told.map(({ version }) => version)).toEqual(own.map((_, index) => index + 2));
    expect((await rows(postId)).map(({ _id }) => String(_id)).sort()).toEqual([...own].sort());
  }
  expect((await rows(posts[0]?.postId as string)).find(({ body }) => body === 'Comment 5')).toMatchObject({
    ...{ _id: `${prefix}-5`, authorId: 'u123', createdAt: new Date(1_767_000_005_000) },
  });
  const { postId, authorId } = posts[0] as (typeof posts)[0];
  await deletePost(room.store, { authorId, postId });
  await importComments(room.store, comments);
  expect(await rows(postId)).toEqual([]);
  const orphan = { ...(comments[0] as (typeof comments)[0]), id: newId('c'), postId: 'no-such-post' };
  await expect(importComments(room.store, [orphan])).rejects.toMatchObject(
    code('NOT_FOUND', ['comments', '0', 'postId']),
  );
});
