import { expect, test } from 'vitest';
import {
  addComment,
  createPost,
  deletePost,
  editPost,
  importPosts,
  reportPost,
  updateProfile,
  votePoll,
} from './commands.ts';
import type { VoteDocument } from './documents.ts';
import { comment, newId, openTestMongo, pollPost, post } from './testing.ts';

async function all<Row>(chunks: AsyncIterable<readonly Row[]>): Promise<{ sizes: number[]; rows: Row[] }> {
  const [sizes, rows]: [number[], Row[]] = [[], []];
  for await (const chunk of chunks) {
    sizes.push(chunk.length);
    rows.push(...chunk);
  }
  return { sizes, rows };
}

const byId = <Row extends { id: string }>(rows: readonly Row[]) => new Map(rows.map((row) => [row.id, row]));

test('gives every post, deleted ones too, with its last change; comments, without those of deleted posts', async () => {
  await using room = await openTestMongo();
  const authorId = newId('u');
  const [{ post: kept }, { post: gone }] = [
    await createPost(room.store, post(authorId)),
    await createPost(room.store, post(authorId, { movieId: null })),
  ];
  const edited = await editPost(room.store, { authorId, postId: kept.id, title: 'Edited' });
  const said = await addComment(room.store, comment('u1', kept.id));
  await addComment(room.store, comment('u1', gone.id));
  const orphans = await room.db.collection('comments').find({ postId: gone.id }).toArray();
  const deleted = await deletePost(room.store, { authorId, postId: gone.id });
  // As a command leaves it that dies between the tombstone and the rows.
  await room.db.collection('comments').insertMany(orphans);

  const posts = byId((await all(room.source.posts())).rows);
  const { createdAt } = edited.post;
  expect(posts.get(kept.id)).toEqual({
    ...{ id: kept.id, authorId, movieId: 'm101', title: 'Edited', body: 'A body.', tags: ['test'], createdAt },
    ...{ isDeleted: false, version: 2, eventId: edited.eventId },
  });
  expect(posts.get(gone.id)).toMatchObject({ authorId, isDeleted: true, version: 3, eventId: deleted.eventId });
  expect((await all(room.source.comments())).rows).toEqual([
    {
      ...{ id: said.comment.id, postId: kept.id, authorId: 'u1', createdAt: said.comment.createdAt },
      eventId: said.eventId,
    },
  ]);
  const aggregates = byId((await all(room.source.aggregates())).rows);
  expect(aggregates.get(kept.id)).toEqual({ type: 'post.changed', id: kept.id, version: 2, eventId: edited.eventId });
  expect(aggregates.get(gone.id)).toEqual({ type: 'post.deleted', id: gone.id, version: 3, eventId: deleted.eventId });
});

test('gives votes, without those of deleted posts, and all reports', async () => {
  await using room = await openTestMongo();
  const [authorId, userId] = [newId('u'), newId('u')];
  const [{ post: kept }, { post: gone }] = [
    await createPost(room.store, pollPost(authorId)),
    await createPost(room.store, pollPost(authorId)),
  ];
  const voted = await votePoll(room.store, { userId, postId: kept.id, option: 2 });
  await votePoll(room.store, { userId, postId: gone.id, option: 0 });
  const reported = await reportPost(room.store, { reporterId: userId, postId: gone.id, reason: 'SPAM' });
  const votes = room.db.collection<VoteDocument>('poll_votes');
  const orphans = await votes.find({ postId: gone.id }).toArray();
  await deletePost(room.store, { authorId, postId: gone.id });
  // As a command leaves it that dies between the tombstone and the rows.
  await votes.insertMany(orphans);

  expect((await all(room.source.votes())).rows).toEqual([
    { postId: kept.id, userId, option: 2, votedAt: expect.any(Date), eventId: voted.eventId },
  ]);
  expect((await all(room.source.reports())).rows).toEqual([
    { postId: gone.id, reportedAt: expect.any(Date), eventId: reported.eventId },
  ]);
});

test('gives every profile, with its last change', async () => {
  await using room = await openTestMongo();
  const userId = newId('u');
  await updateProfile(room.store, { userId, interests: ['heist'] });
  const { eventId } = await updateProfile(room.store, { userId, bio: 'B', interests: ['noir', 'heist'] });
  expect((await all(room.source.profiles())).rows).toEqual([
    { userId, interests: ['noir', 'heist'], version: 2, eventId },
  ]);
  expect((await all(room.source.aggregates())).rows).toEqual([
    { type: 'profile.changed', id: userId, version: 2, eventId },
  ]);
});

test('in chunks, none twice and none missing', async () => {
  await using room = await openTestMongo();
  const prefix = newId('p');
  const ids = Array.from({ length: 2_100 }, (_, n) => `${prefix}-${n}`);
  await importPosts(
    room.store,
    ids.map((id) => ({ id, authorId: 'u1', title: 'T', body: 'B', createdAt: new Date(0) })),
  );
  const { sizes, rows } = await all(room.source.posts());
  expect(sizes).toEqual([1_000, 1_000, 100]);
  expect(rows.map(({ id }) => id)).toEqual([...ids].sort());
});
