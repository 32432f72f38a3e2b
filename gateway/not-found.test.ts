import { buildSchema, parse } from 'graphql';
import { expect, test } from 'vitest';
import { apiSchemaOf, readSupergraph } from '../contract/api.ts';
import { roomsOf } from '../contract/testing.ts';
import { liftNotFound } from './not-found.ts';
import { composeSupergraph } from './supergraph.ts';

const schema = buildSchema(`
  type Query { movie: Movie  sure: Movie!  top: [Top!]  strict: [Movie!]!  loose: [Movie]  table: [[Movie!]!]  either: [Either!] }
  type Top { movie: Movie  must: Movie!  views: Int  related: [Movie!] }
  type Movie { id: ID!  title: String  views: Int }
  type Cover { must: Int  title: Movie! }
  union Either = Cover | Top
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
  const { data, errors } = lift('{ sure { title } }', { sure: { title: null } }, [missing('sure', 'title')]);
  expect(data).toBeNull();
  expect(errors).toEqual([missing()]);
});

test('a list that may not hold null goes on without it, and errors at later items follow these', () => {
  const strict = ['a', null, 'c', null, 'e'].map((title) => ({ title }));
  const outage = (...path: (string | number)[]) => ({ ...missing(...path), extensions: { code: 'STORE_TIMEOUT' } });
  const { data, errors } = lift('{ strict { title views year: views } }', { strict }, [
    outage('strict', 4, 'views'),
    ...[missing('strict', 3, 'title'), missing('strict', 1, 'title')],
    ...[missing('strict', 1, 'year'), outage('strict', 1, 'views')],
    ...[outage('strict', 2, 'views'), outage('strict', 0, 'views')],
  ]);
  expect(data).toEqual({ strict: [{ title: 'a' }, { title: 'c' }, { title: 'e' }] });
  expect(errors).toEqual([
    outage('strict', 2, 'views'),
    ...[missing('strict'), missing('strict')],
    ...[outage('strict', 1, 'views'), outage('strict', 0, 'views')],
  ]);
});

test('a list that may hold null does', () => {
  const loose = [{ title: null }, { title: 'b' }];
  const { data, errors } = lift('{ loose { title } }', { loose }, [missing('loose', 0, 'title')]);
  expect(data).toEqual({ loose: [null, { title: 'b' }] });
  expect(errors).toEqual([missing('loose', 0)]);
});

test('lists in lists, and under aliases, are each left with what there is', () => {
  const top = ['a', 'b', 'c'].map((title) => ({ must: { title }, like: [{ title: null }, { title }] }));
  const query = '{ best: top { must { title } like: related { title } } }';
  const { data, errors } = lift(query, { best: top }, [
    missing('best', 2, 'like', 0, 'title'),
    missing('best', 1, 'like', 0, 'title'),
    // What must be there takes the item around it along, with what else is missing in that.
    missing('best', 1, 'must', 'title'),
  ]);
  expect(data).toEqual({
    best: [
      { must: { title: 'a' }, like: top[0]?.like },
      { must: { title: 'c' }, like: [{ title: 'c' }] },
    ],
  });
  expect(errors).toEqual([missing('best', 1, 'like'), missing('best')]);

  const table = lift('{ table { title } }', { table: [[{ title: 'a' }], [{ title: null }, { title: 'b' }]] }, [
    missing('table', 1, 0, 'title'),
  ]);
  expect(table).toEqual({ data: { table: [[{ title: 'a' }], [{ title: 'b' }]] }, errors: [missing('table', 1)] });
});

test('a key that stands for another field of each type is looked up in that type', () => {
  const either = [{ x: { title: null } }, { x: { title: 'b' } }];
  const query = '{ either { ... on Top { x: must { title } } ... on Cover { x: title { title } } } }';
  expect(lift(query, { either }, [missing('either', 0, 'x', 'title')])).toEqual({
    data: { either: [{ x: { title: 'b' } }] },
    errors: [missing('either')],
  });
});

test('what the graph asks for itself, behind @inaccessible, does not cost what the client asks for', () => {
  const rooms = roomsOf({
    redis: `type Query { top: [Top!] }
      type Top { label: String  cover: Cover @inaccessible }
      type Cover @inaccessible { title: String }`,
  });
  const schema = apiSchemaOf(readSupergraph(composeSupergraph(rooms)));
  const answer = { data: { top: [{ label: 'a' }] }, errors: [missing('top', 0, 'cover', 'title')] };
  expect(liftNotFound(answer, { schema, document: parse('{ top { label } }') })).toEqual(answer);
});

test('a root field that says NOT_FOUND of its argument stays as it is', () => {
  const answer = lift('{ movie { id } }', { movie: null }, [missing('movie')]);
  expect(answer).toEqual({ data: { movie: null }, errors: [missing('movie')] });
});
