import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventTypes, parseEvent } from '../../../schema/events/index.ts';
import { createPost, deletePost, editPost, importPosts } from '../commands.ts';
import { postsById } from '../queries.ts';
import { newId, newUploadId, openTestMongo, pollPost, post, type TestMongo } from '../testing.ts';
import { fingerprintOf } from './opaque-id.ts';

let room: TestMongo;
beforeAll(async () => {
  room = await openTestMongo();
});
afterAll(() => room[Symbol.asyncDispose]());

const stored = async (postId: string) => await room.posts.findOne({ _id: postId });
const eventsOf = async (postId: string) =>
  (await room.events(postId)).map(({ id, type, version }) => ({ id, type, version }));
const code = (name: string, argument?: string[]) => ({ extensions: { code: name, ...(argument && { argument }) } });

describe('createPost', () => {
  test('writes the post and its event in one document, and a note for the relay', async () => {
    const authorId = newId('u');
    const input = post(authorId, {
      title: '  A title ',
      body: '    INT. HOTEL\n\nNight. ',
      tags: [' test '],
      attachments: [{ type: 'VIDEO', url: 's3://bucket/clip.mp4' }],
    });
    // Prose as it came; tags are compared.
    const kept = { title: input.title, body: input.body, tags: ['test'] };
    const before = Date.now();
    const { post: written, eventId } = await createPost(room.store, input);
    expect(written).toMatchObject({ authorId, movieId: 'm101', editedAt: null, ...kept });
    expect(await postsById(room.store, [written.id])).toEqual([written]);

    const document = await stored(written.id);
    expect(document).toMatchObject({ version: 1, isDeleted: false, change: { version: 1, eventId } });
    expect(document?.createdAt.getTime()).toBeGreaterThanOrEqual(before);
    const [entry] = document?.outbox ?? [];
    expect(entry?.topic).toBe(eventTypes['post.changed'].topic);
    expect(parseEvent(JSON.stringify(entry?.event))).toMatchObject({
      ...{ id: eventId, source: '/streamshop/mongo', type: 'post.changed', subject: written.id, version: 1 },
      actor: authorId,
      data: {
        ...{ postId: written.id, authorId, movieId: 'm101', ...kept },
        attachments: [{ type: 'VIDEO', url: 's3://bucket/clip.mp4', title: null }],
        createdAt: document?.createdAt.toISOString(),
        editedAt: null,
      },
    });
    expect(await room.notes.findOne({ _id: eventId })).toMatchObject({
      ...{ documentId: written.id, type: 'post.changed', actorId: authorId },
    });
  });

  test('the same key and content is the first post and event, also at once and after an edit', async () => {
    const input = post(newId('u'));
    const answers = await Promise.all([1, 2, 3].map(() => createPost(room.store, input)));
    const [first] = answers as [(typeof answers)[0]];
    expect(new Set(answers.map(({ eventId }) => eventId))).toEqual(new Set([first.eventId]));
    expect(new Set(answers.map(({ post }) => post.id))).toEqual(new Set([first.post.id]));
    expect(await eventsOf(first.post.id)).toHaveLength(1);

    await editPost(room.store, { authorId: input.authorId, postId: first.post.id, title: 'Edited' });
    const repeated = await createPost(room.store, input);
    expect(repeated).toEqual({ eventId: first.eventId, post: expect.objectContaining({ title: 'Edited' }) });
    await deletePost(room.store, { authorId: input.authorId, postId: first.post.id });
    expect(await createPost(room.store, input)).toEqual({ eventId: first.eventId, post: { id: first.post.id } });
  });

  test('the same key with other content is refused; another author’s key is their own', async () => {
    const input = post(newId('u'));
    const { post: written } = await createPost(room.store, input);
    await expect(createPost(room.store, { ...input, body: 'Another.' })).rejects.toMatchObject(
      code('BAD_USER_INPUT', ['input', 'idempotencyKey']),
    );
    const other = await createPost(room.store, { ...input, authorId: newId('u') });
    expect(other.post.id).not.toBe(written.id);
  });

  test('text is kept as it came: nothing is taken for HTML', async () => {
    const text = '<script>alert("&amp;")</script> <b>1 < 2</b>';
    const { post: written } = await createPost(room.store, post(newId('u'), { title: text, body: text, tags: [text] }));
    const [read] = await postsById(room.store, [written.id]);
    expect(read).toMatchObject({ title: text, body: text, tags: [text] });
    expect((await room.events(written.id))[0]?.data).toMatchObject({ title: text, body: text });
  });

  test('a poll begins without votes, is told in the event, and stays as it is in an edit', async () => {
    const authorId = newId('u');
    const closesAt = new Date(Date.now() + 86_400_000);
    const { post: written } = await createPost(room.store, pollPost(authorId, { options: [' Yes ', 'No'], closesAt }));
    const poll = {
      options: [
        { text: ' Yes ', votes: 0 },
        { text: 'No', votes: 0 },
      ],
      closesAt,
    };
    expect(written).toMatchObject({ poll });
    expect(await postsById(room.store, [written.id])).toEqual([written]);
    const { post: edited } = await editPost(room.store, { authorId, postId: written.id, title: 'New' });
    expect(edited.poll).toEqual(poll);
    const told = { options: [' Yes ', 'No'], closesAt: closesAt.toISOString() };
    const events = await room.events(written.id);
    expect(events.map((event) => parseEvent(JSON.stringify(event)).data)).toMatchObject([
      { poll: told },
      { poll: told },
    ]);
    // Without a poll nothing is told of one.
    const { post: plain } = await createPost(room.store, post(authorId));
    expect((await room.events(plain.id))[0]?.data).not.toHaveProperty('poll');
  });

  test('a call that is repeated after its poll has closed is still the first one', async () => {
    const closesAt = new Date(Date.now() + 500);
    const input = pollPost(newId('u'), { closesAt });
    const first = await createPost(room.store, input);
    await expect.poll(() => Date.now()).toBeGreaterThan(closesAt.getTime());
    expect(await createPost(room.store, input)).toEqual(first);
    await expect(createPost(room.store, { ...input, title: 'Other' })).rejects.toMatchObject(
      code('BAD_USER_INPUT', ['input', 'idempotencyKey']),
    );
  });

  test('what a post without poll or upload was known by, it still is', async () => {
    const input = post(newId('u'), { movieId: null });
    const { post: written } = await createPost(room.store, input);
    const { authorId, title, body, attachments, tags } = input;
    const parts = { authorId, title, body, movieId: null, attachments, tags };
    expect((await stored(written.id))?.creation?.fingerprint).toBe(fingerprintOf(parts));
  });

  const link = { type: 'LINK', url: 'https://example.org/', title: null } as const;
  test.each([
    ['title', { title: '' }],
    ['title', { title: 'x'.repeat(201) }],
    ['body', { body: '  ' }],
    ['body', { body: 'x'.repeat(10_001) }],
    ['body', { body: 'a\0b' }],
    ['movieId', { movieId: 'no id' }],
    ['attachments', { attachments: Array(11).fill(link) }],
    ['attachments.0.url', { attachments: [{ ...link, url: 'javascript:alert(1)' }] }],
    ['attachments.0.url', { attachments: [{ ...link, url: 'no url' }] }],
    ['attachments.0.url', { attachments: [{ ...link, url: `https://example.org/${'x'.repeat(2_000)}` }] }],
    ['attachments.0.title', { attachments: [{ ...link, title: 'x'.repeat(201) }] }],
    ['attachments.0.url', { attachments: [{ type: 'IMAGE' }] }],
    ['attachments.0.uploadId', { attachments: [{ ...link, uploadId: newUploadId('u1') }] }],
    ...[
      'u1',
      'u1/',
      '../x',
      `u1/../${newUploadId('u1')}`,
      `uploads/${newUploadId('u1')}`,
      `${newUploadId('u1')}\n`,
    ].map((uploadId): [string, object] => ['attachments.0.uploadId', { attachments: [{ type: 'IMAGE', uploadId }] }]),
    ['poll.options', { poll: { options: ['Only'] } }],
    ['poll.options', { poll: { options: Array.from({ length: 11 }, (_, n) => `${n}`) } }],
    ['poll.options', { poll: { options: ['Same', ' Same '] } }],
    ['poll.options.1', { poll: { options: ['Yes', '  '] } }],
    ['poll.options.0', { poll: { options: ['x'.repeat(101), 'No'] } }],
    ['poll.closesAt', { poll: { options: ['Yes', 'No'], closesAt: new Date(Date.now() - 1_000) } }],
    ['poll.closesAt', { poll: { options: ['Yes', 'No'], closesAt: new Date(Date.now() + 31 * 86_400_000) } }],
    ['tags', { tags: Array(21).fill('tag') }],
    ['tags.1', { tags: ['tag', 'x'.repeat(101)] }],
    ['idempotencyKey', { idempotencyKey: 'with space' }],
    ['idempotencyKey', { idempotencyKey: 'x'.repeat(129) }],
  ])('refuses a wrong %s before anything is written', async (argument, parts) => {
    const authorId = newId('u');
    await expect(createPost(room.store, post(authorId, parts))).rejects.toMatchObject(
      code('BAD_USER_INPUT', ['input', ...argument.split('.')]),
    );
    expect(await room.notes.countDocuments({ actorId: authorId })).toBe(0);
  });
});

