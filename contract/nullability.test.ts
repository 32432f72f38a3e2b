import { expect, test } from 'vitest';
import { checkNullability } from './nullability.ts';
import { subgraphsOf } from './testing.ts';

const owners = { Movie: ['postgres'], User: ['postgres'] };
const schemas = {
  postgres: `type Query { movies: [Movie!] }
    type Mutation { login: LoginPayload }
    type LoginPayload { token: String! user: User! }
    type Movie @key(fields: "id") { id: ID! title: String }
    type User @key(fields: "id") { id: ID! name: String }`,
  cassandra: `type User @key(fields: "id") { id: ID! history: [Activity!] }
    type Activity { at: String! movie: Movie others: [Movie!]! }
    type Movie @key(fields: "id", resolvable: false) { id: ID! }`,
};

/** What is said when one schema is changed. */
function changing(name: keyof typeof schemas, from: string, to: string): string[] {
  expect(schemas[name]).toContain(from);
  const changed = { ...schemas, [name]: schemas[name].replace(from, to) };
  return checkNullability(subgraphsOf(changed), owners).map(({ level, message }) => `${level}: ${message}`);
}

test('what an owner gives of its own may be non-null, below a nullable field', () => {
  expect(checkNullability(subgraphsOf(schemas), owners)).toEqual([]);
});

test.for([
  ['cassandra', 'history: [Activity!]', 'User.history of cassandra', 'other stores answer other fields of the entity'],
  ['postgres', 'title: String', 'Movie.title of postgres', 'other stores answer other fields of the entity'],
  ['postgres', 'movies: [Movie!]', 'Query.movies of postgres', 'other stores answer the fields beside it'],
  ['postgres', 'login: LoginPayload', 'Mutation.login of postgres', 'other stores answer the fields beside it'],
  ['cassandra', 'movie: Movie', 'Activity.movie of cassandra', 'only postgres can tell whether that Movie exists'],
] as const)('%s: a `!` behind %s is told', ([name, field, what, reason]) => {
  expect(changing(name, field, `${field}!`)).toEqual([`error: ${what} may not be non-null: ${reason}.`]);
});

test('the finding has its place', () => {
  const [finding] = checkNullability(
    subgraphsOf({ ...schemas, redis: 'type Movie @key(fields: "id") {\n id: ID!\n n: Int! }' }),
    owners,
  );
  expect(finding).toMatchObject({ coordinate: 'Movie.n', file: 'redis.graphql', line: 5 });
});

test('an entity without an owner is told, and an owner without an entity or subgraph', () => {
  expect(changing('postgres', 'type Movie', 'type Post @key(fields: "id") { id: ID! } type Movie')).toEqual([
    'error: The entity Post has no owner.',
  ]);
  const messages = checkNullability(subgraphsOf(schemas), { ...owners, Order: ['shop'] }).map(({ message }) => message);
  expect(messages).toEqual([
    'Order in `owners` is no entity of the graph.',
    'shop in `owners` is no subgraph of the graph.',
  ]);
});
