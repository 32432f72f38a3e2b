import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom, type Random } from '../seed/generate/random.ts';
import type { FileName } from './files.ts';
import { type Problem, problems } from './problems.ts';
import type { Counts } from './skipped.ts';

export interface GenerateOptions {
  /** Is created. */
  folder: string;
  seed: string;
  films: number;
  users: number;
  /** Good ones, shared among the users; at most half as many for each as there are films. */
  ratings: number;
  /** The newest ratings are a minute older. */
  now: Date;
  /** Whether a bad row comes after every forty good ones. */
  hasBadRows: boolean;
}

/** What an import of the folder must give, told by who wrote it and not by who reads it. */
export interface Generated {
  films: ExpectedFilm[];
  watches: ExpectedWatch[];
  /** Rows to be left out, by file and reason. */
  bad: Counts;
}

export interface ExpectedFilm {
  id: string;
  title: string;
  releaseYear: number;
  genres: string[];
  tags: string[];
  imdbId: string | null;
  tmdbId: string | null;
}

export interface ExpectedWatch {
  userId: string;
  movieId: string;
  watchedAt: Date;
}

/** A row that must be left out, and why; made anew each time, since it names what is there. */
type BadRow = () => [Problem, string];

/** Writes a folder in MovieLens format, with a BOM here and CRLF there. The same options write the same folder. */
export function generateFolder(options: GenerateOptions): Generated {
  mkdirSync(options.folder, { recursive: true });
  const bad: Counts = {};
  const open = (name: FileName, badRows: BadRow[]) =>
    openFile({ name, badRows: options.hasBadRows ? badRows : [] }, options, bad);
  const random = createRandom(options.seed);
  const films = writeMovies(open, options);
  writeTags(open, films, random);
  return { films, watches: writeRatings(open, options, random), bad };
}

type Open = (name: FileName, badRows: BadRow[]) => OpenFile;

interface OpenFile {
  row(text: string): void;
  close(): void;
}

const headers: Record<FileName, string> = {
  'movies.csv': '\uFEFFmovieId,title,genres\r\n',
  'links.csv': 'movieId,imdbId,tmdbId\n',
  'tags.csv': 'userId,movieId,tag,timestamp\n',
  'ratings.csv': 'userId,movieId,rating,timestamp\r\n',
};
const goodRowsPerBad = 40;

function openFile(
  { name, badRows }: { name: FileName; badRows: BadRow[] },
  { folder }: GenerateOptions,
  bad: Counts,
): OpenFile {
  const file = openSync(join(folder, name), 'w');
  const lineEnd = headers[name].endsWith('\r\n') ? '\r\n' : '\n';
  let text = headers[name];
  let good = 0;
  const line = (row: string) => {
    text += row + lineEnd;
    if (text.length < 100_000) return;
    writeSync(file, text);
    text = '';
  };
  return {
    row(row) {
      line(row);
      good += 1;
      const makeBad = badRows[(good / goodRowsPerBad) % badRows.length];
      if (!makeBad) return;
      const [problem, spoilt] = makeBad();
      line(spoilt);
      const kind = `${name}: ${problems[problem]}`;
      bad[kind] = (bad[kind] ?? 0) + 1;
    },
    close() {
      writeSync(file, text);
      closeSync(file);
    },
  };
}

const genres = ['Action', 'Comedy', 'Drama', 'Film-Noir', 'Sci-Fi'];
/** The first film's number; numbers are not without gaps. */
const numberOf = (index: number): number => 1 + index * 3;
const unknownNumber = 2;

function writeMovies(open: Open, { films }: GenerateOptions): ExpectedFilm[] {
  const movies = open('movies.csv', [
    () => ['columns', '2,Missing (1999)'],
    () => ['columns', '2,Comma, The (1999),Drama'],
    () => ['movieId', 'two,Two (1999),Drama'],
    () => ['year', '2,No Year,Drama'],
    () => ['year', '2,Too Early (1066),Drama'],
    () => ['title', '2,(1999),Drama'],
    () => ['title', `2,${'x'.repeat(301)} (1999),Drama`],
    () => ['quote', '2,"Never Closed (1999),Drama'],
    () => ['quote', '2,Stray "Quote" (1999),Drama'],
    () => ['sameMovie', '1,Again (1999),Drama'],
  ]);
  const links = open('links.csv', [
    () => ['columns', '1,0114709'],
    () => ['imdbId', '1,tt0114709,862'],
    () => ['tmdbId', '1,0114709,eight'],
    () => ['unknownMovie', '2,0114709,862'],
  ]);
  const expected = Array.from({ length: films }, (_, index): ExpectedFilm => {
    const number = numberOf(index);
    const title =
      [`Film ${number}`, `Film ${number}, The`, `"${number}" or Nothing`, `Фильм № ${number}`][index % 4] ?? '';
    const releaseYear = 1920 + (index % 70);
    const named = genres.slice(index % 5, (index % 5) + (index % 3));
    const field = `${title} (${releaseYear})`;
    movies.row(
      `${number},${/[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field},${named.join('|') || '(no genres listed)'}`,
    );
    links.row(`${number},${String(number).padStart(7, '0')},${index % 7 === 0 ? '' : number + 1_000}`);
    return {
      ...{ id: `ml${number}`, title, releaseYear, genres: named, tags: [] },
      imdbId: `tt${String(number).padStart(7, '0')}`,
      tmdbId: index % 7 === 0 ? null : String(number + 1_000),
    };
  });
  movies.close();
  links.close();
  return expected;
}

