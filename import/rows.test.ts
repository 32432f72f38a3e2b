import { expect, test } from 'vitest';
import { fieldsOf } from './csv.ts';
import { columnsOf, type FileName } from './files.ts';
import { Bad, type Problem } from './problems.ts';
import { linkRow, movieRow, ratingRow, tagRow } from './rows.ts';

const rowOf = { 'movies.csv': movieRow, 'ratings.csv': ratingRow, 'tags.csv': tagRow, 'links.csv': linkRow };

function read(file: FileName, line: string) {
  const fields = fieldsOf(line, columnsOf(file));
  return fields instanceof Bad ? fields : rowOf[file](fields);
}

test.for<[FileName, string, object]>([
  [
    'movies.csv',
    '1,Toy Story (1995),Adventure|Animation',
    { movieId: 1, title: 'Toy Story', releaseYear: 1995, genres: ['Adventure', 'Animation'] },
  ],
  ['movies.csv', '11,"American President, The (1995)",Comedy', { title: 'American President, The', releaseYear: 1995 }],
  ['movies.csv', '12,"""Great Performances"" Cats (1998)",Musical', { title: '"Great Performances" Cats' }],
  ['movies.csv', '13,2001: A Space Odyssey (1968) ,Sci-Fi', { title: '2001: A Space Odyssey', releaseYear: 1968 }],
  [
    'movies.csv',
    '14,"Twelve Monkeys (a.k.a. 12 Monkeys) (1995)",',
    { title: 'Twelve Monkeys (a.k.a. 12 Monkeys)', genres: [] },
  ],
  ['movies.csv', '15,Fawlty Towers (1975-1979),Comedy|Comedy', { releaseYear: 1975, genres: ['Comedy'] }],
  ['movies.csv', '16,Still Running (2007– ),Drama', new Bad('year', 'Still Running (2007– )')],
  ['movies.csv', '17,Война и мир (1966),(no genres listed)', { title: 'Война и мир', genres: [] }],
  ['ratings.csv', '1,2,4.0,964982703', { userId: 1, movieId: 2, watchedAt: new Date('2000-07-30T18:45:03Z') }],
  ['ratings.csv', '0,2,0.5,789652009', { userId: 0, watchedAt: new Date('1995-01-09T11:46:49Z') }],
  ['ratings.csv', '"1","2","5","964982703"', { userId: 1, movieId: 2 }],
  ['tags.csv', '2,60756,  Will   Ferrell ,1445714992', { userId: 2, movieId: 60756, tag: 'Will Ferrell' }],
  ['tags.csv', '2,60756,"""cult"", they say",1445714992', { tag: '"cult", they say' }],
  ['links.csv', '1,0114709,862', { movieId: 1, imdbId: 'tt0114709', tmdbId: '862' }],
  ['links.csv', '1,114709,', { imdbId: 'tt0114709', tmdbId: undefined }],
  ['links.csv', '1,,862', { imdbId: undefined, tmdbId: '862' }],
])('%s: %s', ([file, line, expected]) => {
  expect(read(file, line)).toMatchObject(expected);
});

const tomorrow = Math.ceil(Date.now() / 1_000) + 24 * 3_600;

test.for<[FileName, string, Problem]>([
  ['movies.csv', '1,Toy Story (1995)', 'columns'],
  ['movies.csv', '1,American President, The (1995),Comedy', 'columns'],
  ['movies.csv', '1,"Toy Story (1995),Comedy', 'quote'],
  ['movies.csv', '1,Toy "Story" (1995),Comedy', 'quote'],
  ['movies.csv', '1,"Toy" Story (1995),Comedy', 'quote'],
  ['movies.csv', 'one,Toy Story (1995),Comedy', 'movieId'],
  ['movies.csv', '-1,Toy Story (1995),Comedy', 'movieId'],
  ['movies.csv', '1.5,Toy Story (1995),Comedy', 'movieId'],
  ['movies.csv', '12345678901,Toy Story (1995),Comedy', 'movieId'],
  ['movies.csv', '1,Toy Story,Comedy', 'year'],
  ['movies.csv', '1,Toy Story (1995) again,Comedy', 'year'],
  ['movies.csv', '1,Toy Story (1066),Comedy', 'year'],
  ['movies.csv', '1,Toy Story (9999),Comedy', 'year'],
  ['movies.csv', '1, (1995),Comedy', 'title'],
  ['movies.csv', `1,${'x'.repeat(301)} (1995),Comedy`, 'title'],
  ['movies.csv', '1,Toy\0Story (1995),Comedy', 'title'],
  ['movies.csv', `1,Toy Story (1995),${'x'.repeat(101)}`, 'genres'],
  ['movies.csv', `1,Toy Story (1995),${Array.from({ length: 21 }, (_, n) => n).join('|')}`, 'genres'],
  ['ratings.csv', '1,2,4.0', 'columns'],
  ['ratings.csv', '1,2,4.0,964982703,', 'columns'],
  ['ratings.csv', ',2,4.0,964982703', 'userId'],
  ['ratings.csv', '1e3,2,4.0,964982703', 'userId'],
  ['ratings.csv', '1,,4.0,964982703', 'movieId'],
  ['ratings.csv', '1,2,0.0,964982703', 'rating'],
  ['ratings.csv', '1,2,5.5,964982703', 'rating'],
  ['ratings.csv', '1,2,4.25,964982703', 'rating'],
  ['ratings.csv', '1,2,,964982703', 'rating'],
  ['ratings.csv', '1,2,NaN,964982703', 'rating'],
  ['ratings.csv', '1,2,4.0,', 'time'],
  ['ratings.csv', '1,2,4.0,2000-07-30', 'time'],
  ['ratings.csv', '1,2,4.0,964982703.5', 'time'],
  ['ratings.csv', '1,2,4.0,788918399', 'early'],
  ['ratings.csv', `1,2,4.0,${tomorrow}`, 'future'],
  ['ratings.csv', '1,2,4.0,964982703000', 'future'],
  ['tags.csv', '1,2,fun', 'columns'],
  ['tags.csv', '1,2,   ,964982703', 'tag'],
  ['tags.csv', `1,2,${'x'.repeat(101)},964982703`, 'tag'],
  ['tags.csv', '1,2,fun,0', 'early'],
  ['links.csv', '1,tt0114709,862', 'imdbId'],
  ['links.csv', '1,0114709,8.5', 'tmdbId'],
  ['links.csv', '?,0114709,862', 'movieId'],
])('a bad row of %s: %s', ([file, line, problem]) => {
  expect(read(file, line)).toMatchObject({ problem });
});
