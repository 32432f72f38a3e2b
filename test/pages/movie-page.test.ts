import { beforeAll, describe, expect, test } from 'vitest';
import { MoviePageDocument, type MoviePageQuery } from '../../schema/generated/graphql.ts';
import { readFilms } from '../../seed/films.ts';
import { generate } from '../../seed/generate.ts';
import { loadedAt } from '../../seed/load.ts';
import { type Answered, alice, ask, login, settings, type Whole } from '../harness.ts';
import { truth, viewsSince } from '../truth.ts';

const films = readFilms();
const inception = films.find(({ id }) => id === 'm101');
// The very data that start-up loaded: same size, same moment. No test records a watch of m101, or as Alice.
const demo = generate({ size: 'test', now: loadedAt(settings), films });
const loaded = [...demo.watches];
const playsOfInception = loaded.filter(({ movieId, action }) => movieId === 'm101' && action === 'PLAY');
const hourMs = 3_600_000;

interface HistoryPage {
  edges: { node: { id: string } }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

let token: string;
let page: Whole<MoviePageQuery>;
let askedAt: number;

beforeAll(async () => {
  token = await login(alice);
  askedAt = Date.now();
  const { data, errors } = await ask(MoviePageDocument, { token, variables: { id: 'm101' } });
  expect(errors).toEqual([]);
  page = data as Whole<MoviePageQuery>;
});

describe('the movie page, field by field against what was loaded', () => {
  test('Postgres: the catalogue', () => {
    expect(page.movie).toMatchObject({
      id: 'm101',
      title: 'Inception',
      synopsis: inception?.synopsis,
      releaseYear: 2010,
      runtimeMinutes: 148,
      genres: inception?.genres,
      tags: inception?.tags,
      licensedFrom: '2010-07-16',
      licensedUntil: '2039-12-31',
    });
  });

  test('Redis: views and rank', async () => {
    expect(playsOfInception.length).toBeGreaterThan(0);
    expect(page.movie.viewCount).toBe(playsOfInception.length);
    const views = [...(await viewsSince(new Date(0))).values()];
    const above = views.filter((count) => count > playsOfInception.length).length;
    const atLeast = views.filter((count) => count >= playsOfInception.length).length;
    expect(page.movie.rank).toBeGreaterThan(above);
    expect(page.movie.rank).toBeLessThanOrEqual(atLeast);
  });

  test('Redis: trending, a view worth half as much after a day', async () => {
    const plays = await truth<{ movie_id: string; watched_at: Date }>(
      `SELECT movie_id, watched_at FROM user_watch WHERE action = 'PLAY'`,
    );
    const scores = new Map<string, number>();
    for (const { movie_id, watched_at } of plays) {
      const weight = 2 ** ((watched_at.getTime() - askedAt) / (24 * hourMs));
      scores.set(movie_id, (scores.get(movie_id) ?? 0) + weight);
    }
    const best = [...scores.values()].sort((a, b) => b - a);
    expect(page.trendingMovies).toHaveLength(5);
    for (const [place, { movie, score }] of page.trendingMovies.entries()) {
      expect(score / (scores.get(movie.id) ?? 0)).toBeCloseTo(1, 2);
      expect(score / (best[place] ?? 0)).toBeCloseTo(1, 2);
      expect(movie.title).toBe(films.find(({ id }) => id === movie.id)?.title);
    }
  });

  test('ClickHouse: the last 24 hours and each of its hours', () => {
    const since = (ms: number) => playsOfInception.filter(({ watchedAt }) => watchedAt.getTime() >= ms).length;
    // A view may have left the window between the question and this line.
    expect([since(askedAt - 24 * hourMs), since(Date.now() - 24 * hourMs)]).toContain(page.movie.viewsLast24h);
    expect(page.movie.viewsPerHour).toHaveLength(24);
    for (const { hour, views } of page.movie.viewsPerHour) {
      const from = Date.parse(hour);
      expect(from % hourMs).toBe(0);
      expect(views).toBe(since(from) - since(from + hourMs));
    }
  });

  test('ClickHouse: top of the week', async () => {
    const week = await viewsSince(new Date(askedAt - 7 * 24 * hourMs));
    const best = [...week.values()].sort((a, b) => b - a);
    expect(page.topMovies).toHaveLength(5);
    for (const [place, { movie, views }] of page.topMovies.entries()) {
      expect(movie.title).toBe(films.find(({ id }) => id === movie.id)?.title);
      // The materialized view counts whole hours, so the window begins up to an hour earlier or later.
      expect(Math.abs(views - (week.get(movie.id) ?? 0))).toBeLessThanOrEqual(3);
      expect(Math.abs(views - (best[place] ?? 0))).toBeLessThanOrEqual(3);
    }
  });

  test('Cassandra: what Alice watched last, newest first, and where she can go on', async () => {
    const hers = loaded
      .filter(({ userId }) => userId === alice.id)
      .sort((a, b) => b.watchedAt.getTime() - a.watchedAt.getTime());
    const newest = page.me.watchHistory.edges.map(({ node }: { node: Record<string, unknown> }) => node);
    const titleOf = (movieId: string) => films.find(({ id }) => id === movieId)?.title;
    expect(page.me).toMatchObject({ id: alice.id, name: 'Alice' });
    expect(newest).toEqual(
      hers.slice(0, 5).map(({ watchedAt, action, movieId }) => ({
        action,
        watchedAt: watchedAt.toISOString(),
        movie: { id: movieId, title: titleOf(movieId) },
      })),
    );
    expect(page.me.watchHistory.pageInfo.hasNextPage).toBe(hers.length > 5);

    const playbacks = await truth<{ movie_id: string; last_watched_at: Date; position_seconds: number }>(
      'SELECT * FROM playback WHERE user_id = $1 AND NOT completed ORDER BY last_watched_at DESC, movie_id LIMIT 5',
      [alice.id],
    );
    expect(page.me.continueWatching.edges.map(({ node }: { node: unknown }) => node)).toEqual(
      playbacks.map(({ movie_id, last_watched_at, position_seconds }) => ({
        movie: { id: movie_id, title: films.find(({ id }) => id === movie_id)?.title },
        lastWatchedAt: last_watched_at.toISOString(),
        positionSeconds: position_seconds,
      })),
    );
  });

  test('Cassandra: the whole history, page by page', async () => {
    const query = `query ($after: String) { me { watchHistory(first: 7, after: $after) {
      edges { node { id } } pageInfo { hasNextPage endCursor } } } }`;
    const ids: string[] = [];
    for (let after: string | null = null; ; ) {
      const answer: Answered = await ask(query, { token, variables: { after } });
      const { edges, pageInfo }: HistoryPage = answer.data.me.watchHistory;
      ids.push(...edges.map(({ node }) => node.id));
      if (!pageInfo.hasNextPage) break;
      after = pageInfo.endCursor;
    }
    const rows = await truth<{ event_id: string }>(
      'SELECT event_id FROM user_watch WHERE user_id = $1 ORDER BY watched_at DESC',
      [alice.id],
    );
    expect(new Set(ids)).toEqual(new Set(rows.map(({ event_id }) => event_id)));
    expect(ids).toHaveLength(rows.length);
  });

  test('S3: the poster is the film’s, and the video streams with Range from its signed URL', async () => {
    const poster = await fetch(page.movie.posterUrl);
    expect(poster.status).toBe(200);
    expect(await poster.text()).toContain('Inception');

    const part = await fetch(page.movie.streamingUrl, { headers: { range: 'bytes=4-11' } });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toMatch(/^bytes 4-11\/\d+$/);
    expect(part.headers.get('content-type')).toBe('video/mp4');
    expect((await part.text()).slice(0, 4)).toBe('ftyp');
  });

  test('MongoDB: the newest posts about the film with their first comments; Redis: their likes', () => {
    const about = [...demo.posts].filter(({ movieId }) => movieId === 'm101').reverse();
    const [comments, likes, views] = [[...demo.comments], [...demo.likes], [...demo.postViews]];
    expect(about.length).toBeGreaterThanOrEqual(3);
    const nameOf = (userId: string) => demo.users.find(({ id }) => id === userId)?.name;
    expect(page.movie.discussion.edges).toEqual(
      about.slice(0, 3).map(({ id, title, body, createdAt, authorId }) => ({
        node: {
          ...{ id, title, body, createdAt: createdAt.toISOString() },
          author: { id: authorId, name: nameOf(authorId) },
          viewCount: views.filter(({ postId }) => postId === id).length,
          likeCount: likes.filter(({ kind, targetId }) => kind === 'POST' && targetId === id).length,
          comments: {
            edges: comments
              .filter(({ postId }) => postId === id)
              .slice(0, 2)
              .map((comment) => ({
                node: {
                  id: comment.id,
                  body: comment.body,
                  author: { id: comment.authorId, name: nameOf(comment.authorId) },
                },
              })),
          },
        },
      })),
    );
  });

  test('Neo4j: those whom Alice follows who have watched it', () => {
    const followees = [...demo.follows].filter(({ followerId }) => followerId === alice.id);
    const watchers = new Set(loaded.filter(({ movieId }) => movieId === 'm101').map(({ userId }) => userId));
    const friends = followees.map(({ followeeId }) => followeeId).filter((id) => watchers.has(id));
    const shown = page.movie.friendsWhoWatched.map(({ id }: { id: string }) => id);
    expect(shown).toHaveLength(Math.min(5, friends.length));
    expect(shown.length).toBeGreaterThan(0);
    expect(friends).toEqual(expect.arrayContaining(shown));
    for (const { id, name } of page.movie.friendsWhoWatched) {
      expect(name).toBe(demo.users.find((user) => user.id === id)?.name);
    }
  });

  test('Elasticsearch: films that have something in common with it', () => {
    expect(page.movie.related).toHaveLength(5);
    for (const { id, title } of page.movie.related) {
      const film = films.find((film) => film.id === id);
      expect(title).toBe(film?.title);
      expect(id).not.toBe('m101');
      const its = new Set<string>([...(film?.tags ?? []), ...(film?.genres ?? [])]);
      const common = [...(inception?.tags ?? []), ...(inception?.genres ?? [])].filter((word) => its.has(word));
      expect(common).not.toEqual([]);
    }
  });

  test('Qdrant: films that mean something alike, nearest first', () => {
    const scores = page.movie.similar.map(({ score }: { score: number }) => score);
    expect(scores).toHaveLength(5);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    for (const { score, movie } of page.movie.similar) {
      expect(score).toBeGreaterThan(0.2);
      expect(score).toBeLessThan(1);
      expect(movie.id).not.toBe('m101');
      expect(movie.title).toBe(films.find(({ id }) => id === movie.id)?.title);
    }
  });

  test('QuestDB: what players reported, minute by minute', () => {
    const minuteMs = 60_000;
    const reports = [...demo.playbackMetrics].filter(({ movieId }) => movieId === 'm101');
    const from = (Math.floor(askedAt / minuteMs) - 59) * minuteMs;
    const minutes = Map.groupBy(
      reports.filter(({ measuredAt }) => measuredAt.getTime() >= from + minuteMs),
      ({ measuredAt }) => new Date(Math.floor(measuredAt.getTime() / minuteMs) * minuteMs).toISOString(),
    );
    const average = (numbers: number[]) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
    const shown = new Map(page.movie.playbackQuality.map((minute) => [minute.startsAt, minute]));
    expect(minutes.size).toBeGreaterThan(0);
    for (const [startsAt, ofMinute] of minutes) {
      expect(shown.get(startsAt)?.averageBitrateKbps).toBeCloseTo(
        average(ofMinute.map(({ averageBitrateKbps }) => averageBitrateKbps)),
        3,
      );
      expect(shown.get(startsAt)?.bufferingCountAverage).toBeCloseTo(
        average(ofMinute.map(({ bufferingCount }) => bufferingCount)),
        3,
      );
    }
  });

  test('Kafka: every sink has caught up', () => {
    const names = page.fanout.sinks.map(({ name }: { name: string }) => name).sort();
    expect(names).toEqual(['cassandra', 'clickhouse', 'elasticsearch', 'neo4j', 'qdrant', 'questdb', 'redis', 's3']);
    for (const sink of page.fanout.sinks) expect(sink).toMatchObject({ lag: 0, deadLetters: 0 });
  });
});

test('watchersOn tells who watched on a day, with the scope analytics', async () => {
  const day = playsOfInception[0]?.watchedAt.toISOString().slice(0, 10);
  const expected = new Set(
    playsOfInception
      .filter(({ watchedAt }) => watchedAt.toISOString().startsWith(day ?? ''))
      .map(({ userId }) => userId),
  );
  const query = 'query ($date: Date!) { movie(id: "m101") { watchersOn(date: $date) { id } } }';
  const bobs = await login({ email: 'bob@streamshop.example', password: 'demo-bob-2' });
  const { data, errors } = await ask(query, { token: bobs, variables: { date: day } });
  expect(errors).toEqual([]);
  expect(new Set(data.movie.watchersOn.map(({ id }: { id: string }) => id))).toEqual(expected);
  expect((await ask(query, { token, variables: { date: day } })).errors[0]?.extensions?.code).toBe('FORBIDDEN');
});

test('a movie that does not exist is null, with one NOT_FOUND at its path', async () => {
  const { data, errors } = await ask('{ movie(id: "m0") { id title genres viewCount } }');
  expect(data).toEqual({ movie: null });
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatchObject({ path: ['movie'], extensions: { code: 'NOT_FOUND' } });
});

test('lists by genre, tag and year hold just the films that fit', async () => {
  const list = async (variables: object) => {
    const ids: string[] = [];
    for (let after: string | null = null; ; ) {
      const { data, errors }: Answered = await ask(
        `query ($after: String, $genre: String, $tag: String, $yearFrom: Int, $yearTo: Int) {
          movies(first: 20, after: $after, genre: $genre, tag: $tag, yearFrom: $yearFrom, yearTo: $yearTo) {
            edges { node { id } } pageInfo { hasNextPage endCursor } } }`,
        { variables: { ...variables, after } },
      );
      expect(errors).toEqual([]);
      ids.push(...data.movies.edges.map(({ node }: { node: { id: string } }) => node.id));
      if (!data.movies.pageInfo.hasNextPage) return ids.sort();
      after = data.movies.pageInfo.endCursor;
    }
  };
  const where = (fits: (film: (typeof films)[number]) => boolean) =>
    films
      .filter(fits)
      .map(({ id }) => id)
      .sort();
  const genre = inception?.genres[0] ?? 'Sci-Fi';
  const tag = inception?.tags[0] ?? '';
  expect(await list({})).toEqual(expect.arrayContaining(where(() => true)));
  expect(await list({ genre })).toEqual(where((film) => film.genres.includes(genre)));
  expect(await list({ tag })).toEqual(where((film) => film.tags.includes(tag)));
  expect(await list({ yearFrom: 1990, yearTo: 1999 })).toEqual(
    where(({ releaseYear }) => releaseYear >= 1990 && releaseYear <= 1999),
  );
});
