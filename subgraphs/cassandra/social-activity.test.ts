import { types } from 'cassandra-driver';
import { v7 } from 'uuid';
import { expect, test } from 'vitest';
import type { Place } from '../../gateway/connection.ts';
import { callsDuring } from '../../gateway/testing.ts';
import { cassandraSink } from './sink.ts';
import { socialActivity } from './social-activity.ts';
import type { CassandraStore } from './store.ts';
import { batchOf, eventOf, minutesAgo, openCorner } from './testing.ts';

const followOf = (followerId: string, followeeId: string, minutes: number) => {
  const changedAt = minutesAgo(minutes).toISOString();
  return eventOf('follow.changed', { ...{ followerId, followeeId, changedAt }, follows: minutes % 2 === 0 });
};

/** The ids of what all pages have, one after the other. */
async function pagesOf(store: CassandraStore, key: { userId: string; hidden: string[]; first: number }) {
  const pages: string[][] = [];
  for (let after: Place | null = null; ; ) {
    const [page]: Awaited<ReturnType<typeof socialActivity>> = await socialActivity(store, [{ ...key, after }]);
    const { found = [], endsAt = null } = page ?? {};
    pages.push(found.slice(0, key.first).map(({ eventId }) => eventId));
    const last = found[key.first - 1];
    after = found.length > key.first && last ? { time: last.happenedAt.getTime(), id: last.eventId } : endsAt;
    if (after === null) return pages;
  }
}

test('follows of those who are hidden are left out, and pages are full all the same', async () => {
  await using corner = await openCorner();
  const [userId, friend, pest] = [corner.user(), corner.user(), corner.user()];
  const events = Array.from({ length: 30 }, (_, n) => followOf(userId, n % 3 === 0 ? friend : pest, 40 - n));
  const like = { userId, kind: 'TAG' as const, targetId: 'noir', likes: true, changedAt: minutesAgo(50).toISOString() };
  await cassandraSink(corner.store).apply(batchOf([...events, eventOf('like.changed', like)]));
  const shown = (hidden: string[], first: number) => pagesOf(corner.store, { userId, hidden, first });
  const [[...all] = []] = await shown([], 100);
  expect(all).toHaveLength(31);
  const ofFriend = new Set(events.filter(({ data }) => data.followeeId === friend).map(({ id }) => id));
  const kept = all.filter((id, n) => ofFriend.has(id) || n === 30);
  for (const first of [1, 4, 10, 11, 100]) {
    const pages = await shown([pest], first);
    expect(pages.flat()).toEqual(kept);
    for (const page of pages.slice(0, -1)) expect(page).toHaveLength(first);
  }
  expect(await shown([pest, friend], 5)).toEqual([[all[30]]]);
});

test('whoever hides nobody is asked for once, and pages that hide people ask again together', async () => {
  await using corner = await openCorner();
  const [userId, friend, pest] = [corner.user(), corner.user(), corner.user()];
  const events = Array.from({ length: 12 }, (_, n) => followOf(userId, n < 2 ? friend : pest, 40 - n));
  await cassandraSink(corner.store).apply(batchOf(events));
  const page = { userId, first: 2, after: null };
  expect(await callsDuring(() => socialActivity(corner.store, [{ ...page, hidden: [] }]))).toHaveLength(1);
  const calls = await callsDuring(async () => {
    const searches = await socialActivity(corner.store, [
      ...[
        { ...page, hidden: [pest] },
        { ...page, first: 1, hidden: [pest] },
      ],
      { ...page, hidden: [] },
    ]);
    expect(searches.map(({ found }) => found.length)).toEqual([2, 2, 3]);
  });
  expect(calls).toHaveLength(2);
});

test('a search among those who are hidden is given up, and goes on with the next page', async () => {
  await using corner = await openCorner();
  const { store } = corner;
  const [userId, friend, pest] = [corner.user(), corner.user(), corner.user()];
  const [newest, oldest] = [followOf(userId, friend, 0), followOf(userId, friend, 20_000)];
  await cassandraSink(store).apply(batchOf([newest, oldest]));
  // More than a page looks through.
  const query = `INSERT INTO ${store.keyspace}.social_activity_by_user (user_id, activity_time, event_id, kind, target_user_id)
VALUES (?, ?, ?, 'FOLLOWED', ?) USING TTL 3600`;
  const rows = Array.from({ length: 9_000 }, (_, n) => [userId, minutesAgo(2 + n), types.Uuid.fromString(v7()), pest]);
  for (let from = 0; from < rows.length; from += 300) {
    await store.write(rows.slice(from, from + 300).map((params) => ({ query, params })));
  }
  const pages: string[][] = [];
  const calls = await callsDuring(async () => {
    pages.push(...(await pagesOf(store, { userId, hidden: [pest], first: 2 })));
  });
  expect(pages).toEqual([[newest.id], [oldest.id]]);
  expect(calls.length).toBeLessThanOrEqual(2 * 4);
});
