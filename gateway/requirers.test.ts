import { buildSchema, parse } from 'graphql';
import { expect, test } from 'vitest';
import { requirersIn, tellAtRequirers } from './requirers.ts';
import { readSupergraphForGateway } from './supergraph.ts';

const requirers = requirersIn(`
  type Film @join__type(graph: A) {
    id: ID!
    views: Int @join__field(graph: B)
    secret: Int @join__field(graph: B)
    score: Int @join__field(graph: C, requires: "views secret { deep }")
    place: Int @join__field(graph: C, requires: "secret")
  }
`);
const schema = buildSchema('type Query { films: [Film!] } type Film { id: ID!  views: Int  score: Int  place: Int }');

const tell = (query: string, paths: (string | number)[][], codes: string[] = []) =>
  tellAtRequirers(
    paths.map((path, index) => ({ message: 'dead', path, extensions: { code: codes[index], store: 's' } })),
    { requirers, operation: { schema, document: parse(query) } },
  ).map(({ path }) => path?.join('.'));

test('an error of what only the plan asked for stands at the fields that require it, by their response keys', () => {
  expect(tell('{ films { id score } }', [['films', 2, 'secret']])).toEqual(['films.2.score']);
  const query =
    'query { list: films { id ...F ...F } } fragment F on Film { best: score  place ...G } fragment G on Film { ...F }';
  expect(tell(query, [['list', 0, 'secret', 'deep']])).toEqual(['list.0.best', 'list.0.place']);
});

test('what was asked for itself keeps its place, and so does what nothing requires', () => {
  expect(tell('{ films { views score } }', [['films', 0, 'views']])).toEqual(['films.0.views']);
  expect(tell('{ films { score } }', [['films', 0, 'views']])).toEqual(['films.0.score']);
  expect(tell('{ films { id } }', [['films', 0, 'secret']])).toEqual(['films.0.secret']);
  expect(tell('{ films { score } }', [['films'], ['elsewhere', 0, 'secret']])).toEqual(['films', 'elsewhere.0.secret']);
});

test('what one field lacks of one store in one way is told once', () => {
  const paths = ['views', 'secret', 'secret'].map((key) => ['films', 0, key]);
  expect(tell('{ films { score } }', paths, ['STORE_TIMEOUT', 'STORE_TIMEOUT', 'STORE_ERROR'])).toHaveLength(2);
});

test('the supergraph says which fields require signals', () => {
  expect(requirersIn(readSupergraphForGateway()).get('User.moviesOfFriends')).toEqual(['recommendations']);
});