describe('editPost', () => {
  test('changes what is given, and tells the whole post after it', async () => {
    const authorId = newId('u');
    const { post: before } = await createPost(room.store, post(authorId));
    const { post: after, eventId } = await editPost(room.store, {
      authorId,
      postId: before.id,
      title: 'New',
      tags: null,
    });
    expect(after).toEqual({ ...before, title: 'New', editedAt: expect.any(Date) });
    expect(await stored(before.id)).toMatchObject({ version: 2, change: { version: 2, eventId } });
    const [, event] = await room.events(before.id);
    expect(event).toMatchObject({ id: eventId, version: 2, data: { title: 'New', body: 'A body.', tags: ['test'] } });
    expect(event?.data).toMatchObject({ editedAt: (after.editedAt as Date).toISOString() });
  });

  test('an edit that changes nothing writes nothing, and gives the last change’s event', async () => {
    const authorId = newId('u');
    const { post: written } = await createPost(room.store, post(authorId));
    const edit = { authorId, postId: written.id, body: 'Other.', attachments: [] };
    const first = await editPost(room.store, edit);
    expect(await editPost(room.store, edit)).toEqual(first);
    expect(await eventsOf(written.id)).toHaveLength(2);
  });

  test('edits at the same time all take effect, one version after the other', async () => {
    const authorId = newId('u');
    const { post: written } = await createPost(room.store, post(authorId));
    const edits = await Promise.all(
      Array.from({ length: 12 }, (_, n) => editPost(room.store, { authorId, postId: written.id, title: `Edit ${n}` })),
    );
    const events = await room.events(written.id);
    expect(events.map(({ version }) => version)).toEqual(Array.from({ length: 13 }, (_, n) => n + 1));
    expect(new Set(events.slice(1).map(({ id }) => id))).toEqual(new Set(edits.map(({ eventId }) => eventId)));
    expect(await stored(written.id)).toMatchObject({
      version: 13,
      title: events.map(({ data }) => (data as { title: string }).title).at(-1),
    });
  });

  test('only the author may; a post must be there', async () => {
    const authorId = newId('u');
    const { post: written } = await createPost(room.store, post(authorId));
    const edit = { postId: written.id, title: 'Not mine' };
    await expect(editPost(room.store, { ...edit, authorId: newId('u') })).rejects.toMatchObject(code('FORBIDDEN'));
    await expect(editPost(room.store, { ...edit, authorId, postId: newId('p') })).rejects.toMatchObject(
      code('NOT_FOUND', ['input', 'postId']),
    );
    await expect(editPost(room.store, { ...edit, authorId, title: '' })).rejects.toMatchObject(
      code('BAD_USER_INPUT', ['input', 'title']),
    );
    expect(await eventsOf(written.id)).toHaveLength(1);
  });
});

