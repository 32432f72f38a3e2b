import { afterAll, beforeAll, expect, test } from 'vitest';
import { closing } from '../../../gateway/open.ts';
import { parseEvent } from '../../../schema/events/index.ts';
import { createPost, deletePost, editPost } from '../commands.ts';
import { isWithoutPosts, postsById, usedUploads } from '../queries.ts';
import { openMongo } from '../store.ts';
import { newId, newUploadId, openTestDatabase, openTestMongo, post, type TestMongo, theseUploads } from '../testing.ts';

let room: TestMongo;
beforeAll(async () => {
  room = await openTestMongo();
});
afterAll(() => room[Symbol.asyncDispose]());

const hourMs = 3_600_000;
const hoursAgo = (hours: number) => new Date(Date.now() - hours * hourMs);
const image = (uploadId: string) => ({ type: 'IMAGE' as const, title: null, uploadId });
const link = { type: 'LINK' as const, url: 'https://example.org/', title: null };
const refused = (index: number) => ({
  extensions: { code: 'BAD_USER_INPUT', argument: ['input', 'attachments', String(index), 'uploadId'] },
});

/** A user with an upload of an age. */
function uploader(hours = 1) {
  const authorId = newId('u');
  const id = newUploadId(authorId);
  return { authorId, id, uploads: theseUploads({ id, ownerId: authorId, uploadedAt: hoursAgo(hours) }) };
}

test('a post refers to its author’s upload, and its event tells which', async () => {
  const { authorId, id, uploads } = uploader();
  const attachments = [link, image(id)];
  const { post: written } = await createPost(room.store, post(authorId, { attachments }), uploads);
  expect(written).toMatchObject({ attachments: [link, { ...image(id), url: null }] });
  expect(await postsById(room.store, [written.id])).toEqual([written]);
  const [event] = await room.events(written.id);
  expect(parseEvent(JSON.stringify(event))).toMatchObject({
    data: { attachments: [link, { ...image(id), url: '' }] },
  });
});

test.each([
  ['one that is not there', (authorId: string) => theseUploads({ id: newUploadId(authorId), ownerId: authorId })],
  ['one of somebody else', (_: string, id: string) => theseUploads({ id, ownerId: newId('u') })],
  [
    'one older than a day',
    (authorId: string, id: string) => theseUploads({ id, ownerId: authorId, uploadedAt: hoursAgo(25) }),
  ],
])('%s is refused before anything is written', async (_, uploadsOf) => {
  const authorId = newId('u');
  const id = newUploadId(authorId);
  const uploads = uploadsOf(authorId, id);
  const attachments = [link, image(id)];
  await expect(createPost(room.store, post(authorId, { attachments }), uploads)).rejects.toMatchObject(refused(1));
  expect(await room.notes.countDocuments({ actorId: authorId })).toBe(0);
  const { post: plain } = await createPost(room.store, post(authorId));
  const edit = { authorId, postId: plain.id, attachments };
  await expect(editPost(room.store, edit, uploads)).rejects.toMatchObject(refused(1));
  expect(await room.events(plain.id)).toHaveLength(1);
});

test('where uploads are switched off, a post with one says so, and any other is written', async () => {
  const { authorId, id } = uploader();
  await expect(createPost(room.store, post(authorId, { attachments: [image(id)] }))).rejects.toMatchObject({
    extensions: { code: 'STORE_UNAVAILABLE', store: 's3' },
  });
  await createPost(room.store, post(authorId));
});

test('an edit keeps what the post has, however old, and takes nothing else that is', async () => {
  const { authorId, id, uploads } = uploader();
  const { post: written } = await createPost(room.store, post(authorId, { attachments: [image(id)] }), uploads);
  const [postId, other] = [written.id, newUploadId(authorId)];
  const later = theseUploads({ id, ownerId: authorId, uploadedAt: hoursAgo(30) }, { id: other, ownerId: authorId });
  const edit = (attachments: object[]) =>
    editPost(room.store, { authorId, postId, attachments: attachments as [] }, later);
  await edit([image(other), image(id)]);
  await edit([image(other)]);
  await expect(edit([image(other), image(id)])).rejects.toMatchObject(refused(1));
  // What is not about attachments asks for none.
  await editPost(room.store, { authorId, postId, title: 'New' });
});

test('a repeated call is the first one, though the upload is gone', async () => {
  const { authorId, id, uploads } = uploader();
  const input = post(authorId, { attachments: [image(id)] });
  const first = await createPost(room.store, input, uploads);
  expect(await createPost(room.store, input, theseUploads())).toEqual(first);
});

test('used is what a post that stands refers to', async () => {
  const { authorId, id, uploads } = uploader();
  const unused = newUploadId(authorId);
  const used = () => usedUploads(room.store, [unused, id]);
  expect(await used()).toEqual(new Set());
  const input = { attachments: [image(id), link] };
  const { post: first } = await createPost(room.store, post(authorId, input), uploads);
  const { post: second } = await createPost(room.store, post(authorId, input), uploads);
  expect(await used()).toEqual(new Set([id]));
  await editPost(room.store, { authorId, postId: first.id, attachments: [link] });
  expect(await used()).toEqual(new Set([id]));
  await deletePost(room.store, { authorId, postId: second.id });
  expect(await used()).toEqual(new Set());
  expect(await usedUploads(room.store, [])).toEqual(new Set());
});

test('without posts is a store that never had one', async () => {
  await using database = await openTestDatabase();
  await using own = closing(openMongo(database.settings));
  expect(await isWithoutPosts(own.store)).toBe(true);
  const authorId = newId('u');
  const { post: written } = await createPost(own.store, post(authorId));
  expect(await isWithoutPosts(own.store)).toBe(false);
  await deletePost(own.store, { authorId, postId: written.id });
  expect(await isWithoutPosts(own.store)).toBe(false);
});
