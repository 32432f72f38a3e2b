/** A movie that those whom the user follows have watched. */
export interface MovieOfFriends {
  movieId?: string | null;
  friendIds?: readonly (string | null)[] | null;
  friendCount?: number | null;
}

/** A movie that is like what the user watched lately. */
export interface MovieLikeWatched {
  movieId?: string | null;
  similarity?: number | null;
  /** Which of those that they watched. */
  watchedMovieId?: string | null;
}

export interface PopularMovie {
  movieId?: string | null;
  views?: number | null;
}

type Signal<Item> = readonly (Item | null)[] | null;

/** What the stores propose to a user, each as the gateway got it: null where a store did not answer. */
export interface Signals {
  moviesOfFriends?: Signal<MovieOfFriends>;
  moviesLikeWatched?: Signal<MovieLikeWatched>;
  popularMovies?: Signal<PopularMovie>;
  watchedMovieIds?: Signal<string>;
}

export type Reason =
  | { kind: 'FRIENDS_WATCHED'; userIds: string[] }
  | { kind: 'SIMILAR_TO_WATCHED'; movieId: string | null }
  | { kind: 'POPULAR' };

export interface RankedMovie {
  movieId: string;
  /** More than 0, and 1 for a movie that is the first of every list. */
  score: number;
  /** In the order in which `Reason` names them. */
  reasons: Reason[];
}

/** How much a place counts, by who proposes. */
const weights = { friends: 1, similarity: 1, popularity: 0.5 };
/** How little one place differs from the next: with the usual 60, the 62nd place counts half as much as the first. */
const smoothing = 60;
const mostUsersPerReason = 3;

/** What the first place of every list would give. */
const most = Object.values(weights).reduce((sum, weight) => sum + weight) / (smoothing + 1);

/**
 * Merges what the stores propose by reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009): from each list that
 * has it, a movie gets the list's weight over `smoothing` plus its place; best first, equals by id. What the user has watched
 * is left out before there are places. Lists may come in any order: equal values have equal places.
 * @returns null when no store that proposes movies has answered
 */
export function rank(signals: Signals): RankedMovie[] | null {
  const { moviesOfFriends, moviesLikeWatched, popularMovies } = signals;
  if (!moviesOfFriends && !moviesLikeWatched && !popularMovies) return null;

  const watched = watchedIn(signals);
  const proposals = [
    ...proposalsOf(moviesOfFriends, watched, {
      weight: weights.friends,
      heightOf: ({ friendCount }) => friendCount,
      reasonOf: ({ friendIds }) => ({
        kind: 'FRIENDS_WATCHED',
        userIds: known(friendIds).slice(0, mostUsersPerReason),
      }),
    }),
    ...proposalsOf(moviesLikeWatched, watched, {
      weight: weights.similarity,
      heightOf: ({ similarity }) => similarity,
      reasonOf: ({ watchedMovieId = null }) => ({ kind: 'SIMILAR_TO_WATCHED', movieId: watchedMovieId }),
    }),
    ...proposalsOf(popularMovies, watched, {
      weight: weights.popularity,
      heightOf: ({ views }) => views,
      reasonOf: () => ({ kind: 'POPULAR' }),
    }),
  ];
  return [...Map.groupBy(proposals, ({ movieId }) => movieId)]
    .map(([movieId, ofMovie]) => ({
      ...{ movieId, score: scoreOf(ofMovie), reasons: ofMovie.map(({ reason }) => reason) },
    }))
    .sort((a, b) => b.score - a.score || (a.movieId < b.movieId ? -1 : 1));
}

/** All that is known to have been watched: where the whole list is missing, at least what others were found to be like. */
const watchedIn = ({ watchedMovieIds, moviesLikeWatched }: Signals): ReadonlySet<string> =>
  new Set([
    ...known(watchedMovieIds),
    ...known(known(moviesLikeWatched).map(({ watchedMovieId = null }) => watchedMovieId)),
  ]);

/** How a list is read. */
interface Reading<Item> {
  weight: number;
  /** What the list is in the order of, highest first. */
  heightOf(item: Item): number | null | undefined;
  reasonOf(item: Item): Reason;
}

/** A movie in one of the lists. */
interface Proposal {
  movieId: string;
  /** What its place counts. */
  worth: number;
  reason: Reason;
}

function proposalsOf<Item extends { movieId?: string | null }>(
  signal: Signal<Item> | undefined,
  watched: ReadonlySet<string>,
  { weight, heightOf, reasonOf }: Reading<Item>,
): Proposal[] {
  const unwatched = known(signal)
    .map((item) => ({ item, movieId: item.movieId ?? '', value: heightOf(item) ?? 0 }))
    .filter(({ movieId }) => movieId && !watched.has(movieId))
    .sort((a, b) => b.value - a.value);
  const proposals = new Map<string, Proposal>();
  let [place, valueThere] = [0, Number.NaN];
  for (const { item, movieId, value } of unwatched) {
    if (proposals.has(movieId)) continue;
    if (value !== valueThere) [place, valueThere] = [proposals.size + 1, value];
    proposals.set(movieId, { movieId, worth: weight / (smoothing + place), reason: reasonOf(item) });
  }
  return [...proposals.values()];
}

/** Between 0 and 1. Rounded, so that what is equal by the rule is not told apart by the last bit. */
function scoreOf(proposals: readonly Proposal[]): number {
  const sum = proposals.reduce((total, { worth }) => total + worth, 0);
  return Math.round((sum / most) * 1e6) / 1e6;
}

const known = <Item>(items: readonly (Item | null)[] | null | undefined): Item[] =>
  (items ?? []).filter((item) => item !== null);
