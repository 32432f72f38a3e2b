import { afterAll, beforeAll, expect, test } from 'vitest';
import { callsDuring } from '../../gateway/testing.ts';
import { bulk } from './bulk.ts';
import { batchOf, movie, type OwnIndices, openOwnIndices } from './testing.ts';

let room: OwnIndices;

beforeAll(async () => {
  room = await openOwnIndices();
  const films = [
    {
      movieId: 'inception',
      title: 'Inception',
      tags: ['dreams', 'heist'],
      genres: ['Sci-Fi', 'Thriller'],
      releaseYear: 2010,
    },
    { movieId: 'paprika', title: 'Paprika', tags: ['dreams', 'heist'], genres: ['Sci-Fi'], releaseYear: 2006 },
    { movieId: 'rififi', title: 'Rififi', tags: ['heist'], genres: ['Crime'], releaseYear: 1955 },
    { movieId: 'alien', title: 'Alien', tags: ['space'], genres: ['Sci-Fi', 'Thriller'], releaseYear: 1979 },
    { movieId: 'amelie', title: 'Amélie', tags: ['paris'], genres: ['Romance'], releaseYear: 2001 },
    {
      movieId: 'lighthouse',
      synopsis: 'Two keepers lose their minds on a lonely lighthouse island.',
      releaseYear: 2019,
    },
    { movieId: 'keeper', synopsis: 'A lonely keeper tends a lighthouse on a stormy island.', releaseYear: 2016 },
  ];
  await room.sink.apply(batchOf(...films.map((film) => movie(film))));
  const { alias: index } = room.store.definitions.movies;
  const source = { id: 'gone', version: 2, deleted: true, tags: ['heist', 'dreams'] };
  await bulk(room.store, [{ index, id: 'gone', version: 2, source }], { refresh: 'wait_for' });
});
afterAll(() => room?.[Symbol.asyncDispose]());

const related = `query ($movies: [_Any!]!, $first: Int! = 5) {
  _entities(representations: $movies) { ... on Movie { related(first: $first) { id } } }
}`;

async function relatedTo(id: string, first?: number): Promise<string[]> {
  const movies = [{ __typename: 'Movie', id }];
  const { data, errors } = await room.execute(related, { variables: { movies, ...(first && { first }) } });
  expect(errors).toBeUndefined();
  const answers = data?._entities as { related: { id: string }[] }[];
  return answers.flatMap(({ related }) => related.map(({ id }) => id));
}

test('related movies share tags, genres or words, those that share more or rarer ones first; the movie itself is not among them', async () => {
  expect(await relatedTo('inception')).toEqual(['paprika', 'alien', 'rififi']);
  expect(await relatedTo('inception', 1)).toEqual(['paprika']);
  expect(await relatedTo('lighthouse')).toEqual(['keeper']);
});

test.each(['amelie', 'unknown', `it's "\\ a\nmovie`, 'x'.repeat(10_000)])('nothing is related to %.40s', async (id) => {
  expect(await relatedTo(id)).toEqual([]);
});

test('related movies of 50 movies are one request', async () => {
  const ids = ['inception', 'alien', ...Array.from({ length: 48 }, (_, index) => `m${index}`)];
  const movies = ids.map((id) => ({ __typename: 'Movie', id }));
  const calls = await callsDuring(async () => {
    const { data } = await room.execute(related, { variables: { movies } });
    const answers = data?._entities as { related: { id: string }[] }[];
    expect(answers.slice(0, 3).map(({ related }) => related.map(({ id }) => id))).toEqual([
      ['paprika', 'alien', 'rififi'],
      ['inception', 'paprika'],
      [],
    ]);
  });
  expect(calls.map(({ store }) => store)).toEqual(['elasticsearch']);
});

test.each([0, -1, 101])('related(first: %i) is refused', async (first) => {
  const movies = [{ __typename: 'Movie', id: 'inception' }];
  const { errors } = await room.execute(related, { variables: { movies, first } });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: ['first'] });
});

const facets = `query ($text: String, $genres: [String!], $tags: [String!]) {
  movieFacets(text: $text, genres: $genres, tags: $tags) {
    total genres { value count } tags { value count } decades { value count }
  }
}`;

type Counts = { value: string; count: number }[];

async function facetsOf(variables: object) {
  const { data, errors } = await room.execute(facets, { variables });
  expect(errors).toBeUndefined();
  const answer = data?.movieFacets as { total: number; genres: Counts; tags: Counts; decades: Counts };
  const counts = (facets: Counts) => Object.fromEntries(facets.map(({ value, count }) => [value, count]));
  const { total, genres, tags, decades } = answer;
  return { total, genres: counts(genres), tags: counts(tags), decades: counts(decades) };
}

test('facets count genres, tags and decades over the whole catalogue', async () => {
  expect(await facetsOf({})).toEqual({
    total: 7,
    genres: { 'Sci-Fi': 3, Thriller: 2, Crime: 1, Romance: 1 },
    tags: { heist: 3, dreams: 2, paris: 1, space: 1 },
    decades: { '2010s': 3, '2000s': 2, '1970s': 1, '1950s': 1 },
  });
});

test('facets count over the movies that match the text and have all genres and tags', async () => {
  expect(await facetsOf({ genres: ['Sci-Fi'], tags: ['heist', 'dreams'] })).toEqual({
    total: 2,
    genres: { 'Sci-Fi': 2, Thriller: 1 },
    tags: { heist: 2, dreams: 2 },
    decades: { '2010s': 1, '2000s': 1 },
  });
  expect(await facetsOf({ text: 'dreaming', genres: ['Thriller'] })).toMatchObject({
    total: 1,
    decades: { '2010s': 1 },
  });
});

test.each([
  ['by its stem', 'keepers', 2],
  ['without its accents', 'AMELIE', 1],
  ['each in another field', 'alien thriller', 1],
  ['and none of them missing', 'alien romance', 0],
  ['nothing but blanks, which is no text', '  ', 7],
  ['operators, which are no more than text', '*) OR "', 0],
])('words are found %s', async (_how, text, total) => {
  expect(await facetsOf({ text })).toMatchObject({ total });
});

test.each([
  [{ text: 'x'.repeat(201) }, ['text']],
  [{ genres: Array(11).fill('x') }, ['genres']],
  [{ tags: ['x', ''] }, ['tags', '1']],
])('facets refuse %.40j', async (variables, argument) => {
  const { data, errors } = await room.execute(facets, { variables });
  expect(data).toEqual({ movieFacets: null });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument });
});
