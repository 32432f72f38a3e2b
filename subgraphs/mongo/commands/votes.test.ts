import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseEvent } from '../../../schema/events/index.ts';
import { createPost, deletePost, editPost, reportPost, votePoll } from '../commands.ts';
import type { VoteDocument } from '../documents.ts';
import { postsById } from '../queries.ts';
import { newId, openTestMongo, pollPost, post, type TestMongo } from '../testing.ts';

let room: TestMongo;
beforeAll(async () => {
  room = await openTestMongo();
});
afterAll(() => room[Symbol.asyncDispose]());

const votesOf = (postId: string) =>
  room.db.collection<VoteDocument>('poll_votes').find({ postId }).sort({ _id: 1 }).toArray();
const code = (name: string, argument?: string[]) => ({ extensions: { code: name, ...(argument && { argument }) } });
const option = ['input', 'option'];

async function newPoll(): Promise<{ postId: string; authorId: string }> {
  const authorId = newId('u');
  return { postId: (await createPost(room.store, pollPost(authorId))).post.id, authorId };
}

/** What the poll's options count. */
async function counts(postId: string): Promise<number[] | undefined> {
  const stored = await room.posts.findOne({ _id: postId });
  return stored?.poll?.options.map(({ votes }) => votes);
}

/** Takes the events out of the post, as the relay does when it has published them. */
const publish = (postId: string) => room.posts.updateOne({ _id: postId }, { $set: { outbox: [] } });

test('counts the vote, writes its row, and raises the post’s version with the event in its outbox', async () => {
  const { postId } = await newPoll();
  const userId = newId('u');
  const { eventId } = await votePoll(room.store, { userId, postId, option: 1 });
  expect(await counts(postId)).toEqual([0, 1, 0]);
  const [row, ...others] = await votesOf(postId);
  expect(others).toEqual([]);
  expect(row).toEqual({
    ...{ _id: `${postId}/${userId}`, postId, userId, option: 1, votedAt: expect.any(Date), eventId },
  });
  expect(await room.posts.findOne({ _id: postId })).toMatchObject({ version: 2, change: { version: 1 } });
  const [, event] = await room.events(postId);
  expect(parseEvent(JSON.stringify(event))).toMatchObject({
    ...{ id: eventId, type: 'poll.voted', subject: postId, version: 2, actor: userId },
    data: { postId, userId, option: 1, votedAt: row?.votedAt.toISOString() },
  });
  expect(await room.notes.findOne({ _id: eventId })).toMatchObject({ documentId: postId, type: 'poll.voted' });
});

test('the same vote again is the first one, before and after it is published; another option is refused', async () => {
  const { postId } = await newPoll();
  const vote = { userId: newId('u'), postId, option: 2 };
  const first = await votePoll(room.store, vote);
  expect(await votePoll(room.store, vote)).toEqual(first);
  await publish(postId);
  expect(await votePoll(room.store, vote)).toEqual(first);
  for (const other of [0, 7]) {
    await expect(votePoll(room.store, { ...vote, option: other })).rejects.toMatchObject(
      code('BAD_USER_INPUT', option),
    );
  }
  expect(await counts(postId)).toEqual([0, 0, 1]);
  expect(await room.events(postId)).toEqual([]);
});

test('20 votes of one viewer at once are one, whatever they are for', async () => {
  const { postId } = await newPoll();
  const userId = newId('u');
  const votes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) => votePoll(room.store, { userId, postId, option: n % 3 })),
  );
  const [row, ...others] = await votesOf(postId);
  expect(others).toEqual([]);
  for (const [n, vote] of votes.entries()) {
    if (n % 3 === row?.option) expect(vote).toMatchObject({ value: { eventId: row.eventId } });
    else expect(vote).toMatchObject({ reason: code('BAD_USER_INPUT', option) });
  }
  expect(await counts(postId)).toEqual([0, 1, 2].map((place) => (place === row?.option ? 1 : 0)));
  expect(await room.events(postId)).toHaveLength(2);
});

