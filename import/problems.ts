/** Why a row is left out, in one table; `bad` names what the row has instead. */
export const problems = {
  columns: 'wrong number of columns',
  quote: 'a quote that is not closed, or stands within a field',
  notUtf8: 'not UTF-8 text',
  tooLong: 'line too long',
  movieId: 'not a movie id',
  userId: 'not a user id',
  title: 'no title, or one that cannot be stored',
  year: 'no year such as (1995) at the end of the title',
  genres: 'genres that cannot be stored',
  sameMovie: 'movie named twice',
  unknownMovie: 'unknown movie',
  imdbId: 'not an IMDb id',
  tmdbId: 'not a TMDB id',
  tag: 'no tag, or one that cannot be stored',
  rating: 'not a rating from 0.5 to 5 in half steps',
  time: 'not a time in seconds',
  early: 'a time before MovieLens began',
  future: 'a time in the future',
  duplicate: 'the same user, movie and time as a row before',
  refused: 'refused by the source of truth',
} as const;

export type Problem = keyof typeof problems;

/** Instead of a row: why it is left out. */
export class Bad {
  readonly problem: Problem;
  /** What stands there, or what the source of truth says. */
  readonly detail: string | undefined;

  constructor(problem: Problem, detail?: string) {
    this.problem = problem;
    this.detail = detail;
  }
}
