import { Bad } from './problems.ts';

/** A row of movies.csv. */
export interface MovieRow {
  movieId: number;
  title: string;
  releaseYear: number;
  genres: string[];
}

/** A row of ratings.csv. What was rated how is not kept: a rating is a watch. */
export interface RatingRow {
  userId: number;
  movieId: number;
  watchedAt: Date;
}

/** A row of tags.csv. */
export interface TagRow {
  userId: number;
  movieId: number;
  tag: string;
}

/** A row of links.csv. */
export interface LinkRow {
  movieId: number;
  imdbId: string | undefined;
  tmdbId: string | undefined;
}

/** The command's bounds (subgraphs/postgres/commands/change-movies.ts), so that one row does not hold up its chunk. */
const most = { titleLength: 300, wordLength: 100, genres: 20, year: 2200 };
const firstFilmYear = 1888;

/** MovieLens began in 1995; the oldest of its ratings are from 9 January. */
const earliestSeconds = Date.UTC(1995, 0, 1) / 1_000;

/** Ends `Toy Story (1995)`; a series may have a span, `Fawlty Towers (1975-1979)`. */
const yearAtEnd = /\((?<year>\d{4})(?:[-–]\d{0,4})?\)$/u;

export function movieRow([movieId = '', titleWithYear = '', genres = '']: readonly string[]): MovieRow | Bad {
  const id = idOf(movieId);
  if (id === undefined) return new Bad('movieId', movieId);
  const ending = yearAtEnd.exec(titleWithYear.trimEnd());
  const releaseYear = Number(ending?.groups?.year);
  if (!ending || releaseYear < firstFilmYear || releaseYear > most.year) return new Bad('year', titleWithYear);
  const title = titleWithYear.slice(0, ending.index).trim();
  if (!isStorable(title, most.titleLength)) return new Bad('title', titleWithYear);
  const names = genresOf(genres);
  if (names.length > most.genres || !names.every((name) => isStorable(name, most.wordLength))) {
    return new Bad('genres', genres);
  }
  return { movieId: id, title, releaseYear, genres: names };
}

export function ratingRow([userId = '', movieId = '', rating = '', time = '']: readonly string[]): RatingRow | Bad {
  const [user, movie] = [idOf(userId), idOf(movieId)];
  if (user === undefined) return new Bad('userId', userId);
  if (movie === undefined) return new Bad('movieId', movieId);
  if (!isRating(rating)) return new Bad('rating', rating);
  const watchedAt = timeOf(time);
  return watchedAt instanceof Bad ? watchedAt : { userId: user, movieId: movie, watchedAt };
}

export function tagRow([userId = '', movieId = '', tag = '', time = '']: readonly string[]): TagRow | Bad {
  const [user, movie] = [idOf(userId), idOf(movieId)];
  if (user === undefined) return new Bad('userId', userId);
  if (movie === undefined) return new Bad('movieId', movieId);
  const name = tag.normalize('NFC').trim().replaceAll(/\s+/g, ' ');
  if (!isStorable(name, most.wordLength)) return new Bad('tag', tag);
  const taggedAt = timeOf(time);
  return taggedAt instanceof Bad ? taggedAt : { userId: user, movieId: movie, tag: name };
}

export function linkRow([movieId = '', imdbId = '', tmdbId = '']: readonly string[]): LinkRow | Bad {
  const movie = idOf(movieId);
  if (movie === undefined) return new Bad('movieId', movieId);
  if (!/^\d{0,10}$/.test(imdbId)) return new Bad('imdbId', imdbId);
  if (!/^([1-9]\d{0,9})?$/.test(tmdbId)) return new Bad('tmdbId', tmdbId);
  return {
    movieId: movie,
    imdbId: imdbId === '' ? undefined : `tt${imdbId.padStart(7, '0')}`,
    tmdbId: tmdbId === '' ? undefined : tmdbId,
  };
}

const idOf = (text: string): number | undefined => (/^(0|[1-9]\d{0,9})$/.test(text) ? Number(text) : undefined);

const isRating = (text: string): boolean =>
  /^\d(\.\d+)?$/.test(text) && Number.isInteger(Number(text) * 2) && Number(text) >= 0.5 && Number(text) <= 5;

function timeOf(text: string): Date | Bad {
  if (!/^\d{1,12}$/.test(text)) return new Bad('time', text);
  const seconds = Number(text);
  if (seconds < earliestSeconds) return new Bad('early', text);
  if (seconds * 1_000 > Date.now()) return new Bad('future', text);
  return new Date(seconds * 1_000);
}

function genresOf(text: string): string[] {
  if (text.trim() === '(no genres listed)') return [];
  const names = text.split('|').map((name) => name.trim());
  return [...new Set(names.filter(Boolean))];
}

/** Postgres takes no NUL (PostgreSQL manual, 8.14.1). */
const isStorable = (text: string, mostLength: number): boolean =>
  text.length > 0 && text.length <= mostLength && !text.includes('\0');
