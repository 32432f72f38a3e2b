import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseEvent } from '../../../schema/events/index.ts';
import { createPost, deletePost, reportPost } from '../commands.ts';
import type { ReportDocument } from '../documents.ts';
import { newId, openTestMongo, post, type TestMongo } from '../testing.ts';

let room: TestMongo;
beforeAll(async () => {
  room = await openTestMongo();
});
afterAll(() => room[Symbol.asyncDispose]());

const reportsOf = (postId: string) =>
  room.db.collection<ReportDocument>('post_reports').find({ postId }).sort({ _id: 1 }).toArray();
const code = (name: string, argument?: string[]) => ({ extensions: { code: name, ...(argument && { argument }) } });

async function newPost(): Promise<{ postId: string; authorId: string }> {
  const authorId = newId('u');
  return { postId: (await createPost(room.store, post(authorId))).post.id, authorId };
}

test('writes the row, and raises the post’s version with the event in its outbox', async () => {
  const { postId } = await newPost();
  const reporterId = newId('u');
  const details = '  <script>alert(1)</script> ';
  const { eventId } = await reportPost(room.store, { reporterId, postId, reason: 'SPOILER', details });
  const [row, ...others] = await reportsOf(postId);
  expect(others).toEqual([]);
  expect(row).toEqual({
    ...{ _id: `${postId}/${reporterId}`, postId, reporterId, reason: 'SPOILER', details, eventId },
    reportedAt: expect.any(Date),
  });
  const [, event] = await room.events(postId);
  expect(parseEvent(JSON.stringify(event))).toMatchObject({
    ...{ id: eventId, type: 'post.reported', subject: postId, version: 2, actor: reporterId },
    data: { postId, reporterId, reason: 'SPOILER', details, reportedAt: row?.reportedAt.toISOString() },
  });
});

test('a second one of the same viewer is the first, also at once and whatever it says', async () => {
  const { postId } = await newPost();
  const report = { reporterId: newId('u'), postId, reason: 'SPAM' } as const;
  const reports = await Promise.all(Array.from({ length: 8 }, () => reportPost(room.store, report)));
  expect(new Set(reports.map(({ eventId }) => eventId)).size).toBe(1);
  expect(await reportPost(room.store, { ...report, reason: 'ABUSE', details: 'More.' })).toEqual(reports[0]);
  await room.posts.updateOne({ _id: postId }, { $set: { outbox: [] } });
  expect(await reportPost(room.store, report)).toEqual(reports[0]);
  expect(await reportsOf(postId)).toMatchObject([{ reason: 'SPAM', details: '' }]);
  const other = await reportPost(room.store, { ...report, reporterId: newId('u') });
  expect(other.eventId).not.toBe(reports[0]?.eventId);
  expect(await reportsOf(postId)).toHaveLength(2);
});

test('details of mere space are none', async () => {
  const { postId } = await newPost();
  await reportPost(room.store, { reporterId: newId('u'), postId, reason: 'OTHER', details: ' \n ' });
  expect(await reportsOf(postId)).toMatchObject([{ details: '' }]);
});

test('a command that died between event and row is completed by its repetition', async () => {
  const { postId } = await newPost();
  const report = { reporterId: newId('u'), postId, reason: 'OTHER', details: 'Odd.' } as const;
  const first = await reportPost(room.store, report);
  const rows = await reportsOf(postId);
  await room.db.collection('post_reports').deleteMany({ postId });
  expect(await reportPost(room.store, { ...report, details: null })).toEqual(first);
  expect(await reportsOf(postId)).toEqual(rows);
  expect(await room.events(postId)).toHaveLength(2);
});

test('an author’s own post, a wrong reason and too many details are refused before anything is written', async () => {
  const { postId, authorId } = await newPost();
  const report = { reporterId: newId('u'), postId, reason: 'SPAM' } as const;
  for (const [argument, parts] of [
    ['postId', { reporterId: authorId }],
    ['postId', { postId: 'no id' }],
    ['reason', { reason: 'BORING' as never }],
    ['details', { details: 'x'.repeat(501) }],
    ['details', { details: 'a\0b' }],
  ] as const) {
    await expect(reportPost(room.store, { ...report, ...parts })).rejects.toMatchObject(
      code('BAD_USER_INPUT', ['input', argument]),
    );
  }
  expect(await room.events(postId)).toHaveLength(1);
  expect(await room.notes.countDocuments({ actorId: report.reporterId })).toBe(0);
});

test('a post that is not there, or no longer, takes none; those that it had stay', async () => {
  const { postId, authorId } = await newPost();
  const report = { reporterId: newId('u'), postId, reason: 'ILLEGAL' } as const;
  await reportPost(room.store, report);
  await deletePost(room.store, { authorId, postId });
  for (const gone of [postId, newId('p')]) {
    await expect(reportPost(room.store, { ...report, postId: gone })).rejects.toMatchObject(
      code('NOT_FOUND', ['input', 'postId']),
    );
  }
  expect(await reportsOf(postId)).toHaveLength(1);
});