const words = [
  'atmospheric',
  'based on a book',
  'Tom Hanks',
  'twist, at the end',
  'the "good" old days',
  'space',
  'война',
];

/** Each film gets the first words from some users each, the first of them from most. */
function writeTags(open: Open, films: ExpectedFilm[], random: Random): void {
  const tags = open('tags.csv', [
    () => ['columns', '1,1,fun'],
    () => ['columns', '1,1,fun, really,1139045764'],
    () => ['unknownMovie', '1,2,fun,1139045764'],
    () => ['userId', ',1,fun,1139045764'],
    () => ['tag', '1,1,  ,1139045764'],
    () => ['time', '1,1,fun,yesterday'],
    () => ['quote', '1,1,"fun,1139045764'],
  ]);
  for (const [index, film] of films.entries()) {
    film.tags = words.slice(0, index % (words.length + 1));
    for (let user = 1; user <= film.tags.length; user += 1) {
      for (const tag of random.shuffle(film.tags.slice(0, film.tags.length - user + 1))) {
        const field = /[",]/.test(tag) ? `"${tag.replaceAll('"', '""')}"` : ` ${tag} `;
        tags.row(`${user},${numberOf(index)},${field},1139045764`);
      }
    }
  }
  tags.close();
}

const firstRating = Date.UTC(1996, 0, 29) / 1_000;
const daySeconds = 24 * 3_600;

/** Sorted by user and movie, as MovieLens' are. A third is of the last thirty days, the others are of all times. */
function writeRatings(open: Open, { films, users, ratings, now }: GenerateOptions, random: Random): ExpectedWatch[] {
  const watches: ExpectedWatch[] = [];
  const nowSeconds = Math.floor(now.getTime() / 1_000) - 60;
  let first = '';
  let last = '';
  const file = open('ratings.csv', [
    () => ['columns', '1,1,4.0'],
    () => ['columns', '1,1,4.0,964982703,extra'],
    () => ['userId', 'Alice,1,4.0,964982703'],
    () => ['movieId', '1,-1,4.0,964982703'],
    () => ['unknownMovie', `1,${unknownNumber},4.0,964982703`],
    () => ['rating', '1,1,0.0,964982703'],
    () => ['rating', '1,1,4.3,964982703'],
    () => ['rating', '1,1,5.5,964982703'],
    () => ['rating', '1,1,,964982703'],
    () => ['time', '1,1,4.0,2020-01-01'],
    () => ['early', '1,1,4.0,0'],
    () => ['future', `1,1,4.0,${nowSeconds + 400 * 365 * daySeconds}`],
    () => ['quote', '1,1,"4.0,964982703'],
    () => ['tooLong', `1,1,4.0,${'9'.repeat(70_000)}`],
    () => ['duplicate', last],
    () => ['duplicate', first],
  ]);
  for (let user = 1, left = ratings; user <= users; user += 1) {
    const seen = new Set<number>();
    const share = Math.floor(left / (users - user + 1));
    // Squared: the first films are seen by most.
    while (seen.size < share) seen.add(Math.floor(random.next() ** 2 * films));
    left -= share;
    for (const index of [...seen].sort((a, b) => a - b)) {
      const seconds = random.int(random.chance(1 / 3) ? nowSeconds - 30 * daySeconds : firstRating, nowSeconds);
      last = `${user},${numberOf(index)},${random.int(1, 10) / 2},${seconds}`;
      first ||= last;
      watches.push({ userId: `mlu${user}`, movieId: `ml${numberOf(index)}`, watchedAt: new Date(seconds * 1_000) });
      file.row(last);
    }
  }
  file.close();
  return watches;
}
