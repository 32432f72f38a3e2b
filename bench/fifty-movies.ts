import { viewsLast24h } from '../subgraphs/clickhouse/queries.ts';
import { moviePages } from '../subgraphs/postgres/queries.ts';
import { movieCounters } from '../subgraphs/redis/queries.ts';
import { mediaOf } from '../subgraphs/s3/queries.ts';
import type { Page } from './page.ts';
import type { Stores } from './stores.ts';

const firstPage = { first: 50, after: null, genre: null, tag: null, yearFrom: null, yearTo: null };
const posterSeconds = 3_600;

/** The newest fifty films with a value of each of four stores: what merging many entities costs. */
export const fiftyMovies: Page = {
  name: 'fifty-movies',
  title: 'A list of fifty movies',
  query: `query FiftyMovies {
    movies(first: 50) { edges { node { title viewCount rank viewsLast24h posterUrl } } }
  }`,
  byHand,
};

async function byHand({ postgres, redis, clickhouse, s3 }: Stores): Promise<object> {
  const movies = (await moviePages(postgres, [firstPage]))[0]?.movies ?? [];
  const ids = movies.map(({ id }) => id);
  const [counters, lastDays, posters] = await Promise.all([
    movieCounters(redis, ids),
    viewsLast24h(clickhouse, ids),
    mediaOf(s3, ids).then((all) => Promise.all(all.map(({ poster }) => poster && s3.sign(poster, posterSeconds)))),
  ]);
  const edges = movies.map(({ title }, index) => ({
    node: { title, ...counters[index], viewsLast24h: lastDays[index], posterUrl: posters[index] },
  }));
  return { movies: { edges } };
}
