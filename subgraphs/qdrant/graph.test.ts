import { afterAll, beforeAll, expect, test } from 'vitest';
import { callsDuring, openTestRoom, type TestRoom } from '../../gateway/testing.ts';
import type { EventData } from '../../schema/events/index.ts';
import { qdrant } from './index.ts';
import { batchOf, movieChanged, type OwnCorner, openCorner } from './testing.ts';

let corner: OwnCorner;
let room: TestRoom;
let genre: string;
let films: Record<'inception' | 'paprika' | 'interstellar' | 'risotto' | 'elsewhere', string>;

beforeAll(async () => {
  corner = await openCorner();
  room = await openTestRoom(qdrant);
  // A genre of its own: what else is in Qdrant stays out of the answers.
  genre = corner.id();
  const add = (title: string, synopsis: string, more: Partial<EventData<'movie.changed'>>) => {
    const id = corner.id();
    return { id, event: movieChanged(id, 1, { title, synopsis, genres: [genre], ...more }) };
  };
  const made = {
    inception: add('Inception', 'A thief enters dreams to steal secrets and plants an idea.', { releaseYear: 2010 }),
    paprika: add('Paprika', "A device that enters people's dreams is stolen, and dreams and reality merge.", {
      releaseYear: 2006,
    }),
    interstellar: add('Interstellar', 'Astronauts travel through a wormhole in search of a new home.', {
      releaseYear: 2014,
    }),
    risotto: add('Risotto', 'A cook in a small village prepares a creamy mushroom risotto.', { releaseYear: 2018 }),
    elsewhere: add('Dreams', 'A thief enters dreams to steal secrets.', { releaseYear: 2012, genres: ['another'] }),
  };
  await room.open.sink?.apply(batchOf(Object.values(made).map(({ event }) => event)));
  films = Object.fromEntries(Object.entries(made).map(([name, { id }]) => [name, id])) as typeof films;
});

afterAll(async () => {
  await room?.[Symbol.asyncDispose]();
  await corner?.[Symbol.asyncDispose]();
});

interface Answer {
  similar: { score: number; movie: { id: string } }[] | null;
}

async function similar(ids: readonly string[], args: string) {
  const source = `query ($movies: [_Any!]!) {
    _entities(representations: $movies) { ... on Movie { similar(${args}) { score movie { id } } } }
  }`;
  const movies = ids.map((id) => ({ __typename: 'Movie', id }));
  const { data, errors } = await room.execute(source, { variables: { movies } });
  return { answers: data?._entities as Answer[], errors };
}

const idsOf = ({ similar }: Answer) => similar?.map(({ movie }) => movie.id);

test('gives the movies that mean something alike, most alike first, and not the movie itself', async () => {
  const { answers, errors } = await similar([films.inception], `first: 10, genre: "${genre}"`);
  expect(errors).toBeUndefined();
  const [found] = answers as [Answer];
  expect(idsOf(found)).toHaveLength(3);
  expect(idsOf(found)?.[0]).toBe(films.paprika);
  expect(idsOf(found)?.at(-1)).toBe(films.risotto);
  const scores = found.similar?.map(({ score }) => score) ?? [];
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  expect(scores[0]).toBeGreaterThan(0.4);
  expect(scores.at(-1)).toBeLessThan(0.25);
});

test('filters by genre and years, ends included, before it counts', async () => {
  const { answers } = await similar([films.inception], `first: 1, genre: "${genre}", yearFrom: 2007`);
  expect(answers.map(idsOf)).toEqual([[films.interstellar]]);
  const years = async (args: string) =>
    (await similar([films.inception], `genre: "${genre}", ${args}`)).answers.flatMap((answer) => idsOf(answer) ?? []);
  expect(await years('yearTo: 2006')).toEqual([films.paprika]);
  expect(await years('yearFrom: 2014, yearTo: 2018')).toEqual([films.interstellar, films.risotto]);
  expect(await years('yearFrom: 2007, yearTo: 2013')).toEqual([]);
  const { answers: anyGenre } = await similar([films.inception], 'first: 1, yearFrom: 2012, yearTo: 2012');
  expect(idsOf(anyGenre[0] as Answer)).toEqual([films.elsewhere]);
});

test('five by default', async () => {
  const crowd = Array.from({ length: 7 }, (_, index) =>
    movieChanged(corner.id(), 1, { title: `Crowd ${index}`, genres: [`${genre}-crowd`] }),
  );
  await room.open.sink?.apply(batchOf(crowd));
  const { answers } = await similar([films.inception], `genre: "${genre}-crowd"`);
  expect(answers[0]?.similar).toHaveLength(5);
});

test('50 movies are one request, also with different arguments', async () => {
  const many = Array.from({ length: 50 }, (_, index) => movieChanged(corner.id(), 1, { title: `Many ${index}` }));
  await room.open.sink?.apply(batchOf(many));
  const ids = many.map(({ subject }) => subject);
  let found: Awaited<ReturnType<typeof similar>> | undefined;
  const calls = await callsDuring(async () => {
    found = await similar(ids, 'first: 2');
  });
  expect(calls).toHaveLength(1);
  expect(found?.errors).toBeUndefined();
  for (const [index, answer] of (found?.answers ?? []).entries()) {
    expect(answer.similar).toHaveLength(2);
    expect(idsOf(answer)).not.toContain(ids[index]);
  }
  const twice = `{ _entities(representations: [{ __typename: "Movie", id: "${films.inception}" }]) { ... on Movie {
    short: similar(first: 1) { score } again: similar(first: 1) { movie { id } } long: similar(first: 2) { score }
  } } }`;
  expect(await callsDuring(() => room.execute(twice))).toHaveLength(1);
});

test('a movie without a vector has nothing like it, and takes nothing from the others of the page', async () => {
  const unknown = corner.id();
  const { answers, errors } = await similar([unknown, films.inception, films.paprika], `first: 1, genre: "${genre}"`);
  expect(errors).toBeUndefined();
  expect(answers.map(idsOf)).toEqual([[], [films.paprika], [films.inception]]);
  expect((await similar([unknown], 'first: 1')).answers).toEqual([{ similar: [] }]);
});

test.each([
  ['first: 0', 'first'],
  ['first: 101', 'first'],
  ['genre: " "', 'genre'],
  ['yearFrom: 1887', 'yearFrom'],
  ['yearTo: 2201', 'yearTo'],
  ['yearFrom: 2001, yearTo: 2000', 'yearTo'],
])('similar(%s) is refused, naming the argument', async (args, argument) => {
  const calls = await callsDuring(async () => {
    const { answers, errors } = await similar([films.inception], args);
    expect(answers).toEqual([{ similar: null }]);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: [argument] });
  });
  expect(calls).toEqual([]);
});

test.each([
  ['half of a surrogate pair', 'Dr\ud83dma'],
  ['10 kB', 'x'.repeat(10_000)],
])('a genre of %s is refused', async (_, genre) => {
  const source = `query ($genre: String) {
    _entities(representations: [{ __typename: "Movie", id: "m1" }]) { ... on Movie { similar(genre: $genre) { score } } }
  }`;
  const calls = await callsDuring(async () => {
    const { errors } = await room.execute(source, { variables: { genre } });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument: ['genre'] });
  });
  expect(calls).toEqual([]);
});