test('votes of many and edits at the same time all count, one version after the other', async () => {
  const { postId, authorId } = await newPoll();
  await Promise.all([
    ...Array.from({ length: 12 }, (_, n) => votePoll(room.store, { userId: newId('u'), postId, option: n % 2 })),
    ...Array.from({ length: 4 }, (_, n) => editPost(room.store, { authorId, postId, title: `Edit ${n}` })),
  ]);
  expect(await counts(postId)).toEqual([6, 6, 0]);
  expect(await votesOf(postId)).toHaveLength(12);
  const versions = (await room.events(postId)).map(({ version }) => version);
  expect(versions).toEqual(Array.from({ length: 17 }, (_, n) => n + 1));
});

test('a command that died between event and row is completed by its repetition, and counts once', async () => {
  const { postId } = await newPoll();
  const vote = { userId: newId('u'), postId, option: 0 };
  const first = await votePoll(room.store, vote);
  const [row] = await votesOf(postId);
  await room.db.collection('poll_votes').deleteMany({ postId });
  await expect(votePoll(room.store, { ...vote, option: 1 })).rejects.toMatchObject(code('BAD_USER_INPUT', option));
  await room.db.collection('poll_votes').deleteMany({ postId });
  expect(await votePoll(room.store, vote)).toEqual(first);
  expect(await votesOf(postId)).toEqual([row]);
  expect(await counts(postId)).toEqual([1, 0, 0]);
  expect(await room.events(postId)).toHaveLength(2);
});

test('a report by the same viewer that waits beside the vote is not taken for it', async () => {
  const { postId } = await newPoll();
  const userId = newId('u');
  const report = await reportPost(room.store, { reporterId: userId, postId, reason: 'SPAM' });
  const vote = await votePoll(room.store, { userId, postId, option: 0 });
  expect(vote.eventId).not.toBe(report.eventId);
  expect(await counts(postId)).toEqual([1, 0, 0]);
});

test('a closed poll takes no vote, but knows those that it has', async () => {
  const { postId } = await newPoll();
  const vote = { userId: newId('u'), postId, option: 0 };
  const first = await votePoll(room.store, vote);
  await room.posts.updateOne({ _id: postId }, { $set: { 'poll.closesAt': new Date(Date.now() - 1) } });
  await expect(votePoll(room.store, { ...vote, userId: newId('u') })).rejects.toMatchObject(
    code('BAD_USER_INPUT', ['input', 'postId']),
  );
  expect(await votePoll(room.store, vote)).toEqual(first);
  expect(await counts(postId)).toEqual([1, 0, 0]);
});

test.each([-1, 3, 1.5, Number.NaN, 2 ** 31])('there is no option %d', async (place) => {
  const { postId } = await newPoll();
  const userId = newId('u');
  await expect(votePoll(room.store, { userId, postId, option: place })).rejects.toMatchObject(
    code('BAD_USER_INPUT', option),
  );
  expect(await room.notes.countDocuments({ actorId: userId })).toBe(0);
});

test('there must be a poll, and a post; with a post go its votes', async () => {
  const { postId, authorId } = await newPoll();
  const vote = { userId: newId('u'), postId, option: 0 };
  await votePoll(room.store, vote);
  await deletePost(room.store, { authorId, postId });
  expect(await votesOf(postId)).toEqual([]);
  expect(await room.posts.findOne({ _id: postId })).toMatchObject({ poll: null });
  // Also one that was given before, though its event may still be in the outbox.
  for (const gone of [postId, newId('p')]) {
    await expect(votePoll(room.store, { ...vote, postId: gone })).rejects.toMatchObject(
      code('NOT_FOUND', ['input', 'postId']),
    );
  }
  const { post: plain } = await createPost(room.store, post(authorId));
  await expect(votePoll(room.store, { ...vote, postId: plain.id })).rejects.toMatchObject(
    code('BAD_USER_INPUT', ['input', 'postId']),
  );
  await expect(votePoll(room.store, { ...vote, postId: 'no id' })).rejects.toMatchObject(
    code('BAD_USER_INPUT', ['input', 'postId']),
  );
  expect(await postsById(room.store, [plain.id])).toMatchObject([{ poll: null }]);
});
