import { expect, test } from 'vitest';
import { cassandraSink } from '../sink.ts';
import { batchOf, openCorner } from '../testing.ts';
import { deleted, followed, newId, newPost, openFeeds, rowsOf, written } from './testing.ts';

test('tests leave nothing of their users in any table, or every verify after them would name it', async () => {
  await using corner = await openCorner();
  const feeds = await openFeeds();
  const [reader, author] = [newId('u'), newId('u')];
  const [kept, gone] = [newPost(author, 2), newPost(author, 1)];
  const facts = [followed(reader, author), written(kept), written(kept, new Date()), written(gone), deleted(gone)];
  await cassandraSink(feeds).apply(batchOf(facts));
  const deeds = async () => (await Promise.all([reader, author].map(corner.read))).map(({ social }) => social.length);
  expect(await deeds()).toEqual([1, 4]);
  expect(await rowsOf(corner.store, reader)).toEqual([kept.id]);
  await feeds[Symbol.asyncDispose]();
  expect(await deeds()).toEqual([0, 0]);
  expect(await rowsOf(corner.store, reader)).toEqual([]);
});