describe('deletePost', () => {
  test('leaves a tombstone without content, and one event', async () => {
    const authorId = newId('u');
    const { post: written } = await createPost(room.store, post(authorId));
    await expect(deletePost(room.store, { authorId: newId('u'), postId: written.id })).rejects.toMatchObject(
      code('FORBIDDEN'),
    );
    const { eventId } = await deletePost(room.store, { authorId, postId: written.id });
    const tombstone = await stored(written.id);
    expect(tombstone).toMatchObject({
      ...{
        isDeleted: true,
        version: 2,
        change: { version: 2, eventId },
        title: '',
        body: '',
        tags: [],
        attachments: [],
      },
      ...{ authorId, movieId: 'm101' },
    });
    const [, event] = await room.events(written.id);
    expect(event).toMatchObject({
      ...{ id: eventId, type: 'post.deleted', version: 2, actor: authorId },
      data: {
        ...{ postId: written.id, authorId, movieId: 'm101', deletedAt: tombstone?.deletedAt?.toISOString() },
        createdAt: tombstone?.createdAt.toISOString(),
      },
    });
    expect(await postsById(room.store, [written.id])).toMatchObject([code('NOT_FOUND')]);
  });

  test('what is deleted is not there to be deleted or edited', async () => {
    const authorId = newId('u');
    const { post: written } = await createPost(room.store, post(authorId));
    const postId = written.id;
    await deletePost(room.store, { authorId, postId });
    for (const again of [
      () => deletePost(room.store, { authorId, postId }),
      () => editPost(room.store, { authorId, postId, title: 'x' }),
    ]) {
      await expect(again()).rejects.toMatchObject(code('NOT_FOUND'));
    }
    expect(await eventsOf(postId)).toHaveLength(2);
  });
});

