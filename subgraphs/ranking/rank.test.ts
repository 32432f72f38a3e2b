import { expect, test } from 'vitest';
import { createRandom, type Random } from '../../seed/generate/random.ts';
import { type RankedMovie, rank, type Signals } from './rank.ts';

/** Lists as hostile as the types allow: in any order, with equal values, with gaps, and with movies twice. */
function randomSignals({ int, chance, pick, shuffle }: Random): Signals {
  const films = Array.from({ length: int(1, 40) }, (_, index) => `m${index}`);
  const someFilms = () => shuffle(films).slice(0, int(0, films.length));
  const maybe = <T>(value: T) => (chance(0.05) ? null : value);
  const list = <T>(make: (movieId: string) => T) => {
    const items = [...someFilms(), ...(chance(0.3) ? someFilms().slice(0, 3) : [])].map((id) => maybe(make(id)));
    return pick([items, items, items, items, null, undefined, []]);
  };
  return {
    moviesOfFriends: list((movieId) => ({
      movieId: maybe(movieId),
      friendIds: maybe(Array.from({ length: int(0, 5) }, (_, index) => maybe(`u${index}`))),
      friendCount: maybe(int(0, 8)),
    })),
    moviesLikeWatched: list((movieId) => ({
      movieId: maybe(movieId),
      similarity: maybe(int(-3, 10) / 10),
      watchedMovieId: maybe(chance(0.1) ? pick(films) : `w${int(0, 9)}`),
    })),
    popularMovies: list((movieId) => ({ movieId: maybe(movieId), views: maybe(int(0, 12)) })),
    watchedMovieIds: list((movieId) => movieId),
  };
}

/** What the rule says, movie by movie, in whole numbers: millionths of the score by id. */
function bruteForce(signals: Signals): Map<string, number> {
  const { moviesOfFriends, moviesLikeWatched, popularMovies, watchedMovieIds } = signals;
  const watched = [
    ...(watchedMovieIds ?? []),
    ...(moviesLikeWatched ?? []).map((movie) => movie?.watchedMovieId ?? null),
  ];
  const lists = [
    { halves: 2n, items: (moviesOfFriends ?? []).map((movie) => [movie?.movieId, movie?.friendCount] as const) },
    { halves: 2n, items: (moviesLikeWatched ?? []).map((movie) => [movie?.movieId, movie?.similarity] as const) },
    { halves: 1n, items: (popularMovies ?? []).map((movie) => [movie?.movieId, movie?.views] as const) },
  ].map(({ halves, items }) => {
    const best: Record<string, number> = {};
    for (const [id, value] of items) {
      if (id && !watched.includes(id)) best[id] = Math.max(best[id] ?? Number.NEGATIVE_INFINITY, value ?? 0);
    }
    return { halves, best };
  });
  const ids = new Set(lists.flatMap(({ best }) => Object.keys(best)));
  return new Map(
    [...ids].map((id) => {
      // The sum as a fraction.
      let [above, below] = [0n, 1n];
      for (const { halves, best } of lists) {
        const own = best[id];
        if (own === undefined) continue;
        const place = 1n + BigInt(Object.values(best).filter((value) => value > own).length);
        [above, below] = [above * (60n + place) + halves * below, below * (60n + place)];
      }
      // The three first places give 5 halves / 61.
      const millionths = (above * 61n * 1_000_000n * 2n + below * 5n) / (below * 5n * 2n);
      return [id, Number(millionths)];
    }),
  );
}

const rankAll = (signals: Signals): RankedMovie[] => rank(signals) ?? [];

test('the scores of any lists, and their order, are those of a computation by hand', () => {
  for (let seed = 1; seed <= 1_000; seed += 1) {
    const signals = randomSignals(createRandom(`scores ${seed}`));
    const expected = [...bruteForce(signals)].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
    const ranked = rankAll(signals).map(({ movieId, score }) => [movieId, Math.round(score * 1e6)]);
    expect(ranked, `seed ${seed}`).toEqual(expected);
  }
});

