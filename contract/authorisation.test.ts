import { expect, test } from 'vitest';
import { type Access, checkAuthorisation } from './authorisation.ts';
import { subgraphsOf } from './testing.ts';

const schemas = {
  postgres: `type Query { me: User @authenticated movies: [ID!] }
    type Mutation { login: ID rate: ID @authenticated }
    type User @key(fields: "id") { id: ID! name: String email: String @authenticated }
    type Order @authenticated { total: Int }`,
  clickhouse: `type User @key(fields: "id") { id: ID! sales: Int @requiresScopes(scopes: [["analytics"]]) }`,
};
const access: Record<string, Access> = {
  'Query.me': 'authenticated',
  'Mutation.login': 'everybody',
  'User.id': 'everybody',
  'User.name': 'everybody',
  'User.email': 'authenticated',
  'User.sales': ['analytics'],
  'Order.total': 'authenticated',
};
const personal = ['User'];

function changing(name: keyof typeof schemas, from: string, to: string): string[] {
  expect(schemas[name]).toContain(from);
  const subgraphs = subgraphsOf({ ...schemas, [name]: schemas[name].replace(from, to) });
  return checkAuthorisation(subgraphs, { access, personal }).map(({ level, message }) => `${level}: ${message}`);
}

test('where schema and table say the same, nothing is said', () => {
  expect(checkAuthorisation(subgraphsOf(schemas), { access, personal })).toEqual([]);
});

test.for([
  [
    'postgres',
    'me: User @authenticated',
    'me: User',
    'Query.me of postgres is for everybody, where it should be for whoever is logged in.',
  ],
  [
    'postgres',
    'rate: ID @authenticated',
    'rate: ID',
    'Mutation.rate of postgres is for everybody, where it should be for whoever is logged in.',
  ],
  [
    'postgres',
    'type Order @authenticated',
    'type Order',
    'Order.total of postgres is for everybody, where it should be for whoever is logged in.',
  ],
  [
    'postgres',
    'login: ID',
    'login: ID @authenticated',
    'Mutation.login of postgres is for whoever is logged in, where it should be for everybody.',
  ],
  [
    'clickhouse',
    '[["analytics"]]',
    '[["shop"]]',
    'User.sales of clickhouse is for those with the scope shop, where it should be for those with the scope analytics.',
  ],
  [
    'clickhouse',
    '[["analytics"]]',
    '[["analytics"], ["shop"]]',
    'User.sales of clickhouse is for those with the scope analytics or shop, where it should be for those with the scope analytics.',
  ],
  [
    'clickhouse',
    '@requiresScopes(scopes: [["analytics"]])',
    '@authenticated',
    'User.sales of clickhouse is for whoever is logged in, where it should be for those with the scope analytics.',
  ],
] as const)('%s: %s becomes %s', ([name, from, to, message]) => {
  expect(changing(name, from, to)).toEqual([`error: ${message}`]);
});

test('a guarded field that no table knows is told', () => {
  expect(changing('postgres', 'movies: [ID!]', 'movies: [ID!] @authenticated')).toEqual([
    'error: Query.movies of postgres is for whoever is logged in, and no table says so.',
  ]);
});

test('a new field of a personal type is told, until somebody says who may see it', () => {
  expect(changing('postgres', 'name: String', 'name: String phone: String')).toEqual([
    'error: Nobody has said who may see User.phone.',
  ]);
});

test('a line of the table that no subgraph has any more is told', () => {
  expect(changing('postgres', 'name: String', '')).toEqual([
    'error: User.name stands in `access`, and no subgraph has it.',
  ]);
});

test('every subgraph that answers a field guards it; one that only reads it need not', () => {
  const twice = (directive: string) =>
    checkAuthorisation(
      subgraphsOf({ ...schemas, redis: `type User @key(fields: "id") { id: ID! email: String ${directive} }` }),
      { access, personal },
    );
  expect(twice('@external')).toEqual([]);
  expect(twice('@shareable')).toMatchObject([{ coordinate: 'User.email', file: 'redis.graphql', line: 3 }]);
});
