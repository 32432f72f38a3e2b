import type { Viewer } from '../gateway/request.ts';
import { viewsLast24h } from '../subgraphs/clickhouse/queries.ts';
import { relatedMovies } from '../subgraphs/elasticsearch/queries.ts';
import { discussions } from '../subgraphs/mongo/queries.ts';
import { friendsWhoWatched } from '../subgraphs/neo4j/queries.ts';
import { moviePages } from '../subgraphs/postgres/queries.ts';
import { similarMovies } from '../subgraphs/qdrant/queries.ts';
import { playbackQuality } from '../subgraphs/questdb/queries.ts';
import { movieCounters } from '../subgraphs/redis/queries.ts';
import { readPosters } from './media.ts';
import type { Page } from './pages.ts';
import { type Stores, viewerOf } from './stores.ts';

const firstPage = { first: 50, after: null, genre: null, tag: null, yearFrom: null, yearTo: null };

/**
 * The newest fifty films with a value of each of the nine stores that know films: what asking all nine for fifty keys at once, and
 * merging what they say, costs.
 */
export const fiftyMovies: Page = {
  name: 'fifty-movies',
  title: 'A list of fifty movies (Alice, nine stores)',
  query: `query FiftyMovies {
    movies(first: 50) {
      edges {
        node {
          title
          viewCount
          rank
          viewsLast24h
          posterUrl
          discussion(first: 1) { edges { node { title } } }
          friendsWhoWatched(first: 3) { id }
          related(first: 3) { id }
          similar(first: 3) { movie { id } }
          playbackQuality(lastMinutes: 60) { startsAt averageBitrateKbps }
        }
      }
    }
  }`,
  viewer: { userId: 'u123', scopes: [] },
  byHand,
};

async function byHand(stores: Stores, token: string | undefined): Promise<object> {
  const films = moviePages(stores.postgres, [firstPage]).then(([page]) => page?.movies ?? []);
  const ids = films.then((movies) => movies.map(({ id }) => id));
  const [movies, values, own] = await Promise.all([
    films,
    ids.then((ids) => readValues(stores, ids)),
    Promise.all([ids, viewerOf(stores, token)]).then(([ids, viewer]) => readForViewer(stores, ids, viewer)),
  ]);
  const edges = movies.map(({ title }, index) => ({ node: { title, ...values[index], ...own[index] } }));
  return { movies: { edges } };
}

/** What the other stores know of the films, whoever asks. */
async function readValues({ redis, clickhouse, s3, elasticsearch, qdrant, questdb }: Stores, ids: string[]) {
  const each = <Wish extends object>(wish: Wish) => ids.map((id) => ({ id, ...wish }));
  const [counters, lastDays, posters, related, similar, minutes] = await Promise.all([
    movieCounters(redis, ids),
    viewsLast24h(clickhouse, ids),
    readPosters(s3, ids),
    relatedMovies(elasticsearch, each({ first: 3 })),
    similarMovies(qdrant, each({ first: 3, genre: null, yearFrom: null, yearTo: null })),
    playbackQuality(questdb, each({ lastMinutes: 60 })),
  ]);
  return ids.map((id, index) => ({
    ...counters[index],
    viewsLast24h: lastDays[index],
    posterUrl: posters.get(id),
    related: related[index]?.map(idOnly),
    similar: similar[index]?.map(({ movieId }) => ({ movie: { id: movieId } })),
    playbackQuality: minutes[index]?.map(({ startsAt, averageBitrateKbps }) => ({ startsAt, averageBitrateKbps })),
  }));
}

/** What depends on who asks: whose friends, and whom they do not want to meet. */
async function readForViewer(
  { mongo, neo4j }: Stores,
  ids: string[],
  { userId: viewerId, blocks: hidden = [] }: Viewer,
) {
  const [posts, friends] = await Promise.all([
    discussions(
      mongo,
      ids.map((id) => ({ id, page: { first: 1, after: null }, hidden })),
    ),
    friendsWhoWatched(
      neo4j,
      ids.map((movieId) => ({ viewerId, movieId, first: 3, hiddenIds: hidden })),
    ),
  ]);
  return ids.map((_, index) => ({
    discussion: { edges: posts[index]?.slice(0, 1).map(({ title }) => ({ node: { title } })) },
    friendsWhoWatched: friends[index]?.map(idOnly),
  }));
}

const idOnly = (id: string) => ({ id });