describe('importPosts', () => {
  test('takes ids, authors and times as they come, and writes nothing twice', async () => {
    const [prefix, authorId] = [newId('p'), newId('u')];
    const createdAt = new Date('2026-01-01T20:00:00Z');
    const posts = Array.from({ length: 1_100 }, (_, n) => ({
      ...{ id: `${prefix}-${n}`, authorId, title: `Post ${n}`, body: 'Body.', createdAt },
    }));
    await importPosts(room.store, posts.slice(0, 300));
    await importPosts(room.store, posts);
    expect(await room.posts.countDocuments({ authorId })).toBe(1_100);
    expect(await stored(`${prefix}-7`)).toMatchObject({
      movieId: null,
      createdAt,
      version: 1,
      creation: null,
      tags: [],
    });
    expect(await eventsOf(`${prefix}-7`)).toHaveLength(1);
    expect(await room.notes.countDocuments({ actorId: authorId })).toBe(1_100);
  });

  test('takes polls, also such as have closed', async () => {
    const id = newId('p');
    const closesAt = new Date('2026-01-02T20:00:00Z');
    const poll = { options: ['Yes', 'No'], closesAt };
    const createdAt = new Date('2026-01-01T20:00:00Z');
    await importPosts(room.store, [{ id, authorId: 'u', title: 'Title', body: 'Body.', createdAt, poll }]);
    const options = ['Yes', 'No'].map((text) => ({ text, votes: 0 }));
    expect(await postsById(room.store, [id])).toMatchObject([{ poll: { options, closesAt } }]);
    expect((await room.events(id))[0]?.data).toMatchObject({ poll: { ...poll, closesAt: closesAt.toISOString() } });
  });

  test('checks everything before it writes anything', async () => {
    const id = newId('p');
    const good = { id, authorId: 'u', title: 'Title', body: 'Body.', createdAt: new Date() };
    await expect(importPosts(room.store, [good, { ...good, title: '' }])).rejects.toMatchObject(
      code('BAD_USER_INPUT', ['posts', '1', 'title']),
    );
    expect(await stored(id)).toBeNull();
  });
});
