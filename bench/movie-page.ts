import { moviePageOperation } from '../gateway/server.ts';
import { sinkProgress } from '../subgraphs/kafka/queries.ts';
import { one } from './answers.ts';
import { readFilm } from './movie-page/film.ts';
import { readLists } from './movie-page/lists.ts';
import { readPeople } from './movie-page/people.ts';
import type { Page } from './pages.ts';
import { type Stores, viewerOf } from './stores.ts';

const movieId = 'm101';

/** The movie page of Inception, as Alice. */
export const moviePage: Page = {
  name: 'movie-page',
  title: 'The movie page (Alice, Inception)',
  query: moviePageOperation,
  variables: { id: movieId },
  viewer: { userId: 'u123', scopes: [] },
  byHand,
};

/**
 * The page as one would write it without a graph: the same queries, each begun as soon as what it needs is there, the titles of all
 * films that the lists name in one query, and the names of all people in another.
 */
async function byHand(stores: Stores, token: string | undefined): Promise<object> {
  const asked = viewerOf(stores, token);
  const film = readFilm(stores, movieId);
  const [own, lists, people, progress] = await Promise.all([
    film,
    readLists(stores, film, { movieId, viewer: asked }),
    readPeople(stores, { movieId, viewer: asked }),
    one(sinkProgress(stores.kafka, ['all'])),
  ]);
  const { related, similar, trendingMovies, topMovies, continueWatching, watchHistory } = lists;
  const { viewer, friendsWhoWatched, discussion } = people;
  return {
    movie: { ...own, discussion, friendsWhoWatched, related, similar },
    trendingMovies,
    topMovies,
    me: { ...viewer, continueWatching, watchHistory },
    fanout: { sinks: progress.map(({ name, lag, deadLetters }) => ({ name, lag, deadLetters })) },
  };
}
