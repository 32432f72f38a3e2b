import { buildSchema, parse } from 'graphql';
import { expect, test } from 'vitest';
import { liftNotFound } from './not-found.ts';

const schema = buildSchema(`
  type Query { movie: Movie  top: [Top!]  strict: [Movie!]! }
  type Top { movie: Movie  views: Int }
  type Movie { id: ID!  title: String  views: Int }
`);
const missing = (...path: (string | number)[]) => ({ message: 'gone', path, extensions: { code: 'NOT_FOUND' } });
const lift = (query: string, data: Record<string, unknown>, errors: ReturnType<typeof missing>[]) =>
  liftNotFound({ data, errors }, { schema, document: parse(query) });

test('an entity that its owner does not know becomes null, with one error in place of one for each field', () => {
  const outage = { ...missing('movie', 'views'), extensions: { code: 'STORE_UNAVAILABLE' } };
  const { data, errors } = lift('{ film: movie { id title year: title views } }', { film: { id: 'x' } }, [
    missing('film', 'title'),
    missing('film', 'year'),
    { ...outage, path: ['film', 'views'] },
  ]);
  expect(data).toEqual({ film: null });
  expect(errors).toEqual([missing('film')]);
});

test('inside a list only the reference is lost, through fragments as well', () => {
  const { data, errors } = lift(
    '{ top { ...T } } fragment T on Top { views ... { movie { title } } }',
    {
      top: [
        { views: 1, movie: { title: null } },
        { views: 2, movie: { title: 'b' } },
      ],
    },
    [missing('top', 0, 'movie', 'title')],
  );
  expect(data).toEqual({
    top: [
      { views: 1, movie: null },
      { views: 2, movie: { title: 'b' } },
    ],
  });
  expect(errors).toEqual([missing('top', 0, 'movie')]);
});

test('where the reference may not be null, the null goes up to what may be', () => {
  const { data, errors } = lift('{ strict { title } }', { strict: [{ title: null }] }, [missing('strict', 0, 'title')]);
  expect(data).toBeNull();
  expect(errors).toEqual([missing()]);
});

test('a root field that says NOT_FOUND of its argument stays as it is', () => {
  const answer = lift('{ movie { id } }', { movie: null }, [missing('movie')]);
  expect(answer).toEqual({ data: { movie: null }, errors: [missing('movie')] });
});
