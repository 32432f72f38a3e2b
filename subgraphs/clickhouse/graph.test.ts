import { afterAll, beforeAll, expect, test } from 'vitest';
import { callsDuring } from '../../gateway/testing.ts';
import { batchOf, minutesAgo, openOwnDatabase, watch } from './testing.ts';

const hourMs = 3_600_000;
const analyst = { userId: 'u1', scopes: ['analytics'] };
/** A day of last month, and the two after it. */
const [day, dayAfter, twoDaysAfter] = [30, 29, 28].map((days) => minutesAgo(days * 24 * 60).slice(0, 10)) as [
  string,
  string,
  string,
];
const at = (date: string, time: string) => `${date}T${time}Z`;

let room: Awaited<ReturnType<typeof openOwnDatabase>>;

beforeAll(async () => {
  room = await openOwnDatabase();
  const plays = (movieId: string, count: number, minutes: number) =>
    Array.from({ length: count }, () => watch({ movieId, watchedAt: minutesAgo(minutes) }));
  const events = [
    ...plays('fresh', 3, 1),
    ...plays('fresh', 2, 26 * 60),
    ...plays('old', 7, 5 * 24 * 60),
    ...plays('older', 9, 20 * 24 * 60),
    watch({ movieId: 'fresh', action: 'PAUSE', watchedAt: minutesAgo(1) }),
    watch({ movieId: 'pi', userId: 'late', watchedAt: at(day, '23:59:59.999') }),
    watch({ movieId: 'pi', userId: 'early', watchedAt: at(day, '00:00:00.000') }),
    watch({ movieId: 'pi', userId: 'early', watchedAt: at(day, '12:00:00.000') }),
    watch({ movieId: 'pi', userId: 'paused', action: 'PAUSE', watchedAt: at(day, '12:00:00.000') }),
    watch({ movieId: 'pi', userId: 'dayAfter', watchedAt: at(dayAfter, '00:00:00.000') }),
    watch({ movieId: `it's "\\ a\nmovie`, watchedAt: minutesAgo(2) }),
  ];
  await room.open.sink?.apply(batchOf(events));
  // Some of them a second time, in another batch: no answer below may count them twice.
  await room.open.sink?.apply(batchOf(events.filter((_, index) => index % 2 === 0)));
});

afterAll(() => room?.[Symbol.asyncDispose]());

const entities = `query ($movies: [_Any!]!, $last: Int! = 24) {
  _entities(representations: $movies) { ... on Movie { id viewsLast24h viewsPerHour(last: $last) { hour views } } }
}`;
const movie = (id: string) => ({ __typename: 'Movie', id });
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

test('counts the plays of the last 24 hours, each event once', async () => {
  const movies = ['fresh', 'old', 'unknown', `it's "\\ a\nmovie`, 'x'.repeat(10_000), 'y'.repeat(10_000)].map(movie);
  const { data, errors } = await room.execute(entities, { variables: { movies } });
  expect(errors).toBeUndefined();
  expect(plain(data)._entities.map((found: { viewsLast24h: number }) => found.viewsLast24h)).toEqual([
    3, 0, 0, 1, 0, 0,
  ]);
});

test('gives every hour, the empty ones too, oldest first, and the current one last', async () => {
  const { data } = await room.execute(entities, { variables: { movies: [movie('fresh')], last: 48 } });
  const hours: { hour: string; views: number }[] = plain(data)._entities[0].viewsPerHour;
  expect(hours).toHaveLength(48);
  const starts = hours.map(({ hour }) => Date.parse(hour));
  expect(starts).toEqual(starts.map((_, index) => (starts[0] as number) + index * hourMs));
  expect(Date.now() - (starts.at(-1) as number)).toBeLessThan(hourMs + 60_000);
  expect(hours.reduce((sum, { views }) => sum + views, 0)).toBe(5);
  const hourOf = (minutes: number) => Math.floor(Date.parse(minutesAgo(minutes)) / hourMs) * hourMs;
  const viewsAt = (start: number) => hours.find(({ hour }) => Date.parse(hour) === start)?.views;
  // The plays were one minute and 26 hours ago a moment ago: a new hour may have begun since.
  expect([viewsAt(hourOf(1)), viewsAt(hourOf(3))]).toContain(3);
  expect([viewsAt(hourOf(26 * 60)), viewsAt(hourOf(26 * 60 + 2))]).toContain(2);
});

test.each([0, 169])('refuses %i hours, naming the argument', async (last) => {
  const { errors } = await room.execute(entities, { variables: { movies: [movie('fresh')], last } });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: ['last'] });
});

const watchers = `query ($date: Date!, $first: Int! = 100) {
  _entities(representations: [{ __typename: "Movie", id: "pi" }]) {
    ... on Movie { watchersOn(date: $date, first: $first) { id } }
  }
}`;

test('tells analysts who played on a UTC day, by first play, each user once', async () => {
  const ask = async (variables: object) => plain((await room.execute(watchers, { viewer: analyst, variables })).data);
  const ids = (...users: string[]) => ({ _entities: [{ watchersOn: users.map((id) => ({ id })) }] });
  expect(await ask({ date: day })).toEqual(ids('early', 'late'));
  expect(await ask({ date: day, first: 1 })).toEqual(ids('early'));
  expect(await ask({ date: dayAfter })).toEqual(ids('dayAfter'));
  expect(await ask({ date: twoDaysAfter })).toEqual(ids());
});

test.each([
  [null, 'UNAUTHENTICATED'],
  [{ userId: 'u2', scopes: [] }, 'FORBIDDEN'],
])('tells nobody else who watched: %j', async (viewer, code) => {
  const { data, errors } = await room.execute(watchers, { viewer, variables: { date: day } });
  expect(plain(data)).toEqual({ _entities: [{ watchersOn: null }] });
  expect(errors?.[0]?.extensions).toMatchObject({ code });
});

test('ranks movies by the views of a window', async () => {
  const top = async (window: string, first = 10) => {
    const source = `{ topMovies(window: ${window}, first: ${first}) { movie { id } views } }`;
    const { data } = await room.execute(source);
    return plain(data).topMovies.map((entry: { movie: { id: string }; views: number }) => [
      entry.movie.id,
      entry.views,
    ]);
  };
  expect(await top('DAY')).toEqual([
    ['fresh', 3],
    [`it's "\\ a\nmovie`, 1],
  ]);
  expect(await top('WEEK', 2)).toEqual([
    ['old', 7],
    ['fresh', 5],
  ]);
  expect(await top('MONTH', 1)).toEqual([['older', 9]]);
});

test('asks once for 50 movies, and once more for other arguments', async () => {
  const movies = Array.from({ length: 50 }, (_, index) => movie(`m${index}`));
  const whole = await callsDuring(() => room.execute(entities, { variables: { movies } }));
  expect(whole.map(({ statement }) => /FROM (\w+)/.exec(statement)?.[1]).sort()).toEqual([
    'movie_watch_events',
    'views_per_hour',
  ]);
  const twice = `query ($movies: [_Any!]!) { _entities(representations: $movies) { ... on Movie {
    short: viewsPerHour(last: 2) { views } again: viewsPerHour(last: 2) { hour } long: viewsPerHour(last: 3) { views }
  } } }`;
  expect(await callsDuring(() => room.execute(twice, { variables: { movies } }))).toHaveLength(2);
});
