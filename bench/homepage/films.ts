import type { Viewer } from '../../gateway/request.ts';
import { continueWatching, type StartedMovie } from '../../subgraphs/cassandra/queries.ts';
import { moviesOfFriends, watchedMovieIds } from '../../subgraphs/neo4j/proposals.ts';
import { moviesLikeWatched } from '../../subgraphs/qdrant/like-watched.ts';
import { type RankedMovie, type Reason, rank } from '../../subgraphs/ranking/rank.ts';
import { type RankedMovie as Leader, leaderboards } from '../../subgraphs/redis/queries.ts';
import { one } from '../answers.ts';
import { readPosters } from '../media.ts';
import type { Named, Titled } from '../names.ts';
import type { Stores } from '../stores.ts';

const shownStarted = 5;
const shownRecommendations = 10;
const shownLeaders = 10;

/**
 * Begins the page's three lists of films, and then their posters in one query. The leaderboard is a list of its own and says what is
 * popular as well.
 * @returns `lists` as soon as they are known, and their posters
 */
export function askForFilms(stores: Stores, viewer: Promise<Viewer>) {
  const popular = one(leaderboards(stores.redis, ['WEEK']));
  const own = viewer.then((viewer) => readOwn(stores, viewer));
  const lists = Promise.all([own, popular]).then(
    ([{ started, ...signals }, popularMovies]): Lists => ({
      started: started.slice(0, shownStarted),
      recommended: (rank({ ...signals, popularMovies }) ?? []).slice(0, shownRecommendations),
      leaders: popularMovies.slice(0, shownLeaders),
    }),
  );
  const posters = lists.then((lists) => readPosters(stores.s3, [...new Set(shownIds(lists))]));
  return { lists, posters };
}

/** Each as long as it is shown. */
interface Lists {
  started: readonly StartedMovie[];
  recommended: readonly RankedMovie[];
  leaders: readonly Leader[];
}

type Posters = Awaited<ReturnType<typeof askForFilms>['posters']>;

/** What the viewer has begun to watch, and what the stores propose to them. */
async function readOwn({ cassandra, neo4j, qdrant }: Stores, { userId, blocks: hiddenIds = [] }: Viewer) {
  const [started, ofFriends, watched, alike] = await Promise.all([
    one(continueWatching(cassandra, [{ userId, first: shownStarted, after: null }])),
    one(moviesOfFriends(neo4j, [{ userId, hiddenIds }])),
    one(watchedMovieIds(neo4j, [userId])),
    one(moviesLikeWatched(qdrant, [userId])),
  ]);
  return { started, moviesOfFriends: ofFriends, watchedMovieIds: watched, moviesLikeWatched: alike };
}

/** The films that the lists show, with repetitions. */
const shownIds = ({ started, recommended, leaders }: Lists): string[] =>
  [...started, ...recommended, ...leaders].map(({ movieId }) => movieId);

/** All films that the lists name: those that they show, and those that others are like. */
export const namedFilms = (lists: Lists): string[] => [
  ...shownIds(lists),
  ...reasonsOf(lists).flatMap((reason) => (reason.kind === 'SIMILAR_TO_WATCHED' ? (reason.movieId ?? []) : [])),
];

/** The friends who have watched what is recommended. */
export const namedFriends = (lists: Lists): string[] =>
  reasonsOf(lists).flatMap((reason) => (reason.kind === 'FRIENDS_WATCHED' ? reason.userIds : []));

const reasonsOf = ({ recommended }: Lists) => recommended.flatMap(({ reasons }) => reasons);

/** The lists as the page shows them. */
export function shownFilms(
  { started, recommended, leaders }: Lists,
  posters: Posters,
  { titled, named }: { titled: Titled; named: Named },
) {
  const shown = (id: string) => ({ ...titled(id), posterUrl: posters.get(id) });
  const reasonOf = (reason: Reason) => ({
    kind: reason.kind,
    movie: reason.kind === 'SIMILAR_TO_WATCHED' && reason.movieId !== null ? titled(reason.movieId) : null,
    users: reason.kind === 'FRIENDS_WATCHED' ? reason.userIds.map(named) : [],
  });
  return {
    continueWatching: {
      edges: started.map(({ positionSeconds, movieId }) => ({ node: { positionSeconds, movie: shown(movieId) } })),
    },
    recommendations: recommended.map(({ score, reasons, movieId }) => ({
      ...{ score, reasons: reasons.map(reasonOf), movie: shown(movieId) },
    })),
    leaderboard: leaders.map(({ views, movieId }, index) => ({ rank: index + 1, views, movie: shown(movieId) })),
  };
}