test('of any lists come no movie twice, none that was watched, and each with the reasons of the lists that have it', () => {
  for (let seed = 1; seed <= 1_000; seed += 1) {
    const signals = randomSignals(createRandom(`reasons ${seed}`));
    const { moviesOfFriends, moviesLikeWatched, popularMovies, watchedMovieIds } = signals;
    const ranked = rankAll(signals);
    const ids = ranked.map(({ movieId }) => movieId);
    expect(new Set(ids).size, `seed ${seed}`).toBe(ids.length);
    expect(
      ids.filter((id) => watchedMovieIds?.includes(id)),
      `seed ${seed}`,
    ).toEqual([]);
    for (const { movieId, reasons, score } of ranked) {
      expect(score > 0 && score <= 1, `seed ${seed}`).toBe(true);
      const has = (list?: readonly ({ movieId?: string | null } | null)[] | null) =>
        (list ?? []).some((movie) => movie?.movieId === movieId);
      expect(
        reasons.map(({ kind }) => kind),
        `seed ${seed}`,
      ).toEqual([
        ...(has(moviesOfFriends) ? ['FRIENDS_WATCHED'] : []),
        ...(has(moviesLikeWatched) ? ['SIMILAR_TO_WATCHED'] : []),
        ...(has(popularMovies) ? ['POPULAR'] : []),
      ]);
      for (const reason of reasons) {
        if (reason.kind === 'FRIENDS_WATCHED') expect(reason.userIds.length, `seed ${seed}`).toBeLessThanOrEqual(3);
      }
    }
  }
});

const friends = { movieId: 'a', friendIds: ['u1', 'u2', 'u3', 'u4'], friendCount: 9 };
const alike = { movieId: 'b', similarity: 0.5, watchedMovieId: 'w' };
const popular = { movieId: 'c', views: 100 };
const noSignals = { moviesOfFriends: null, moviesLikeWatched: null, popularMovies: null, watchedMovieIds: null };

test('the first of all three lists has 1, of friends or similarity 0.4, of popularity 0.2', () => {
  const same = { moviesOfFriends: [{ ...friends, movieId: 'x' }], moviesLikeWatched: [{ ...alike, movieId: 'x' }] };
  expect(rankAll({ ...same, popularMovies: [{ ...popular, movieId: 'x' }] }).map(({ score }) => score)).toEqual([1]);
  const apart = { moviesOfFriends: [friends], moviesLikeWatched: [alike], popularMovies: [popular] };
  expect(rankAll(apart)).toEqual([
    { movieId: 'a', score: 0.4, reasons: [{ kind: 'FRIENDS_WATCHED', userIds: ['u1', 'u2', 'u3'] }] },
    { movieId: 'b', score: 0.4, reasons: [{ kind: 'SIMILAR_TO_WATCHED', movieId: 'w' }] },
    { movieId: 'c', score: 0.2, reasons: [{ kind: 'POPULAR' }] },
  ]);
});

test('two lists that have a movie far down beat one that has another first', () => {
  const others = Array.from({ length: 30 }, (_, index) => ({ movieId: `o${index}`, friendCount: 50 - index }));
  const ranked = rankAll({
    ...{ moviesOfFriends: [...others, { ...friends, movieId: 'both', friendCount: 1 }], popularMovies: [] },
    moviesLikeWatched: [alike, { ...alike, movieId: 'both', similarity: 0.1 }],
  });
  expect(ranked[0]?.movieId).toBe('both');
});

test('a list that is missing costs its own reasons only; without any there is no answer, and from empty ones an empty one', () => {
  expect(rankAll({ ...noSignals, popularMovies: [popular] })).toMatchObject([{ movieId: 'c', score: 0.2 }]);
  expect(rank(noSignals)).toBeNull();
  expect(rank({ ...noSignals, watchedMovieIds: ['m1'] })).toBeNull();
  expect(rank({})).toBeNull();
  expect(rank({ ...noSignals, moviesOfFriends: [] })).toEqual([]);
});

test('without the list of what was watched, the movies that others are like are known to have been', () => {
  const popularMovies = [popular, { movieId: 'w', views: 200 }];
  const ids = rankAll({ moviesLikeWatched: [alike], popularMovies }).map(({ movieId }) => movieId);
  expect(ids).toEqual(['b', 'c']);
  expect(rankAll({ popularMovies }).map(({ movieId }) => movieId)).toEqual(['w', 'c']);
});
