import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSettings } from '../../config.ts';
import type { StoreCall } from '../../gateway/seam.ts';
import { endedCalls } from '../../gateway/testing.ts';
import { engagementPerHour, topMovies, viewsLast24h, viewsPerHour, watchersOn } from './queries.ts';
import { inClickHouseClient } from './shell.ts';
import { clickhouseSink } from './sink.ts';
import { batchOf, eventOf, minutesAgo, openOwnDatabase, watch, written } from './testing.ts';
import { engagement, trendingPosts } from './trending-queries.ts';

let own: Awaited<ReturnType<typeof openOwnDatabase>>;
let database: string;
beforeAll(async () => {
  own = await openOwnDatabase();
  [{ database } = { database: '' }] = await own.store.select<{ database: string }>(
    'SELECT currentDatabase() AS database',
  );
});
afterAll(() => own[Symbol.asyncDispose]());

/** Text with all that a shell could take for its own. */
const awkward = `it's "\\ a {ids:String} \\' \\n\nmovie; 映画`;

/** Sends a text alone, as clickhouse-client does. */
async function paste({ statement, parameters }: StoreCall): Promise<object[]> {
  const url = new URL(readSettings().clickhouse.url);
  url.search = String(new URLSearchParams({ database, default_format: 'JSONEachRow' }));
  const answer = await fetch(url, { method: 'POST', body: inClickHouseClient(statement, parameters) });
  const text = await answer.text();
  expect(answer.ok, text).toBe(true);
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

test('what a query asks gives the same when it is pasted into clickhouse-client', async () => {
  const at = minutesAgo(90);
  await clickhouseSink(own.store).apply(
    batchOf([
      watch({ movieId: awkward, watchedAt: at }),
      watch({ movieId: 'm1', watchedAt: at }),
      eventOf('post.viewed', { postId: awkward, userId: 'u1', viewedAt: at }),
      eventOf('like.changed', { kind: 'POST', targetId: awkward, userId: awkward, likes: true, changedAt: at }),
      written(awkward, awkward),
    ]),
  );
  const keys = [awkward, 'm1', 'never'].map((id) => ({ id, last: 24, first: 2, date: at.slice(0, 10) }));
  const calls = await endedCalls(async () => {
    await viewsLast24h(
      own.store,
      keys.map(({ id }) => id),
    );
    await viewsPerHour(own.store, keys);
    await engagementPerHour(own.store, keys);
    await watchersOn(own.store, keys);
    await topMovies(own.store, [{ hours: 24, first: 2 }]);
    await trendingPosts(own.store, [
      { first: 2, hidden: [] },
      { first: 2, hidden: ['u1', `not ${awkward}`] },
    ]);
    await engagement(
      own.store,
      keys.map(({ id }) => id),
    );
    await own.store.select(
      'SELECT {at:DateTime64(3)} AS at, {id:UUID} AS id, {none:Array(String)} AS none, {text:String} AS text',
      {
        ...{ at: new Date(1_767_000_000_123), id: randomUUID(), none: [], text: awkward },
      },
    );
  });
  expect(calls).toHaveLength(9);
  for (const call of calls) {
    expect(call.result).not.toEqual([]);
    expect(await paste(call)).toEqual(call.result);
    expect(call.statement).not.toContain('m1');
  }
});

test('what the sink inserts is inserted by what is pasted', async () => {
  const userId = awkward;
  const [call] = (await endedCalls(() =>
    clickhouseSink(own.store).apply(batchOf([watch({ movieId: 'pasted', userId })])),
  )) as [StoreCall];
  const stored = () => own.store.select("SELECT * FROM movie_watch_events WHERE movie_id = 'pasted'");
  const before = await stored();
  await own.command("DELETE FROM movie_watch_events WHERE movie_id = 'pasted'");
  expect(await stored()).toEqual([]);
  await paste(call);
  expect(await stored()).toEqual(before);
});
